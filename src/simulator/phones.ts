import { createCipheriv } from 'node:crypto'
import type { RecordedEvent } from '../drivers/recording.ts'
import { type OpenHours, visitsOfDay } from './people.ts'
import { createRandom, type Random } from './random.ts'

/** Who carries what past a radio. Addresses and payloads are invented. */
export interface PhonesPlan {
  readonly seed: number
  readonly peoplePerDay: number
  readonly opening: OpenHours
  /** Identity resolving keys (16 bytes) of devices that staff carry all day. */
  readonly staff?: readonly Buffer[]
  /** Share of visitors whose device says that it does not want to be counted, as AD structures in `refusal`. */
  readonly refusing?: number
  readonly refusal?: Buffer
  /** Passers-by outside for each visitor. */
  readonly passersBy?: number
}

type AdvertEvent = Extract<RecordedEvent, { kind: 'advert' }>

/** Something that advertises from `from` to `to` (s), heard at about `rssi` dBm. */
interface Device {
  readonly from: number
  readonly to: number
  readonly rssi: number
  readonly data: Buffer
  /** A new address each time it is asked. */
  readonly address: () => Buffer
}

// An advert in twelve seconds is what one radio among three channels and other devices hears of a phone in a bag.
const usualInterval = 12
const deviation = 4

/** The adverts that a radio hears of one day's people, by time. The day's midnight lies at `midnight` s. */
export function advertsOfDay(plan: PhonesPlan, sensor: string, day: number, midnight: number): readonly AdvertEvent[] {
  // The same visits as those of the walks: whoever is counted at the door carries these devices.
  const visits = visitsOfDay(createRandom(plan.seed, 'day', day), plan.peoplePerDay, plan.opening)
  const random = createRandom(plan.seed, 'phones', sensor, day)
  const carried = visits.flatMap(({ members, arrives, leaves }) =>
    Array.from({ length: members }, () => devicesOfVisitor(random, plan, arrives, leaves)).flat(),
  )
  const devices = [...carried, ...devicesOfStaff(random, plan), ...passing(random, plan), ...furniture(random, plan)]
  return devices.flatMap((device) => advertsOf(random, device, sensor, midnight)).sort((one, other) => one.t - other.t)
}

/** Most carry a phone, some a watch beside it, some nothing that advertises. */
function devicesOfVisitor(random: Random, plan: PhonesPlan, from: number, to: number): Device[] {
  const count = random.chance(0.15) ? 0 : random.chance(0.2) ? 2 : 1
  const refuses = plan.refusal !== undefined && random.chance(plan.refusing ?? 0)
  return Array.from({ length: count }, () => ({
    from,
    to,
    rssi: random.normal(-60, 5),
    data: refuses ? Buffer.concat([flags, plan.refusal!]) : phonePayload(random),
    address: changing(random),
  }))
}

function devicesOfStaff(random: Random, { staff = [], opening }: PhonesPlan): Device[] {
  return staff.map((key) => ({
    ...opening,
    rssi: random.normal(-58, 4),
    data: phonePayload(random),
    address: resolvable(random, key),
  }))
}

/** People outside the window: a minute each, too far away to be let in by the gate. */
function passing(random: Random, { peoplePerDay, passersBy = 3, opening }: PhonesPlan): Device[] {
  return Array.from({ length: Math.round(peoplePerDay * passersBy) }, () => {
    const from = random.between(opening.from, opening.to - 60)
    const to = from + random.between(20, 90)
    return { from, to, rssi: random.normal(-88, 3), data: phonePayload(random), address: changing(random) }
  })
}

/** A television with a public address, a tag with a fixed random one, and a neighbour's speaker that changes its own. */
function furniture(random: Random, { opening }: PhonesPlan): Device[] {
  const fixed = Buffer.from([0xc4, ...bytes(random, 5)])
  const device = (address: () => Buffer): Device => ({ ...opening, rssi: -65, data: flags, address })
  return [device(() => fixed), device(changing(random))]
}

function* turns(random: Random, { from, to }: Device): Generator<{ from: number; to: number }> {
  // 15 minutes by default; 35 of 38 lives of DP-3T's measurement lay between 10 and 16.
  let start = from - random.between(0, 900)
  while (start < to) {
    const end = start + random.between(600, 1200)
    if (end > from) yield { from: Math.max(start, from), to: Math.min(end, to) }
    start = end
  }
}

function advertsOf(random: Random, device: Device, sensor: string, midnight: number): AdvertEvent[] {
  const events: AdvertEvent[] = []
  for (const turn of turns(random, device)) {
    const address = device.address()
    for (let at = turn.from + gap(random) / 2; at < turn.to; at += gap(random)) {
      const rssi = Math.max(-100, Math.min(-30, Math.round(device.rssi + random.normal(0, deviation))))
      const t = Math.round((midnight + at) * 1000) / 1000
      events.push({ t, sensor, kind: 'advert', advert: { address, type: 'random', rssi, data: device.data } })
    }
  }
  return events
}

function gap(random: Random): number {
  return -usualInterval * Math.log(1 - random.unit()) + 0.1
}

const flags = Buffer.from('02011a', 'hex')

function phonePayload(random: Random): Buffer {
  const nearby = Buffer.from([0x0a, 0xff, 0x4c, 0x00, 0x10, 0x05, ...bytes(random, 5)])
  const share = Buffer.from([0x0b, 0x16, 0xf3, 0xfe, ...bytes(random, 8)])
  return random.chance(0.6) ? Buffer.concat([flags, nearby]) : share
}

/** Three in four resolvable (01), else not resolvable (00). */
function changing(random: Random): () => Buffer {
  return () => {
    const address = Buffer.from(bytes(random, 6))
    address[0] = (address[0]! & 0x3f) | (random.chance(0.75) ? 0x40 : 0x00)
    return address
  }
}

/** prand and hash = ah(IRK, prand): Core Specification 5.4, Vol 3 Part H 2.2.2. */
function resolvable(random: Random, key: Buffer): () => Buffer {
  return () => {
    const prand = Buffer.from(bytes(random, 3))
    prand[0] = (prand[0]! & 0x3f) | 0x40
    const block = createCipheriv('aes-128-ecb', key, null).update(Buffer.concat([Buffer.alloc(13), prand]))
    return Buffer.concat([prand, block.subarray(13)])
  }
}

function bytes(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.below(256))
}
