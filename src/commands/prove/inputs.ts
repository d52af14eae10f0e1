import { randomInt } from 'node:crypto'
import { spellAddress } from '../../base/bluetooth-address.ts'
import { minute, second } from '../../base/duration.ts'
import type { Config } from '../../config.ts'
import type { RecordedEvent } from '../../drivers/recording.ts'
import type { SensorOf } from '../../drivers/settings.ts'
import { createVirtualShop } from '../../simulator/shop.ts'
import { type Canaries, isFramed } from './canaries.ts'
import { radioInputs } from './device-inputs.ts'
import type { Fed } from './feed.ts'

export interface InputParts {
  readonly config: Config
  readonly canaries: Canaries
  /** ms from the shadow's beginning to that of its first slot. */
  readonly opens: number
  /** ms until the last advert: two windows at most. */
  readonly lasts: number
}

/** As long as people walk through the shadow's doors, in seconds. */
const walkingSeconds = 600
const peoplePerDay = 4800

/**
 * Everything that the shadow hears, by time: canaries on every input that the configuration has, among ordinary people
 * at its beams and radars, whose readings hold no identifier at all.
 */
export function inputsOf({ config, canaries, opens, lasts }: InputParts): Fed[] {
  const own = config.sensors.flatMap((settings, sensor): Fed[] => {
    if (settings.kind === 'ble') return radioInputs({ settings, sensor, config, canaries, opens, lasts })
    if (settings.kind === 'json-lines') return counterInputs(settings, sensor, canaries, opens)
    return isFramed(settings.kind) ? frameInputs(sensor, canaries, opens) : []
  })
  return [...own, ...walkers(config, opens)].toSorted((one, other) => one.t - other.t)
}

/** Says its name in each line, and now and then something that is no line of a counter but holds an address. */
function counterInputs({ id }: SensorOf<'json-lines'>, sensor: number, { serial }: Canaries, opens: number): Fed[] {
  const dev = serial.counter
  const colons = spellAddress(serial.address)
  const lines = [
    `rst:0x1 (POWERON), ${id}, BT ${colons}`,
    ...Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({ v: 1, dev, seq: i + 1, t: 1000 * (i + 1), ev: i % 2 ? 'out' : 'in', n: 1 }),
    ),
    `{"v":1,"dev":"${dev}","seq":`,
    JSON.stringify({ v: 1, dev, seq: 'x', t: 1, ev: 'in', mac: colons, n: 1 }),
    JSON.stringify({ v: 1, dev, seq: 21, t: 30_000, ev: 'hb', in: 10, out: 10, mac: colons }),
  ]
  return lines.map((line, i) => ({
    t: opens + 5 * second + i * second,
    kind: 'bytes',
    sensor,
    bytes: Buffer.from(`${line}\r\n`),
  }))
}

/** The first bytes of frames of radars, range finders and Modbus, each with a canary in place of what should follow. */
const beginnings = ['aaff0300', 'f4f3f2f1', '5959', '010304', '']

function frameInputs(sensor: number, { serial }: Canaries, opens: number): Fed[] {
  return beginnings.map((start, i) => ({
    t: opens + 5 * second + i * second,
    kind: 'bytes',
    sensor,
    bytes: Buffer.concat([Buffer.from(start, 'hex'), serial.frame, Buffer.from('55cc', 'hex'), serial.frame]),
  }))
}

function walkers({ sensors }: Config, opens: number): Fed[] {
  const walked = sensors.filter(({ kind }) => kind === 'beam-pair' || kind === 'ld2450')
  const opening = { from: 0, to: 24 * 3600 }
  const shop = createVirtualShop({
    seed: randomInt(2 ** 32),
    sensors: walked,
    peoplePerDay,
    opening,
    startsAt: 12 * 3600,
  })
  const places = new Map(sensors.map(({ id }, place) => [id, place]))
  return shop.eventsBetween(0, walkingSeconds).flatMap((event) => {
    const bytes = bytesOf(event)
    const t = opens + Math.round(event.t * 1000)
    return bytes
      ? [{ t, kind: event.kind === 'edge' ? 'edge' : 'bytes', sensor: places.get(event.sensor)!, bytes }]
      : []
  })
}

function bytesOf(event: RecordedEvent): Uint8Array | undefined {
  if (event.kind === 'edge') return Uint8Array.of(event.line === 'inner' ? 1 : 0, event.level)
  return event.kind === 'bytes' ? event.bytes : undefined
}

/** ms for which what the shadow heard last may stay in its memory: the five minutes of phones, and a minute. */
export const longestHeld = 6 * minute
