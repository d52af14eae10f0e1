import { describe, expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { hour, minute } from '../../src/base/duration.ts'
import { demoConfig, demoOpening } from '../../src/commands/demo/config.ts'
import { createPace } from '../../src/commands/demo/pace.ts'
import { createDemoShop, demoStart } from '../../src/commands/demo/shop.ts'
import { createTruth } from '../../src/commands/demo/truth.ts'
import { createWalks } from '../../src/commands/demo/walks.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import { createVirtualShop } from '../../src/simulator/shop.ts'

const at = (hours: number, minutes = 0) => hours * 3600 + minutes * 60
const config = demoConfig(1883, '/tmp/nowhere')
const startsAt = demoOpening.from - 30

describe('the pace of the demo', () => {
  const pace = createPace({ speed: 60, opening: demoOpening, morning: 120 })

  test('is as asked while the shop is open, in the evening and in the morning', () => {
    for (const time of [at(9, 59), at(10), at(14), at(17, 59), at(18, 9)]) expect(pace.after(time, 100)).toBe(time + 6)
  })

  test('lets the night pass in a quarter of a minute and stops two minutes before opening', () => {
    let time = at(18, 10)
    let real = 0
    for (; pace.isNight(time); real += 40) time = pace.after(time, 40)
    expect(time).toBe(at(24 + 9, 58))
    expect(real).toBeLessThan(15_000)
  })

  test('does not catch up with what a sleeping machine missed', () => {
    expect(pace.after(at(12), hour)).toBe(at(12) + 15)
  })

  test('says when it opens next', () => {
    expect(pace.opensAt(at(9))).toBe(at(10))
    expect(pace.opensAt(at(18, 30))).toBe(at(34))
    expect([at(9, 59), at(10), at(17, 59), at(18)].map(pace.isOpen)).toEqual([false, true, true, false])
  })
})

describe('the truth of the demo', () => {
  test('is kept by zone and slot, and forgotten after its time', () => {
    const truth = createTruth(5 * minute, hour)
    truth.walked({ zone: 'entrance', direction: 'in', people: 1, at: 1 })
    truth.walked({ zone: 'entrance', direction: 'in', people: 1, at: 5 * minute })
    truth.counted({ zone: 'entrance', direction: 'out', people: 3, at: 5 * minute + 1 })
    truth.walked({ zone: 'side-door', direction: 'in', people: 1, at: 2 })
    expect(truth.between('entrance', 0, 5 * minute)).toEqual({ walked: { in: 1, out: 0 }, counted: { in: 0, out: 0 } })
    expect(truth.between('entrance', 0, hour)).toEqual({ walked: { in: 2, out: 0 }, counted: { in: 0, out: 3 } })
    truth.walked({ zone: 'entrance', direction: 'in', people: 1, at: hour + 6 * minute })
    expect(truth.between('entrance', 0, 2 * hour).walked.in).toBe(2)
  })
})

describe('the walks that the page shows', () => {
  const shop = () =>
    createVirtualShop({ seed: 7, sensors: config.sensors, peoplePerDay: 3000, opening: demoOpening, startsAt })

  test.each([1, 60, 600])('are everybody who crosses a sill, each once, at speed %i', (speed) => {
    const seen = shop()
    const walks = createWalks(seen, speed)
    const from = 1800
    const shown = Array.from({ length: 600 }, (_, step) => walks.next(from + step)).flat()
    const crossed = seen.truthBetween(from + 10, from + 590 + walks.ahead).length
    expect(shown.length).toBeGreaterThan(crossed * 0.95)
    expect(shown.length).toBeLessThan(crossed * 1.25)
  })

  test('take at least a second, and reach the sill when the sensor hears it', () => {
    const seen = shop()
    const walks = createWalks(seen, 60)
    const now = 7200
    walks.next(now)
    const shown = walks.next(now + 6)
    expect(shown.length).toBeGreaterThan(0)
    for (const { startsIn, lasts, points, sensor } of shown) {
      expect(startsIn).toBeGreaterThanOrEqual(0)
      expect(lasts).toBeGreaterThanOrEqual(1000)
      const nearest = points.findIndex(
        ([, y]) => Math.abs(y) === Math.min(...points.map(([, other]) => Math.abs(other))),
      )
      const reaches = now + 6 + ((startsIn + (lasts * nearest) / (points.length - 1)) / 1000) * 60
      const crossings = seen.truthBetween(reaches - 2, reaches + 2).filter((one) => one.sensor === sensor)
      const turnsRound = Math.sign(points[0]![1]) === Math.sign(points.at(-1)![1])
      expect(crossings.length > 0 || turnsRound).toBe(true)
    }
  })

  test('come from outside and end inside when somebody goes in', () => {
    const seen = shop()
    const walks = createWalks(seen, 60)
    walks.next(0)
    const first = walks.next(120)
    const inwards = first.filter(({ points }) => points[0]![1] > 200 && points.at(-1)![1] < -150)
    expect(inwards.length).toBeGreaterThan(first.length / 2)
  })

  test('begin anew for somebody who looks again after a while', () => {
    const walks = createWalks(shop(), 60)
    walks.next(3600)
    const later = walks.next(7200)
    expect(later.every(({ startsIn }) => startsIn > -1500)).toBe(true)
  })
})

describe('the virtual shop in motion', () => {
  test('begins half a minute before opening on the day it is started', () => {
    expect(new Date(demoStart(Date.parse('2026-11-22T21:17:03Z'))).toISOString()).toBe('2026-11-22T09:59:30.000Z')
  })

  test('is heard through the real decoders, without a line that they do not understand', () => {
    const clock = manualClock(demoStart(0))
    const readings: Reading[] = []
    const hear = (reading: Reading) => void readings.push(reading)
    const shop = createDemoShop({ config, clock, hear, speed: 600, seed: 3, windowMs: 5 * minute })
    for (let step = 0; step < 20; step++) shop.pass(100)
    expect(clock.now() - demoStart(0)).toBe(20 * minute)
    expect(new Set(readings.map(({ kind }) => kind))).toEqual(new Set(['state', 'edge', 'targets', 'counted']))
    const moment = shop.moment()
    expect(moment.window).toEqual({ start: demoStart(0) + 15.5 * minute, end: demoStart(0) + 20.5 * minute })
    expect(moment.walks.every(({ points }) => points.length > 2)).toBe(true)
  })
})
