import { describe, expect, it } from 'vitest'
import { noise95OfSum } from '../../src/privacy/band.ts'
import type { Release } from '../../src/privacy/release.ts'
import { isRelease } from '../../src/privacy/release.ts'
import { createHold } from '../../src/privacy/tally.ts'
import { openShop, type Shop, sentOf } from '../support/wall.ts'

// A count this large stands out of any noise drawn here: P(|noise| > 400) < 1e-15 even at epsilon 0.1.
const crowd = 10_000
const near = (value: number | null, truth: number) => expect(Math.abs((value ?? Number.NaN) - truth)).toBeLessThan(400)
const footfall = (shop: Shop) => sentOf(shop, 'footfall')
const days = (shop: Shop) => sentOf(shop, 'day')
const startsOf = (releases: readonly Release[]) => releases.map((one) => one.window.start)

describe('an ordinary day', () => {
  it('releases every slot of the opening hours once, and then the day', () => {
    const shop = openShop({ start: '2026-11-23T08:59:00Z' })
    shop.until('2026-11-23T09:05:00Z')
    shop.pass('in', crowd)
    shop.until('2026-11-23T09:20:00Z')
    shop.pass('out', 2 * crowd)
    shop.until('2026-11-23T19:00:00Z')
    const windows = footfall(shop)
    expect(windows).toHaveLength(36)
    expect(new Set(startsOf(windows)).size).toBe(36)
    near(windows[0]!.in, crowd)
    near(windows[1]!.out, 2 * crowd)
    near(windows[2]!.in, 0)
    const [day] = days(shop)
    near(day!.in, crowd)
    near(day!.out, 2 * crowd)
    expect(day!.id).toBe('shop/gw/day/entrance/2026-11-23')
    expect(day!.windows).toHaveLength(36)
    expect(day!.windows!.reduce((sum, window) => sum + window.in!, 0)).toBe(day!.in)
    expect(shop.sent.map((one) => one.release.seq)).toEqual(Array.from({ length: 37 }, (_, i) => i + 1))
    expect(shop.sent.every((one) => isRelease(one.release))).toBe(true)
  })

  it('counts nothing outside opening hours', () => {
    const shop = openShop({ start: '2026-11-23T07:00:00Z' })
    shop.pass('in', crowd)
    shop.until('2026-11-23T19:00:00Z', 60_000)
    for (const release of [...footfall(shop), ...days(shop)]) near(release.in, 0)
  })

  it('lets a number leave at a time that only the slot decides', () => {
    const [quiet, busy] = [openShop({ start: '2026-11-23T09:00:00Z' }), openShop({ start: '2026-11-23T09:00:00Z' })]
    busy.pass('in', crowd)
    for (const shop of [quiet, busy]) shop.until('2026-11-23T19:00:00Z', 30_000)
    expect(quiet.sent.map((one) => one.leavesAt)).toEqual(busy.sent.map((one) => one.leavesAt))
    expect(quiet.sent[0]!.leavesAt).toBe(Date.parse('2026-11-23T09:15:37Z'))
  })

  it('keeps no exact number on disk once the day is drawn', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T17:59:00Z', 30_000)
    expect(shop.database.connection.prepare('SELECT count(*) FROM running_day').pluck().get()).toBe(1)
    shop.until('2026-11-23T18:01:00Z')
    expect(shop.database.connection.prepare('SELECT count(*) FROM running_day').pluck().get()).toBe(0)
  })

  it('releases only `in` under footfall-in', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z', privacy: { profile: 'footfall-in' } })
    shop.pass('in', crowd)
    shop.until('2026-11-23T19:00:00Z', 30_000)
    expect(footfall(shop).every((one) => one.out === null && one.in !== null)).toBe(true)
    expect(days(shop)[0]!.out).toBeNull()
  })

  it('makes the day of an area from its windows, at no cost', () => {
    const zones = [{ id: 'shoes', name: 'Shoes', kind: 'area' as const }]
    const shop = openShop({ start: '2026-11-23T09:00:00Z', zones })
    shop.pass('in', crowd, 'shoes')
    shop.until('2026-11-23T19:00:00Z', 30_000)
    const sum = footfall(shop).reduce((total, one) => total + one.in!, 0)
    expect(days(shop)[0]!.in).toBe(sum)
    expect(days(shop)[0]!.noise95).toBe(noise95OfSum(200, 36))
    const spent = shop.database.connection
      .prepare("SELECT spent_milli FROM release WHERE series = 'day/shoes'")
      .pluck()
      .get()
    expect(spent).toBe(0)
  })

  it('keeps no exact total of an area, whose day is made of released windows', () => {
    const zones = [{ id: 'shoes', name: 'Shoes', kind: 'area' as const }]
    const shop = openShop({ start: '2026-11-23T09:00:00Z', zones })
    shop.pass('in', crowd, 'shoes')
    shop.until('2026-11-23T17:00:05Z', 5000)
    expect(shop.database.connection.prepare('SELECT count(*) FROM running_day').pluck().get()).toBe(0)
  })
})

