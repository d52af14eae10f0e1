import { beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import { createFinds, type Finds } from '../../src/consent/carved-chain.ts'
import { consentMigrations, type Head, openChain, type Row } from '../../src/consent/chain.ts'
import { noon } from './shop.ts'

const key = Buffer.alloc(32, 3)
let rows: Row[]
let older: Row[]
let head: Head
let mac: Buffer

beforeEach(() => {
  const database = openDatabase(':memory:', consentMigrations)
  const chain = openChain(database, key)
  const all = () => database.connection.prepare<[], Row>('SELECT * FROM consent_event ORDER BY seq').all()
  const opened = [...'abcdef'].map((record) => ({ type: 'restricted' as const, record }))
  database.transaction(() => chain.append(opened, noon))
  older = all()
  database.transaction(() => chain.forget([2, 3, 4], noon + 1))
  rows = all()
  head = chain.head()
  mac = database.connection.prepare<[], Buffer>('SELECT mac FROM consent_head').pluck().get()!
  database.close()
})

function found(these: readonly Row[]): Finds {
  const finds = createFinds()
  for (const { seq, body, hash } of these) finds.row(seq, body, hash)
  return finds
}

const without = (seq: number) => rows.filter((row) => row.seq !== seq)
/** The row with one character of its text changed. */
const changed = (seq: number, from: string, to: string) =>
  rows.map((row) => (row.seq === seq ? { ...row, body: row.body!.replace(from, to) } : row))

describe('a record that was found in pieces', () => {
  test('is put together in any order, with rows found twice', () => {
    expect(found([...rows, ...rows].reverse()).chainTo(head)?.rows).toEqual(rows)
  })

  test('keeps forgotten what an old page still says', () => {
    expect(found([...older, ...rows]).chainTo(head)?.rows).toEqual(rows)
    expect(found([...rows, ...older]).chainTo(head)?.rows).toEqual(rows)
  })

  test('knows its newest head by the MAC of this box only', () => {
    const finds = found(rows)
    finds.head(7, Buffer.alloc(32))
    finds.head(6, mac)
    expect(finds.newestHead(key)).toBeUndefined()
    finds.head(7, mac)
    expect(finds.newestHead(key)).toEqual(head)
  })

  test('does without the hash of an entry between two that were forgotten', () => {
    expect(found(without(3)).chainTo(head)?.state).toBe('sound')
  })

  test.each([
    ['a letter', '"b', '"c'],
    ['the highest bit of a letter', 'restricted', 'restricte\ufffd'],
  ])('is mended where one bit changed %s of a text', (_, from, to) => {
    expect(found(changed(6, from.replace('"b', '"f'), to.replace('"c', '"g'))).chainTo(head)?.rows).toEqual(rows)
  })

  test('does without the hash of a row whose text is whole', () => {
    const other = rows.map((row) => (row.seq === 6 ? { ...row, hash: Buffer.alloc(32) } : row))
    expect(found(other).chainTo(head)?.rows).toEqual(rows)
  })

  test('takes a text without its row', () => {
    const finds = found(without(6))
    finds.text(rows[5]!.body!)
    expect(finds.chainTo(head)?.rows).toEqual(rows)
  })

  test.each([1, 5, 6, 7])('is nothing without entry %i', (seq) => {
    expect(found(without(seq)).chainTo(head)).toBeUndefined()
  })

  test('is nothing where more than one bit changed', () => {
    expect(found(changed(6, 'restricted', 'resumed')).chainTo(head)).toBeUndefined()
  })

  test('is nothing where it goes on behind the head, since what follows may be a withdrawal', () => {
    const early: Head = { seq: 6, hash: rows[5]!.hash.toString('hex') }
    expect(found(older).chainTo(early)?.state).toBe('sound')
    expect(found([...older, ...rows]).chainTo(early)).toBeUndefined()
  })
})
