import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../../src/base/database.ts'
import { minute, second } from '../../src/base/duration.ts'
import { GatewayError } from '../../src/base/errors.ts'
import { aBox, type Box, checkIn, join30, receiptOf } from './box.ts'

const isMarkRefused = vi.hoisted(() => ({ value: false }))
vi.mock('../../src/base/data-folder.ts', async (original) => {
  const ours = await original<typeof import('../../src/base/data-folder.ts')>()
  return {
    ...ours,
    writeDurably(file: string, content: string) {
      if (isMarkRefused.value) throw new GatewayError('BASE_STORAGE_FULL')
      ours.writeDurably(file, content)
    },
  }
})

let box: Box
beforeEach(() => {
  box = aBox()
  box.pass(second)
})
afterEach(() => box.remove())

/** As on a full disk: the database may not grow by a page. */
function fill(): void {
  const sql = box.storage.database.connection
  sql.pragma(`max_page_count = ${sql.pragma('page_count', { simple: true })}`)
  // What is free inside it is used up.
  sql.exec('CREATE TABLE IF NOT EXISTS filling (bytes BLOB)')
}

function freeAgain(): void {
  box.storage.database.connection.pragma('max_page_count = 1000000')
}

function fillUp(): void {
  const insert = box.storage.database.connection.prepare('INSERT INTO filling VALUES (zeroblob(?))')
  for (const size of [100_000, 10_000, 1000, 100, 10]) {
    try {
      for (let i = 0; i < 100; i++) insert.run(size)
    } catch {
      // Full for this size.
    }
  }
}

/** As when not even the oldest messages can be shed: nothing at all is written. */
function refuseAll(): () => void {
  const database = box.storage.database as { -readonly [K in 'transaction' | 'lazyTransaction']: Database[K] }
  const { transaction, lazyTransaction } = database
  const refuse = () => {
    throw new GatewayError('BASE_STORAGE_FULL')
  }
  Object.assign(database, { transaction: refuse, lazyTransaction: refuse })
  return () => void Object.assign(database, { transaction, lazyTransaction })
}

const told = () => box.sent().map(({ event, void: gone }) => (gone ? 'void' : event))

describe('on a full disk', () => {
  it('nobody can agree, and nobody is told so half', () => {
    box.storage.database.connection.exec('CREATE TABLE IF NOT EXISTS filling (bytes BLOB)')
    fill()
    fillUp()
    const given = []
    let answer = box.inTheShop(join30)
    for (; answer.state === 'given' && given.length < 500; answer = box.inTheShop(join30)) given.push(receiptOf(answer))
    expect(answer).toEqual({ state: 'declined', why: 'off' })
    freeAgain()
    for (const { secret } of given)
      expect(box.ask({ ask: 'see', secret })).toMatchObject({ purposes: [{ state: 'given' }] })
    expect(box.inTheShop(join30)).toMatchObject({ state: 'given' })
    box.pass(2 * second)
    // Whoever holds no receipt is not here.
    const arrived = box.sent().filter(({ event }) => event === 'arrived')
    expect(arrived.length).toBeLessThanOrEqual(given.length + 1)
    const grants = new Set(
      box
        .sent()
        .filter(({ event }) => event === 'given')
        .map(({ handle }) => handle),
    )
    expect(grants.size).toBeLessThanOrEqual(given.length + 2)
  })

  it('a leave that could not be written is not confirmed, and can be repeated', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    box.storage.database.connection.exec('CREATE TABLE IF NOT EXISTS filling (bytes BLOB)')
    fill()
    fillUp()
    const answer = box.ask({ ask: 'leave', secret })
    freeAgain()
    if (answer.state === 'declined') expect(box.ask({ ask: 'leave', secret })).toMatchObject({ state: 'left' })
    box.pass(2 * second)
    expect(told()).toEqual(['void', 'void', 'withdrawn'])
  })

  it('who leaves a visit is silent at once, and leaving is confirmed once head office can be told', () => {
    const { secret } = receiptOf(box.inTheShop(checkIn))
    const free = refuseAll()
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'declined', why: 'off' })
    expect(told()).toEqual(['void', 'void'])
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'declined', why: 'off' })
    free()
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'asked' })
    expect(told()).toEqual(['void', 'void', 'withdrawn'])
  })

  it('the end of a visit at closing and the count of visits are made up for', () => {
    receiptOf(box.inTheShop(checkIn))
    box.pass(Date.parse('2026-11-23T16:59:59Z') - box.clock.now(), minute)
    const free = refuseAll()
    for (let i = 0; i < 5; i++) expect(() => box.pass(second)).toThrow('full')
    expect(told()).toEqual(['void', 'void'])
    free()
    box.pass(second)
    expect(told()).toEqual(['void', 'void', 'expired'])
    const events = box.storage.database.connection.prepare('SELECT body FROM consent_event').pluck().all()
    expect(events.filter((event) => String(event).includes('"visits"')).length).toBe(1)
  })

  it('a box that starts lets everybody leave, and tells head office once there is room', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    box.close()
    isMarkRefused.value = true
    box.open()
    isMarkRefused.value = false
    expect(box.ask({ ask: 'leave', secret })).toMatchObject({ state: 'left' })
    expect(told()).toEqual(['void', 'void', 'withdrawn'])
  })

  it('the radio hears on, and the next visit is given once there is room', () => {
    box.storage.database.connection.exec('CREATE TABLE IF NOT EXISTS filling (bytes BLOB)')
    fill()
    fillUp()
    expect(() =>
      box.shoppers.recognised({ kind: 'recognised', sensor: 'radio', zone: 'entrance', tag: 0, at: 0 }),
    ).not.toThrow()
    const answer = box.inTheShop(checkIn)
    expect(['given', 'declined']).toContain(answer.state)
    freeAgain()
    box.pass(minute)
    expect(box.inTheShop(checkIn)).toMatchObject({ state: 'given' })
  })
})