describe('what could not be counted', () => {
  it('is sent as sensor-down below half coverage, with the coverage rounded to steps of 0.05', () => {
    let share = 0.52
    const shop = openShop({ start: '2026-11-23T09:00:00Z', aliveShare: () => share })
    shop.until('2026-11-23T09:20:00Z')
    share = 0.31
    shop.until('2026-11-23T09:31:00Z')
    const [half, third] = footfall(shop)
    expect(half).toMatchObject({ coverage: 0.5, missing: null })
    expect(third).toMatchObject({ coverage: 0.3, missing: 'sensor-down', in: null, out: null })
  })

  it("lowers the coverage of an area's day, which is the sum of the windows that have a number", () => {
    let share = 1
    const zones = [{ id: 'shoes', name: 'Shoes', kind: 'area' as const }]
    const shop = openShop({ start: '2026-11-23T09:00:00Z', zones, aliveShare: () => share })
    shop.until('2026-11-23T15:00:05Z', 5000)
    share = 0.45
    shop.until('2026-11-23T18:00:05Z', 5000)
    expect(days(shop)[0]).toMatchObject({ coverage: 0.65, missing: null })
  })

  it('is charged nothing where the sensors did not hear enough to draw a number', () => {
    let share = 1
    const shop = openShop({ start: '2026-11-23T09:00:00Z', aliveShare: () => share })
    shop.until('2026-11-23T09:15:05Z')
    share = 0.3
    shop.until('2026-11-23T18:00:05Z', 5000)
    const spent = shop.database.connection.prepare('SELECT sum(spent_milli) FROM release GROUP BY series').pluck().all()
    expect(days(shop)[0]).toMatchObject({ missing: 'sensor-down', in: null })
    expect(spent).toEqual([0, 800])
  })

  it('is sent as lost where the box was off, for every slot and day in between', () => {
    const first = openShop({ start: '2026-11-23T09:00:00Z' })
    first.until('2026-11-23T12:00:05Z', 5000)
    const second = openShop({ start: '2026-11-25T10:00:00Z', database: first.database })
    second.until('2026-11-25T10:15:05Z')
    const windows = footfall(second)
    expect(windows).toHaveLength(24 + 36 + 5)
    expect(windows.slice(0, -1).every((one) => one.missing === 'lost')).toBe(true)
    expect(windows.at(-1)).toMatchObject({ missing: null, coverage: 1 })
    expect(days(second).map((one) => [one.id.slice(-10), one.missing])).toEqual([
      ['2026-11-23', 'lost'],
      ['2026-11-24', 'lost'],
    ])
    expect(new Set([...footfall(first), ...windows].map((one) => one.id)).size).toBe(12 + 65)
  })

  it('still gives the day when the power is cut right after the last slot was committed', () => {
    const first = openShop({ start: '2026-11-23T09:00:00Z' })
    first.pass('in', crowd)
    first.until('2026-11-23T17:50:00Z', 5000)
    first.pass('in', crowd)
    const second = openShop({ start: '2026-11-23T17:55:00Z', database: first.database })
    second.until('2026-11-23T18:00:02Z')
    expect(footfall(second).map((one) => one.missing)).toEqual(['sensor-down'])
    near(days(second)[0]!.in, crowd)
  })

  it('comes back from the snapshot when only the process died', () => {
    const first = openShop({ start: '2026-11-23T09:00:00Z' })
    first.pass('in', crowd)
    first.until('2026-11-23T09:10:00Z')
    const second = openShop({ start: '2026-11-23T09:10:30Z', database: first.database })
    second.wall.restore(JSON.parse(JSON.stringify(first.wall.snapshot())))
    second.pass('in', crowd)
    second.until('2026-11-23T09:16:00Z')
    const [window] = footfall(second)
    near(window!.in, 2 * crowd)
    expect(window).toMatchObject({ missing: null, coverage: 0.95 })
  })

  it('comes back from the snapshot even when the slot ended while the process was dead', () => {
    const first = openShop({ start: '2026-11-23T09:00:00Z' })
    first.pass('in', crowd)
    first.until('2026-11-23T09:14:00Z')
    const second = openShop({ start: '2026-11-23T09:20:00Z', database: first.database })
    second.wall.restore(first.wall.snapshot())
    second.until('2026-11-23T09:21:00Z')
    near(footfall(second)[0]!.in, crowd)
    expect(footfall(second)[0]).toMatchObject({ missing: null, coverage: 0.95 })
  })
})

