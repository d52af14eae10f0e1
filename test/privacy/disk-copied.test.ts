import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import { migrations, openShop } from '../support/wall.ts'

const folder = mkdtempSync(join(tmpdir(), 'drempel-copied-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** How often a number of four bytes stands in the files of a database, as SQLite writes it. */
function found(name: string, people: number): number {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(people)
  const files = [`${name}.db`, `${name}.db-wal`].map((file) => readFileSync(join(folder, file)))
  return files.reduce((sum, file) => sum + file.toString('latin1').split(bytes.toString('latin1')).length - 1, 0)
}

describe('somebody who copies the disk', () => {
  it('finds one total of the running day, and not the totals before it, whose differences are windows', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z', database: openDatabase(join(folder, 'a.db'), migrations) })
    const totals = [0x075bcd15, 0x175bcd25, 0x275bcd35]
    for (const [i, minutes] of [15, 30, 45].entries()) {
      shop.pass('in', totals[i]! - (totals[i - 1] ?? 0))
      shop.until(`2026-11-23T09:${minutes}:05Z`)
    }
    expect(totals.map((total) => found('a', total))).toEqual([0, 0, 1])
    shop.database.close()
  })

  it('finds no exact count at all once the day is drawn', () => {
    const shop = openShop({ start: '2026-11-23T09:00:00Z', database: openDatabase(join(folder, 'b.db'), migrations) })
    shop.pass('in', 0x075bcd15)
    shop.until('2026-11-23T17:59:00Z', 30_000)
    expect(found('b', 0x075bcd15)).toBe(1)
    shop.until('2026-11-23T18:00:05Z')
    expect(found('b', 0x075bcd15)).toBe(0)
    shop.database.close()
  })
})
