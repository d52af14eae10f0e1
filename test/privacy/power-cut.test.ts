import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import { migrations, openShop, type Shop, sentOf } from '../support/wall.ts'

const dates = Array.from({ length: 7 }, (_, i) => `2026-11-${23 + i}`)
const crowd = 10_000

/** A box whose power is cut: what is on the disk now is what the next start finds. Memory is gone. */
function disk() {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-cut-'))
  let boot = 0
  return {
    open: () => openDatabase(join(folder, `${boot}.db`), migrations),
    /** Copies the files while the database is open, as a cut does; the old process never gets to write again. */
    cut() {
      for (const end of ['.db', '.db-wal']) {
        const from = join(folder, `${boot}${end}`)
        if (existsSync(from)) copyFileSync(from, join(folder, `${boot + 1}${end}`))
      }
      boot += 1
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

function days(shops: readonly Shop[]) {
  return shops.flatMap((shop) => sentOf(shop, 'day'))
}

/** Opens at 08:50, counts a crowd, and loses power at `cutAt`. */
function workday(box: ReturnType<typeof disk>, date: string, cutAt: string, trusted: boolean): Shop {
  const shop = openShop({ start: `${date}T08:50:00Z`, database: box.open(), trusted, timezone: 'UTC' })
  shop.until(`${date}T10:00:00Z`, 30_000)
  shop.pass('in', crowd)
  shop.until(`${date}T17:59:00Z`, 30_000)
  shop.until(`${date}T${cutAt}Z`)
  box.cut()
  shop.database.close()
  return shop
}

describe('a shop that cuts its power every evening, no time server in reach', () => {
  it.each(['18:05:00', '18:00:02', '18:00:00.500'])(
    'gets every day with a clock chip when the cut comes at %s',
    (cutAt) => {
      const box = disk()
      const shops = dates.map((date) => workday(box, date, cutAt, true))
      shops.push(openShop({ start: '2026-11-30T08:50:00Z', database: box.open() }))
      shops.at(-1)!.until('2026-11-30T08:51:00Z')
      const seen = days(shops)
      expect(seen.map((day) => day.id.slice(-10))).toEqual(dates)
      for (const day of seen) {
        expect(day.missing).toBeNull()
        expect(Math.abs(day.in! - crowd)).toBeLessThan(400)
      }
      box.remove()
    },
  )

  it('says lost for every day that a clock without trust could not name, once trust comes', () => {
    const box = disk()
    const first = workday(box, '2026-11-22', '18:05:00', true)
    const dark = dates.map((date) => workday(box, date, '18:05:00', false))
    expect(days(dark)).toEqual([])
    const last = openShop({ start: '2026-11-30T08:50:00Z', database: box.open() })
    last.until('2026-11-30T08:51:00Z')
    expect(days([first]).map((day) => day.missing)).toEqual([null])
    expect(days([last]).map((day) => [day.id.slice(-10), day.missing])).toEqual(dates.map((date) => [date, 'lost']))
    expect(last.sent.map((one) => one.release.seq)).toEqual(last.sent.map((_, i) => 38 + i))
    box.remove()
  })

  it('never has two payloads for one id, wherever in the day the cuts fall', () => {
    const box = disk()
    const payloads = new Map<string, string>()
    let at = Date.parse('2026-11-23T08:59:00Z')
    for (let boot = 0; boot < 60; boot++) {
      const shop = openShop({ start: new Date(at).toISOString(), database: box.open() })
      shop.pass('in', 5)
      const length = 60_000 + ((boot * 7919) % 1_700_000)
      shop.until(new Date(at + length).toISOString(), 977)
      at = shop.clock.now() + 20_000
      for (const { release, bytes } of shop.sent) {
        expect(payloads.get(release.id) ?? bytes.toString()).toBe(bytes.toString())
        payloads.set(release.id, bytes.toString())
      }
      box.cut()
      shop.database.close()
    }
    const windows = [...payloads.keys()].filter((id) => id.includes('/footfall/'))
    const slots = windows.map((id) => id.slice(-20)).sort()
    expect(slots[0]).toBe('2026-11-23T09:00:00Z')
    expect(new Set(slots).size).toBe(slots.length)
    box.remove()
  })
})