describe('a clock that is not trusted', () => {
  it('holds everything back and labels it once when trust comes', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z', trusted: false })
    shop.until('2026-11-23T09:02:00Z')
    shop.pass('in', crowd)
    shop.until('2026-11-23T11:00:00Z', 10_000)
    expect(shop.sent).toEqual([])
    shop.clock.setTrusted(true)
    shop.until('2026-11-23T11:00:05Z')
    const windows = footfall(shop)
    expect(windows).toHaveLength(8)
    near(windows[0]!.in, crowd)
    expect(windows.every((one) => one.missing === null)).toBe(true)
  })

  it('keeps nothing for more than a day, also where hardly anybody passes', () => {
    const hold = createHold()
    const passage = { zone: 'entrance', direction: 'in', people: 1 } as const
    for (const hours of [0, 10, 30, 40]) hold.add(hours * 3_600_000, passage)
    const kept: number[] = []
    hold.drain((at) => kept.push(at / 3_600_000))
    expect(kept).toEqual([30, 40])
  })

  it('labels by the time that came with trust, not by the wrong one before', () => {
    const shop = openShop({ start: '1970-01-01T00:00:00Z', trusted: false })
    shop.pass('in', crowd)
    shop.until('1970-01-01T00:05:00Z')
    shop.clock.step(Date.parse('2026-11-23T09:10:00Z') - shop.clock.now())
    shop.clock.setTrusted(true)
    shop.until('2026-11-23T09:16:00Z')
    expect(startsOf(footfall(shop))).toEqual(['2026-11-23T09:00:00Z'])
    near(footfall(shop)[0]!.in, crowd)
  })

  it('sends as clock what was held for more than a day', () => {
    const shop = openShop({ start: '2026-11-22T09:00:00Z', trusted: false, opening: '09:00-18:00' })
    shop.until('2026-11-23T12:00:00Z', 60_000)
    shop.clock.setTrusted(true)
    shop.until('2026-11-23T12:00:10Z')
    const reasons = new Set(
      footfall(shop)
        .filter((one) => one.window.start < '2026-11-22T12')
        .map((one) => one.missing),
    )
    // The first cursor stands where alignment begins: what is older was never declared on a new box.
    expect(reasons.size).toBeLessThanOrEqual(1)
    expect(footfall(shop).at(-1)!.missing).toBeNull()
  })

  it('sends as clock, on a box with a past, the slots that were held for too long', () => {
    const first = openShop({ start: '2026-11-21T17:40:00Z' })
    first.until('2026-11-21T18:05:00Z', 5000)
    const shop = openShop({ start: '2026-11-22T09:00:00Z', trusted: false, database: first.database })
    shop.until('2026-11-23T12:00:00Z', 60_000)
    shop.clock.setTrusted(true)
    shop.until('2026-11-23T12:00:10Z')
    expect(footfall(shop)[0]).toMatchObject({ missing: 'clock', window: { start: '2026-11-22T09:00:00Z' } })
    expect(footfall(shop).at(-1)!.missing).toBeNull()
  })
})

