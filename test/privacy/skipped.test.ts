import { describe, expect, it } from 'vitest'
import { openShop, type Shop, sentOf } from '../support/wall.ts'

const day = 86_400_000
const footfall = (shop: Shop) => sentOf(shop, 'footfall')

function runningDays(shop: Shop): unknown[] {
  return shop.database.connection.prepare('SELECT day FROM running_day').pluck().all()
}

describe('a clock that jumps ahead by years', () => {
  it('does not bury head office under every slot of those years', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T12:05:00Z', 5000)
    shop.sent.splice(0)
    shop.clock.step(30 * 365 * day)
    shop.clock.advanceTo(shop.clock.monotonic() + 1000)
    shop.wall.tick()
    expect(new Set(footfall(shop).map((one) => one.missing))).toEqual(new Set(['clock']))
    expect(footfall(shop).length).toBeLessThanOrEqual(91 * 36)
    expect(runningDays(shop)).toEqual([new Date(shop.clock.now()).toISOString().slice(0, 10)])
  })
})

describe('a day that is skipped', () => {
  it('leaves no exact total on the disk after 90 days without power', () => {
    const dead = openShop({ start: '2026-07-23T09:00:00Z' })
    dead.pass('in', 10)
    dead.until('2026-07-23T12:00:05Z', 5000)
    const shop = openShop({ start: '2026-11-23T08:00:00Z', database: dead.database })
    shop.until('2026-11-23T08:00:01Z')
    shop.until('2026-11-23T09:15:05Z', 5000)
    expect(runningDays(shop)).toEqual(['2026-11-23'])
  })

  it('leaves no exact total on the disk of a box restored from an old image', () => {
    const image = openShop({ start: '2026-11-20T09:00:00Z' })
    image.pass('in', 10)
    image.until('2026-11-20T12:00:05Z', 5000)
    const shop = openShop({ start: '2026-11-23T08:00:00Z', database: image.database })
    shop.wall.tick(false)
    expect(runningDays(shop)).toEqual(['2026-11-20'])
    shop.wall.restoredFromImage(500)
    shop.until('2026-11-23T09:15:05Z', 5000)
    expect(runningDays(shop)).toEqual(['2026-11-23'])
  })
})
