import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import type { Zone } from '../../src/privacy/settings.ts'
import { formatSnapshot, parseSnapshot } from '../../src/privacy/snapshot.ts'
import { migrations, openShop, type Shop, type ShopOptions, sentOf } from '../support/wall.ts'

const zones: readonly Zone[] = [
  { id: 'entrance', name: 'Entrance', kind: 'door' },
  { id: 'shelf', name: 'Shelf', kind: 'area' },
]
const day = '2026-11-23'
const many = 10_000

function open(options: Partial<ShopOptions> = {}): Shop {
  const privacy = { profile: 'dwell' } as const
  return openShop({ start: `${day}T08:50:00Z`, zones, areas: ['shelf'], privacy, ...options })
}

/** Thousands, so that what is blurred can be told. */
function thousands(shop: Shop): (number[] | undefined)[] {
  // Never minus zero.
  return sentOf(shop, 'dwell').map(({ stays }) => stays?.map((one) => Math.round(one / 1000) + 0))
}

const rows = (shop: Shop) => shop.database.connection.prepare('SELECT * FROM running_stays').all()

describe('stays', () => {
  it('leave once a day, by length, and nothing of them stays on the disk', () => {
    const shop = open()
    shop.until(`${day}T10:00:00Z`, 30_000)
    for (const [i, minutes] of [0.9, 1, 4.9, 5, 19.9, 39, 59.9, 50].entries())
      shop.stay(minutes, many * (i + 1), 'shelf')
    shop.until(`${day}T17:59:00Z`, 30_000)
    shop.stay(300, many, 'shelf')
    expect(sentOf(shop, 'dwell')).toEqual([])
    expect(rows(shop)).toHaveLength(1)
    shop.until(`${day}T18:00:05Z`)
    expect(thousands(shop)).toEqual([[10, 20, 30, 40, 50, 60, 150, 10]])
    expect(sentOf(shop, 'dwell')[0]).toMatchObject({ id: `shop/gw/dwell/shelf/${day}`, noise95: 6, coverage: 1 })
    expect(rows(shop)).toEqual([])
  })

  it('are charged once, whatever their number', () => {
    const shop = open()
    shop.until(`${day}T18:00:05Z`, 30_000)
    const { connection } = shop.database
    expect(connection.prepare("SELECT spent_milli FROM release WHERE series = 'dwell/shelf'").pluck().all()).toEqual([
      500,
    ])
  })

  it('are not held of a zone in which nobody times them, nor of who was there before the shop opened', () => {
    const shop = open()
    shop.until(`${day}T09:10:00Z`, 30_000)
    shop.stay(11, many, 'shelf')
    shop.stay(5, many, 'entrance')
    expect(shop.wall.snapshot().stays).toEqual({})
    shop.stay(9, many, 'shelf')
    expect(Object.values(shop.wall.snapshot().stays)).toEqual([{ shelf: [0, 0, 0, many, 0, 0, 0, 0] }])
  })

  it('survive a killed process through the snapshot, and a power cut through the running day', () => {
    const shop = open({ database: openDatabase(':memory:', migrations) })
    shop.until(`${day}T10:00:00Z`, 30_000)
    shop.stay(3, many, 'shelf')
    shop.until(`${day}T11:05:00Z`, 30_000)
    shop.stay(7, many, 'shelf')
    const kept = parseSnapshot(formatSnapshot(shop.wall.snapshot()))!
    const killed = open({ start: `${day}T11:06:00Z`, database: shop.database })
    killed.wall.restore(kept)
    killed.until(`${day}T18:00:05Z`, 30_000)
    expect(thousands(killed)).toEqual([[0, 0, 10, 10, 0, 0, 0, 0]])
    const cut = open()
    cut.until(`${day}T10:00:00Z`, 30_000)
    cut.stay(3, many, 'shelf')
    cut.until(`${day}T11:05:00Z`, 30_000)
    cut.stay(7, many, 'shelf')
    const next = open({ start: `${day}T11:06:00Z`, database: cut.database })
    next.until(`${day}T18:00:05Z`, 30_000)
    expect(thousands(next)).toEqual([[0, 0, 10, 0, 0, 0, 0, 0]])
  })

  it('are missing where the radar saw less than half of the day, whoever was seen', () => {
    const shop = open({ aliveShare: (feed) => (feed === 'dwell/shelf' ? 0.4 : 1) })
    shop.until(`${day}T10:00:00Z`, 30_000)
    shop.stay(3, many, 'shelf')
    shop.until(`${day}T18:00:05Z`, 30_000)
    expect(sentOf(shop, 'dwell')).toMatchObject([{ stays: null, coverage: 0.4, missing: 'sensor-down' }])
    expect(sentOf(shop, 'footfall').every(({ missing }) => missing === null)).toBe(true)
  })

  it('are held while the clock is not trusted, and labelled once', () => {
    const shop = open({ trusted: false, start: `${day}T09:00:00Z` })
    shop.until(`${day}T10:00:00Z`, 30_000)
    shop.stay(3, many, 'shelf')
    shop.until(`${day}T11:00:00Z`, 30_000)
    shop.clock.setTrusted(true)
    shop.until(`${day}T18:00:05Z`, 30_000)
    expect(thousands(shop)).toEqual([[0, 0, 10, 0, 0, 0, 0, 0]])
  })
})
