import { randomBytes } from 'node:crypto'
import { second } from '../../src/base/duration.ts'
import { eidOf } from '../../src/base/eddystone-eid.ts'
import { createTagBook, type TagBook } from '../../src/observations/tag-book.ts'
import { type BenchRow, cpuOf, median, row } from './table.ts'

const runs = 9
const strangers = 200_000
const sizes = [10_000, 100_000]

/** What it costs to know the tags of shoppers who agreed, and not to know everybody else's. */
export async function tagRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  let before = 0
  for (const size of sizes) {
    const book = createTagBook(size)
    const key = { exponent: 10, at: 0, age: 0 }
    const first = randomBytes(16)
    book.add({ ...key, identityKey: first, counter: 65_000 })
    for (let i = 1; i < size; i++) book.add({ ...key, identityKey: randomBytes(16), counter: 65_000 + i * 7 })
    const foreign = await median(runs, () => lookUp(book, randomBytes(strangers * 8)))
    const known = await median(runs, () => lookUp(book, Buffer.alloc(strangers * 8, eidOf(first, 10, 65_000))))
    const name = `${size.toLocaleString('en')} tags`
    const times =
      before > 0 ? `, ${(foreign / before).toFixed(2)} times as long as with ${sizes[0]!.toLocaleString('en')}` : ''
    rows.push(row(`${name}: a stranger's identifier`, foreign, 'CPU ns', `goal 20 at 10,000${times}`))
    rows.push(row(`${name}: one that is known`, known, 'CPU ns', ''))
    rows.push(row(`${name}: memory`, book.bytes / 1e6, 'MB', 'goal 12 at 100,000'))
    rows.push(row(`${name}: what they will say, kept up`, await refreshShare(book), '% of a core', 'goal 0.5'))
    before = foreign
  }
  return rows
}

/** CPU ns of one look. */
async function lookUp(book: TagBook, eids: Buffer): Promise<number> {
  let found = 0
  const micros = await cpuOf(() => {
    for (let at = 0; at < eids.length; at += 8) if (book.find(eids, at, 0) >= 0) found++
  })
  return (micros * 1000) / (eids.length / 8) + (found < 0 ? 1 : 0)
}

/** Over one hour, looked at each second. */
async function refreshShare(book: TagBook): Promise<number> {
  const seconds = 3600
  const micros = await cpuOf(() => {
    for (let at = 1; at <= seconds; at++) book.refresh(at * second)
  })
  return (micros / (seconds * 1e6)) * 100
}
