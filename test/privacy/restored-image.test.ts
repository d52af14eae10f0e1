import { describe, expect, it } from 'vitest'
import { openShop, type Shop, sentOf } from '../support/wall.ts'

const footfall = (shop: Shop) => sentOf(shop, 'footfall')
const days = (shop: Shop) => sentOf(shop, 'day')

/** Three days behind until a time server answers, as a board without clock chip is. */
function setClock(shop: Shop, time: string): void {
  shop.clock.step(Date.parse(time) - shop.clock.now())
  shop.clock.setTrusted(true)
}

describe('a box that hears from head office before it knows the time', () => {
  it('sits out the day that a trusted clock names, not the one the clock showed before', () => {
    const shop = openShop({ start: '2026-11-20T09:00:00Z', trusted: false })
    shop.until('2026-11-20T09:00:03Z')
    shop.wall.restoredFromImage(500)
    expect(shop.wall.policy()).toBeUndefined()
    shop.pass('in', 10_000)
    setClock(shop, '2026-11-23T10:02:00Z')
    shop.until('2026-11-24T09:16:00Z', 5000)
    expect(days(shop).map((day) => [day.id.slice(-10), day.missing, day.in])).toEqual([
      ['2026-11-23', 'restored', null],
    ])
    const windows = footfall(shop)
    expect(windows.filter((one) => one.missing === 'restored')).toHaveLength(36)
    expect(windows[0]).toMatchObject({ seq: 501, window: { start: '2026-11-23T09:00:00Z' } })
    expect(windows.at(-1)).toMatchObject({ missing: null, window: { start: '2026-11-24T09:00:00Z' } })
  })

  it('still knows so when its power is cut before the time came', () => {
    const first = openShop({ start: '2026-11-20T09:00:00Z', trusted: false })
    first.wall.restoredFromImage(500)
    const next = openShop({ start: '2026-11-23T09:00:00Z', database: first.database })
    next.until('2026-11-23T10:00:05Z', 5000)
    expect(footfall(next).map((one) => [one.seq, one.missing])).toEqual(
      [501, 502, 503, 504].map((seq) => [seq, 'restored']),
    )
  })
})

describe('a box that has taken over a number already', () => {
  it('does not sit out another day for it', () => {
    const shop = openShop({ start: '2026-11-23T20:00:00Z', opening: { mo: '09:00-18:00', we: '09:00-18:00' } })
    shop.until('2026-11-23T20:00:05Z')
    shop.sent.splice(0)
    shop.wall.restoredFromImage(500)
    const next = openShop({
      start: '2026-11-25T08:50:00Z',
      database: shop.database,
      opening: { mo: '09:00-18:00', we: '09:00-18:00' },
    })
    next.until('2026-11-25T08:51:00Z')
    next.wall.restoredFromImage(500)
    next.until('2026-11-25T09:16:00Z', 5000)
    expect(footfall(next).at(-1)).toMatchObject({ missing: null, window: { start: '2026-11-25T09:00:00Z' } })
  })
})

describe('a disk that is full when the time comes', () => {
  it('loses nobody who passed before', () => {
    let isCut = true
    const onKeep = () => {
      if (isCut) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
    }
    const dead = openShop({ start: '2026-11-23T09:00:00Z', onKeep })
    expect(() => dead.until('2026-11-23T09:16:00Z')).toThrow('full')
    const shop = openShop({ start: '2026-11-23T09:16:00Z', trusted: false, database: dead.database, onKeep })
    shop.until('2026-11-23T09:17:00Z')
    shop.pass('in', 10_000)
    shop.until('2026-11-23T09:18:00Z')
    shop.clock.setTrusted(true)
    expect(() => shop.until('2026-11-23T09:18:01Z')).toThrow('full')
    isCut = false
    shop.until('2026-11-23T09:31:00Z')
    expect(footfall(shop).map((one) => one.missing)).toEqual(['lost', null])
    expect(footfall(shop)[1]!.in).toBeGreaterThan(9000)
  })
})
