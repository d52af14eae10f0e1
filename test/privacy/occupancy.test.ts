import { describe, expect, it } from 'vitest'
import { noise95OfSum } from '../../src/privacy/band.ts'
import type { Zone } from '../../src/privacy/settings.ts'
import { openShop, type Shop, type ShopOptions, sentOf } from '../support/wall.ts'

const zones: readonly Zone[] = [
  { id: 'front', name: 'Front', kind: 'door' },
  { id: 'back', name: 'Back', kind: 'door' },
  { id: 'shoes', name: 'Shoes', kind: 'area' },
]
const day = '2026-11-23'

function open(options: Partial<ShopOptions> = {}): Shop {
  return openShop({ start: `${day}T08:50:00Z`, zones, privacy: { profile: 'occupancy' }, ...options })
}

const inside = (shop: Shop, zone = 'shop') =>
  sentOf(shop, 'occupancy').filter(({ series }) => series.endsWith(`/${zone}`))

/** What its own released windows add up to, at the end of each. */
function sums(shop: Shop, ids: readonly string[]): number[] {
  const starts = [...new Set(sentOf(shop, 'footfall').map(({ window }) => window.start))]
  const net = (start: string) =>
    sentOf(shop, 'footfall')
      .filter(({ window, series }) => window.start === start && ids.includes(series.slice(9)))
      .reduce((sum, one) => sum + (one.in ?? 0) - (one.out ?? 0), 0)
  return starts.map((_, i) => starts.slice(0, i + 1).reduce((sum, start) => sum + net(start), 0))
}

describe('who is inside', () => {
  it('is what the released windows of all doors add up to, and of an area those of the area', () => {
    const shop = open()
    shop.until(`${day}T10:00:00Z`, 30_000)
    shop.pass('in', 500, 'front')
    shop.until(`${day}T12:00:00Z`, 30_000)
    shop.pass('out', 300, 'back')
    shop.pass('in', 70, 'shoes')
    shop.until(`${day}T18:00:05Z`, 30_000)
    expect(inside(shop).map((one) => one.inside)).toEqual(sums(shop, ['front', 'back']))
    expect(inside(shop, 'shoes').map((one) => one.inside)).toEqual(sums(shop, ['shoes']))
    expect(inside(shop)).toHaveLength(36)
    // Twelve standard deviations of the day's last sum.
    expect(Math.abs(inside(shop).at(-1)!.inside! - 200)).toBeLessThan(510)
  })

  it('costs nothing, and its band grows with the numbers in it', () => {
    const shop = open()
    shop.until(`${day}T18:00:05Z`, 30_000)
    const [first, last] = [inside(shop)[0]!, inside(shop).at(-1)!]
    expect([first.noise95, last.noise95]).toEqual([noise95OfSum(400, 4), noise95OfSum(400, 144)])
    expect(inside(shop, 'shoes').at(-1)!.noise95).toBe(noise95OfSum(200, 72))
    const spent = shop.database.connection
      .prepare<[], number>("SELECT sum(spent_milli) FROM release WHERE series LIKE 'occupancy/%'")
      .pluck()
    expect(spent.get()).toBe(0)
  })

  it('begins anew when the shop opens again', () => {
    const shop = open({ opening: '09:00-12:00,13:00-18:00' })
    shop.until(`${day}T09:30:00Z`, 30_000)
    shop.pass('in', 100_000, 'front')
    shop.until(`${day}T18:00:05Z`, 30_000)
    const all = inside(shop)
    expect(all.filter((one) => one.inside! > 50_000)).toHaveLength(10)
    expect(all[12]!.window.start).toBe(`${day}T13:00:00Z`)
    expect([all[11]!.noise95, all[12]!.noise95]).toEqual([noise95OfSum(400, 48), noise95OfSum(400, 4)])
  })

  it('is not told where a door was not heard, and says afterwards that its sum has a gap', () => {
    const deaf = Date.parse(`${day}T10:00:00Z`) - Date.parse(`${day}T08:50:00Z`)
    const shop = open({ aliveShare: (feed, from) => (feed === 'back' && from === deaf ? 0 : 1) })
    shop.until(`${day}T18:00:05Z`, 30_000)
    const all = inside(shop)
    expect(all[3]).toMatchObject({ coverage: 1, missing: null })
    expect(all[4]).toMatchObject({ window: { start: `${day}T10:00:00Z` }, inside: null, missing: 'sensor-down' })
    expect(all[5]).toMatchObject({ missing: null, coverage: 0.9 })
    expect(all.at(-1)).toMatchObject({ missing: null, coverage: 0.95, noise95: noise95OfSum(400, 142) })
    expect(all.map((one) => one.inside).filter((one) => one !== null)).toHaveLength(35)
  })

  it('is not told before a box that came late has seen half of the day', () => {
    const shop = open({ start: `${day}T12:00:00Z` })
    shop.until(`${day}T18:00:05Z`, 30_000)
    const all = inside(shop)
    expect(all.filter(({ missing }) => missing === 'lost').at(-1)!.window.start).toBe(`${day}T14:30:00Z`)
    expect(all.at(-1)).toMatchObject({ missing: null, coverage: 0.65 })
  })

  it('is lost with its window when the power fails between the commits, and later slots go on', () => {
    let fails = false
    const onKeep = () => {
      if (fails) throw new Error('power cut')
    }
    const shop = open({ onKeep })
    shop.until(`${day}T09:14:00Z`, 30_000)
    fails = true
    expect(() => shop.until(`${day}T09:15:05Z`)).toThrow('power cut')
    fails = false
    const next = open({ start: `${day}T09:16:00Z`, database: shop.database })
    next.until(`${day}T09:45:05Z`)
    expect(inside(next).map(({ missing, coverage }) => [missing, coverage])).toEqual([
      ['lost', 0],
      ['lost', 0.45],
      [null, 0.65],
    ])
  })
})
