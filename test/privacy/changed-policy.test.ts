import { describe, expect, it } from 'vitest'
import type { Zone } from '../../src/privacy/settings.ts'
import { openShop, type Shop, sentOf } from '../support/wall.ts'

const footfall = (shop: Shop) => sentOf(shop, 'footfall')
const day = 86_400_000
const side: Zone = { id: 'side', name: 'Side door', kind: 'door' }

describe('a changed policy', () => {
  it('starts tomorrow, and the last of two changes on one day wins', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T10:00:05Z', 5000)
    expect(shop.adopt({ privacy: { window: '30m' } })).toBe('2026-11-24')
    expect(shop.adopt({ privacy: { window: '60m' } })).toBe('2026-11-24')
    shop.until('2026-11-24T18:00:05Z', 5000)
    const lengths = footfall(shop).map((one) => one.window.seconds)
    expect(lengths).toEqual([...Array(36).fill(900), ...Array(9).fill(3600)])
  })

  it('that is taken back on the same day never was', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z' })
    shop.until('2026-11-23T10:00:05Z', 5000)
    shop.adopt({ zones: [side] })
    shop.adopt({})
    shop.until('2026-11-24T09:15:05Z', 5000)
    expect(footfall(shop).at(-1)!.series).toBe('footfall/entrance')
  })

  it('does not fall on a day of which numbers were drawn, when the clock was set back', () => {
    const shop = openShop({ start: '2026-11-22T12:00:00Z' })
    shop.until('2026-11-22T12:30:05Z')
    shop.adopt({ zones: [side] })
    shop.until('2026-11-23T12:00:05Z', 5000)
    const back = openShop({ start: '2026-11-20T12:00:00Z', database: shop.database })
    back.until('2026-11-20T12:00:05Z')
    expect(back.adopt({ privacy: { window: '5m' } })).toBe('2026-11-24')
    back.clock.step(3 * day)
    back.until('2026-11-23T18:00:05Z', 5000)
    expect(new Set(footfall(back).map((one) => [one.series, one.window.seconds].join()))).toEqual(
      new Set(['footfall/side,900']),
    )
  })

  it('still lets a number of a zone that is gone come out as lost', () => {
    const shop = openShop({
      start: '2026-11-23T17:50:00Z',
      onKeep() {
        throw new Error('power cut')
      },
    })
    shop.adopt({ zones: [side] })
    expect(() => shop.until('2026-11-23T18:00:05Z')).toThrow('power cut')
    const next = openShop({ start: '2026-11-24T08:00:00Z', database: shop.database, zones: [side] })
    next.until('2026-11-24T09:15:05Z', 5000)
    expect(next.sent.map(({ release }) => [release.series, release.missing])).toEqual([
      ['footfall/entrance', 'lost'],
      ['day/entrance', 'lost'],
      ['footfall/side', null],
    ])
  })
})
