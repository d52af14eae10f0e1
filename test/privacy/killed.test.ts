import { describe, expect, it } from 'vitest'
import { openShop, type Shop, sentOf } from '../support/wall.ts'

const footfall = (shop: Shop) => sentOf(shop, 'footfall')

/** A new process over the same files: the journal, and the snapshot as it lay in RAM. */
function restart(dead: Shop, start: string): Shop {
  const shop = openShop({ start, database: dead.database })
  shop.wall.restore(JSON.parse(JSON.stringify(dead.wall.snapshot())))
  return shop
}

describe('a process that is killed', () => {
  it.each([
    ['in the second before', '09:29:59'],
    ['in the seconds in which what is late is still taken', '09:30:01'],
  ])('keeps the window that ends then: %s', (_, time) => {
    const dead = openShop({ start: '2026-11-23T09:14:00Z' })
    dead.until('2026-11-23T09:16:00Z')
    dead.pass('in', 10_000)
    dead.until(`2026-11-23T${time}Z`)
    const next = restart(dead, '2026-11-23T09:30:05Z')
    next.until('2026-11-23T09:46:00Z')
    expect(footfall(next).map((one) => one.missing)).toEqual([null, null])
    expect(footfall(next)[0]!.in).toBeGreaterThan(9000)
  })

  it('keeps every window that waited for room on a full disk', () => {
    const database = openShop({ start: '2026-11-23T08:00:00Z' }).database
    const dead = openShop({ start: '2026-11-23T09:00:00Z', database })
    database.connection.pragma('query_only = 1')
    for (let hour = 9; hour < 12; hour++) {
      dead.pass('in', 10_000)
      dead.clock.advanceTo(dead.clock.monotonic() + 3_600_000)
      expect(() => dead.wall.tick()).toThrow('readonly')
    }
    const snapshot = dead.wall.snapshot()
    database.connection.pragma('query_only = 0')
    const next = openShop({ start: '2026-11-23T12:00:05Z', database })
    next.wall.restore(snapshot)
    next.until('2026-11-23T12:00:10Z')
    expect(footfall(next).map((one) => one.missing)).toEqual(Array.from({ length: 12 }, () => null))
    const total = footfall(next).reduce((sum, one) => sum + one.in!, 0)
    expect(Math.abs(total - 30_000)).toBeLessThan(1000)
  })

  it('says lost, not sensor-down, for windows that neither it nor its successor heard', () => {
    const first = openShop({ start: '2026-11-23T09:00:00Z' })
    first.until('2026-11-23T10:00:05Z', 5000)
    const dead = openShop({ start: '2026-11-23T12:00:00Z', database: first.database })
    dead.wall.tick(false)
    const next = restart(dead, '2026-11-23T12:00:05Z')
    next.until('2026-11-23T12:00:10Z')
    expect(new Set(footfall(next).map((one) => one.missing))).toEqual(new Set(['lost']))
  })
})
