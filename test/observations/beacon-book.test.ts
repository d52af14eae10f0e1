import { describe, expect, it } from 'vitest'
import { createBeaconBook } from '../../src/observations/beacon-book.ts'
import { deviceHealth } from '../../src/observations/device-health.ts'
import type { Telemetry } from '../../src/observations/observation.ts'

const beacons = [
  { id: 'fridge', staff: false },
  { id: 'tag-of-ann', staff: true },
  { id: 'door', staff: false },
]
const unknown = { batteryPercent: null, batteryMillivolts: null, temperature: null, humidity: null }
const heard = (beacon: string, at: number, told: Partial<Telemetry> = {}): Telemetry => {
  return { kind: 'telemetry', sensor: 'radio', beacon, at, ...told }
}

describe("the shop's own devices", () => {
  it('are all reported, those that were never heard too, and staff never', () => {
    const book = createBeaconBook(beacons)
    book.note(heard('tag-of-ann', 0, { batteryPercent: 50 }))
    book.note(heard('nobody', 0))
    book.note(heard('door', 60_000))
    expect(book.report(300_000)).toEqual([
      { id: 'fridge', minutesSilent: null, ...unknown },
      { id: 'door', minutesSilent: 4, ...unknown },
    ])
  })

  it('keep what an earlier advert told and the last one did not', () => {
    const book = createBeaconBook(beacons)
    book.note(heard('fridge', 0, { temperature: 4.256, batteryMillivolts: 2990.4 }))
    book.note(heard('fridge', 119_999, { humidity: 81.5 }))
    expect(book.report(120_000)[0]).toMatchObject({
      minutesSilent: 0,
      temperature: 4.26,
      batteryMillivolts: 2990,
      humidity: 81.5,
    })
  })

  it('that are out of order do not put `health` out of order', () => {
    const book = createBeaconBook(beacons)
    book.note(heard('fridge', 0, { temperature: Number.NaN, humidity: 163.8, batteryPercent: -1 }))
    expect(book.report(0)[0]).toMatchObject(unknown)
  })

  it('are not mentioned where there are none; a radio says how it listens', () => {
    const sensors = [
      { sensor: 'front', state: 'up', dropped: 0 },
      { sensor: 'radio', state: 'up', dropped: 3, scan: 'monitor' },
    ] as const
    expect(deviceHealth(sensors, [])).toEqual({
      sensors: [
        { id: 'front', state: 'up' },
        { id: 'radio', state: 'up', scan: 'monitor' },
      ],
    })
  })
})