describe('a clock that steps', () => {
  it('never reopens a slot or a day when it steps back', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T11:00:05Z', 5000)
    shop.clock.step(-3_600_000 * 26)
    shop.until(new Date(shop.clock.now() + 1000).toISOString())
    shop.pass('in', crowd)
    shop.until('2026-11-23T12:00:05Z', 5000)
    const starts = startsOf(footfall(shop))
    expect(new Set(starts).size).toBe(starts.length)
    expect(starts).toHaveLength(12)
    expect(shop.wall.late).toBe(crowd)
  })

  it('says clock for what it jumped over, once, and goes on counting', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T09:20:00Z')
    shop.clock.step(3_600_000)
    shop.until('2026-11-23T10:46:00Z')
    const windows = footfall(shop)
    expect(windows.map((one) => one.missing)).toEqual([null, 'clock', 'clock', 'clock', 'clock', null, null])
  })

  it('says clock, not zero, for what it jumped over after trust was lost', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T09:20:00Z')
    shop.clock.setTrusted(false)
    shop.clock.step(3_600_000)
    shop.until('2026-11-23T10:46:00Z')
    const windows = footfall(shop)
    expect(windows.map((one) => one.missing)).toEqual([null, 'clock', 'clock', 'clock', 'clock', null, null])
  })

  it('takes small corrections of a time server in its stride', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    for (let i = 0; i < 8; i++) {
      shop.pass('in', crowd)
      shop.until(new Date(shop.clock.now() + 300_000).toISOString())
      shop.clock.step(i % 2 ? 3000 : -3000)
    }
    shop.until('2026-11-23T10:00:00Z')
    expect(footfall(shop).every((one) => one.missing === null)).toBe(true)
  })
})

describe('storage that fails', () => {
  it('draws a number once, however often the second commit is refused', () => {
    let failures = 3
    const seen: (number | null)[] = []
    const shop = openShop({
      start: '2026-11-23T09:00:00Z',
      onKeep(release) {
        seen.push(release.kind === 'footfall' ? release.in : null)
        if (failures-- > 0) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
      },
    })
    shop.until('2026-11-23T09:15:01Z')
    for (let i = 0; i < 3; i++) {
      shop.clock.advanceTo(shop.clock.monotonic() + 1000)
      expect(() => shop.wall.tick()).toThrow('full')
    }
    shop.until('2026-11-23T09:16:00Z')
    expect(seen).toHaveLength(4)
    expect(new Set(seen).size).toBe(1)
    expect(footfall(shop)).toHaveLength(1)
  })

  it('says lost, and never draws again, when the process died between the two commits', () => {
    const shop = openShop({
      start: '2026-11-23T09:00:00Z',
      onKeep() {
        throw new Error('power cut')
      },
    })
    shop.pass('in', crowd)
    expect(() => shop.until('2026-11-23T09:16:00Z')).toThrow('power cut')
    const next = openShop({ start: '2026-11-23T09:16:30Z', database: shop.database })
    next.until('2026-11-23T09:17:00Z')
    expect(footfall(next)).toMatchObject([{ missing: 'lost', in: null, out: null, seq: 1 }])
  })

  it('counts again, but never draws again, when a recording is replayed into the same folder', () => {
    const first = openShop({ start: '2026-11-23T09:00:00Z', replaying: true })
    first.pass('in', crowd)
    first.until('2026-11-23T17:30:05Z', 5000)
    const again = openShop({ start: '2026-11-23T09:00:00Z', database: first.database, replaying: true })
    again.pass('in', crowd)
    again.until('2026-11-23T18:00:05Z', 5000)
    expect(footfall(again).map((one) => one.window.start)).toEqual(['2026-11-23T17:30:00Z', '2026-11-23T17:45:00Z'])
    near(days(again)[0]!.in, crowd)
  })
})

describe('a box restored from an old image', () => {
  it('goes on above the number that head office has seen and draws nothing more that day', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T09:16:00Z')
    shop.wall.restoredFromImage(500)
    shop.until('2026-11-24T09:16:00Z', 5000)
    const windows = footfall(shop)
    expect(windows[1]).toMatchObject({ seq: 501, missing: 'restored', in: null })
    expect(windows.filter((one) => one.missing === 'restored')).toHaveLength(35)
    expect(days(shop)[0]!.missing).toBe('restored')
    expect(windows.at(-1)).toMatchObject({ missing: null, window: { start: '2026-11-24T09:00:00Z' } })
  })
})
