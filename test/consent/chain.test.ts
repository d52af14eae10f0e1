import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { type Chain, consentMigrations, openChain } from '../../src/consent/chain.ts'
import { entryHash, entryText, parseEntry } from '../../src/consent/event.ts'
import { noon } from './shop.ts'

const key = Buffer.alloc(32, 3)
let database: Database
let chain: Chain
beforeEach(() => {
  database = openDatabase(':memory:', consentMigrations)
  chain = openChain(database, key)
  database.transaction(() => chain.append(['a', 'b', 'c', 'd'].map(restricted), noon))
})
afterEach(() => database.close())

const restricted = (record: string) => ({ type: 'restricted' as const, record })
const run = (sql: string, ...values: unknown[]) => database.connection.prepare(sql).run(...values)
/** What somebody does who opens the file with a tool of their own. */
const tamper = (sql: string, ...values: unknown[]) => {
  for (const trigger of ['next', 'fixed', 'kept']) run(`DROP TRIGGER IF EXISTS consent_event_${trigger}`)
  run(sql, ...values)
}
const row = (seq: number) =>
  database.connection
    .prepare<[number], { body: string; hash: Buffer }>('SELECT * FROM consent_event WHERE seq = ?')
    .get(seq)!

describe('the chain of entries', () => {
  test('holds each to the one before, by hashes that anybody can compute', () => {
    let prev = '0'.repeat(64)
    for (let seq = 1; seq <= 4; seq++) {
      const { body, hash } = row(seq)
      expect(parseEntry(body)).toEqual({ type: 'restricted', record: 'abcd'.charAt(seq - 1), seq, at: noon, prev })
      expect(entryHash(body)).toEqual(hash)
      prev = hash.toString('hex')
    }
    expect(chain.verify()).toMatchObject({ state: 'sound', head: { seq: 4, hash: prev }, forgotten: 0 })
  })

  test.each([
    ['changed', "UPDATE consent_event SET body = replace(body, 'b', 'x') WHERE seq = 2"],
    ['emptied and its hash changed', "UPDATE consent_event SET body = NULL, hash = x'00' WHERE seq = 2"],
    ['moved', 'UPDATE consent_event SET seq = 9 WHERE seq = 2'],
    ['deleted', 'DELETE FROM consent_event WHERE seq = 2'],
    ['replaced', "INSERT OR REPLACE INTO consent_event VALUES (2, '{}', x'00')"],
    ['put in out of turn', "INSERT INTO consent_event VALUES (7, '{}', x'00')"],
    ['put in without a text', "INSERT INTO consent_event VALUES (5, NULL, x'00')"],
  ])('lets no entry be %s', (_, sql) => {
    expect(() => run(sql)).toThrow('the consent record')
    expect(chain.verify().state).toBe('sound')
  })

  test('takes no entry outside a transaction', () => {
    expect(() => chain.append([restricted('e')], noon)).toThrow('in a transaction')
  })

  test.each([
    ['a changed text', 2, () => tamper("UPDATE consent_event SET body = replace(body, 'b', 'x') WHERE seq = 2")],
    [
      'a changed text with its hash',
      3,
      () => {
        const text = entryText(restricted('x'), 2, noon, row(1).hash.toString('hex'))
        tamper('UPDATE consent_event SET body = ?, hash = ? WHERE seq = 2', text, entryHash(text))
      },
    ],
    ['an entry that is gone', 2, () => tamper('DELETE FROM consent_event WHERE seq = 2')],
    ['the first gone', 1, () => tamper('DELETE FROM consent_event WHERE seq = 1')],
    ['the last gone', 4, () => tamper('DELETE FROM consent_event WHERE seq = 4')],
    ['everything gone', 1, () => tamper('DELETE FROM consent_event')],
    ['a text that was removed without a word', 2, () => tamper('UPDATE consent_event SET body = NULL WHERE seq = 2')],
    [
      'two entries exchanged',
      1,
      () => tamper('UPDATE consent_event SET seq = iif(seq < 3, seq - 3, seq) WHERE seq < 3'),
    ],
    [
      'another entry at the end',
      5,
      () => {
        const text = entryText(restricted('x'), 5, noon, row(4).hash.toString('hex'))
        tamper('INSERT INTO consent_event VALUES (5, ?, ?)', text, entryHash(text))
      },
    ],
    [
      'the last one written anew with a hash that fits',
      4,
      () => {
        const text = entryText(restricted('x'), 4, noon, row(3).hash.toString('hex'))
        tamper('UPDATE consent_event SET body = ?, hash = ? WHERE seq = 4', text, entryHash(text))
      },
    ],
    [
      'the same said in another way',
      2,
      () => {
        const text = `${row(2).body} `
        tamper('UPDATE consent_event SET body = ?, hash = ? WHERE seq = 2', text, entryHash(text))
      },
    ],
    ['the head of another box', 4, () => run('UPDATE consent_head SET mac = ?', randomBytes(32))],
    ['no head', 1, () => run('DELETE FROM consent_head')],
  ])('names the first entry that does not fit: %s', (_, seq, change) => {
    change()
    expect(chain.verify()).toMatchObject({ state: 'broken', seq })
  })

  test('forgets texts, says so itself, and lets no more be said to be forgotten', () => {
    database.transaction(() => chain.forget([3, 1], noon + 1))
    expect(chain.verify()).toMatchObject({ state: 'sound', forgotten: 2, head: { seq: 5 } })
    expect(row(5).body).toContain('"entries":[[1,1],[3,3]]')
    expect(chain.entries([1, 2, 3])).toMatchObject([{ record: 'b' }])
    tamper('UPDATE consent_event SET body = NULL WHERE seq = 4')
    expect(chain.verify()).toMatchObject({ state: 'broken', seq: 4 })
  })

  test('is empty and sound at first', () => {
    const empty = openDatabase(':memory:', consentMigrations)
    expect(openChain(empty, key).verify()).toMatchObject({ state: 'sound', head: { seq: 0 } })
    empty.close()
  })
})
