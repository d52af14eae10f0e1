import { doNotCountBytes } from '../../src/base/do-not-count.ts'
import { seal } from '../../src/base/sealed.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import type { RecordedEvent } from '../../src/drivers/recording.ts'
import type { BeaconSettings } from '../../src/drivers/settings.ts'
import { createObservers, type Tally } from '../../src/observations/observers.ts'
import type { PhonesFields } from '../../src/privacy/release.ts'
import type { PrivacySettings } from '../../src/privacy/settings.ts'
import { createVirtualShop, type VirtualShop, type VirtualShopOptions } from '../../src/simulator/shop.ts'
import { beamPair, bluetooth } from '../observations/sensors.ts'
import { openShop, phonesSettings, sentOf } from './wall.ts'

const hour = 3600
const day = 24 * hour
/** When every such shop opens first, on a Monday. */
export const begin = '2026-11-23T09:00:00Z'
export const phoneSensors = [beamPair('front'), bluetooth('radio')] as const

/** Monday to Sunday: Saturdays are twice a Monday and more. */
export const weekdays = [0.8, 0.9, 1, 1, 1.2, 1.8, 0.6]

/** Keys of the phones that staff carry, and their entries under `beacons`. */
export const staffKeys = ['ec0234a357c8ad05341010a60a397d9b', '00112233445566778899aabbccddeeff'].map((key) =>
  Buffer.from(key, 'hex'),
)
export const staffBeacons: readonly BeaconSettings[] = staffKeys.map((key, i) => {
  return { id: `staff-${i}`, format: 'irk', key: key.toString('hex'), staff: true }
})

/** The do-not-count service in a list of 128-bit services. */
export const refusal = Buffer.concat([Buffer.from([doNotCountBytes.length + 1, 0x07]), doNotCountBytes])

/** A shop with a beam pair in its door and one radio, open from nine to six, begun on a Monday. */
export function phoneShop(options: Pick<VirtualShopOptions, 'seed' | 'peoplePerDay' | 'phones'>): VirtualShop {
  const opening = { from: 9 * hour, to: 18 * hour }
  return createVirtualShop({ sensors: phoneSensors, rhythm: weekdays, opening, ...options })
}

export type PhonesTold = Pick<PhonesFields, 'window' | 'devices' | 'people'>

/** A window as it was released, and how many people really came in. */
export interface Heard {
  readonly told: PhonesTold
  readonly cameIn: number
}

export interface Weeks {
  readonly windows: readonly Heard[]
  readonly tally: Tally
}

/** Plays some days of a shop through recognition and the wall, as the gateway joins them. */
export function playDays(virtual: VirtualShop, days: number, window: PrivacySettings['window'] = '15m'): Weeks {
  const phones = phonesSettings
  const shop = openShop({ start: begin, radios: ['entrance'], privacy: { profile: 'phones', window, phones } })
  const { wall, clock } = shop
  const observers = createObservers(
    phoneSensors,
    (observation) => {
      if (observation.kind === 'crossing') wall.count(observation.at, observation)
      else if (observation.kind === 'nearby') wall.hear(observation.at, observation)
    },
    { beacons: staffBeacons, phones },
  )
  wall.tick()
  for (let t = 0; t < days * day; t += 10) {
    for (const event of virtual.eventsBetween(t, t + 10)) {
      clock.advanceTo(event.t * 1000)
      observers.observe(readingOf(event))
    }
    clock.advanceTo((t + 10) * 1000)
    observers.tick(clock.monotonic())
    wall.tick()
  }
  const windows = sentOf(shop, 'phones').map((told) => ({ told, cameIn: truthOf(virtual, told.window) }))
  return { windows, tally: observers.tally() }
}

function readingOf(event: RecordedEvent): Reading {
  const { kind, sensor } = event
  const at = event.t * 1000
  if (kind === 'edge') return { kind, sensor, at, line: event.line, level: event.level }
  if (kind === 'advert') return { kind, sensor, at, advert: seal(event.advert) }
  if (kind === 'state') return { kind, sensor, at, state: event.state }
  throw new TypeError(`no sensor here sends ${kind}`)
}

/** How many people really came in. */
export function truthOf(virtual: VirtualShop, { start, seconds }: PhonesTold['window']): number {
  const from = (Date.parse(start) - Date.parse(begin)) / 1000
  return virtual.truthBetween(from, from + seconds).filter(({ direction }) => direction === 'in').length
}
