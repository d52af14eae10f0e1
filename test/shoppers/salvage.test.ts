import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import type { Tag } from '../../src/shopper/tag.ts'
import { makeScratch } from '../support/damaged-box.ts'
import { filesOf, withFolder } from '../support/shoppers-image.ts'
import { aBox, type Box, configOf, join30, noon, receiptOf } from './box.ts'
import { enrolTag, type Radios, withRadios } from './radios.ts'

const scratch = makeScratch()
afterAll(() => rmSync(scratch, { recursive: true }))

let box: Box
let radios: Radios
let [alice, bob] = [{} as ReturnType<typeof receiptOf>, {} as ReturnType<typeof receiptOf>]
let [tagOfAlice, tagOfBob] = [{} as Tag, {} as Tag]

beforeEach(() => {
  const folder = join(scratch, 'box')
  mkdirSync(folder)
  box = aBox(configOf(), manualClock(noon), folder)
  box.pass(second)
  radios = withRadios(box)
  ;[alice, bob] = [receiptOf(box.inTheShop(join30)), receiptOf(box.inTheShop(join30))]
  ;[tagOfAlice, tagOfBob] = [enrolTag(box, radios, alice.secret), enrolTag(box, radios, bob.secret)]
  isHeard(tagOfAlice)
  isHeard(tagOfBob)
})
afterEach(() => box.remove())

function isHeard(tag: Tag): boolean {
  radios.recognised()
  radios.say(tag.advert())
  return radios.recognised() > 0
}

const pathOf = () => join(box.folder, 'drempel.db')

/** Closes the box, does this to the bytes of its database, and opens it again. */
function damaged(change: (bytes: Buffer) => Buffer): void {
  box.close()
  writeFileSync(pathOf(), change(readFileSync(pathOf())))
  box.open()
  radios.listen()
  box.pass(second)
}

const withoutHead = (bytes: Buffer) => bytes.fill(0, 0, 100)
const purposesOf = ({ secret }: { secret: string }) => {
  const seen = box.ask({ ask: 'see', secret })
  return seen.state === 'seen' ? seen.purposes.map(({ state }) => state) : seen
}
const about = ({ handles }: { handles: string[] }) =>
  box.sent().flatMap(({ handle, event }) => (handles.includes(String(handle)) ? [event] : []))

/** Makes every copy of an entry of this kind unreadable. */
function spoil(bytes: Buffer, type: string): Buffer {
  const text = `"type":"${type}"`
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) bytes.fill('x', at - 30, at + 4)
  return bytes
}

describe('a database that lost its head', () => {
  it('costs nobody the agreement, and leaving works', () => {
    damaged(withoutHead)
    expect(purposesOf(alice)).toEqual(['given'])
    expect(isHeard(tagOfAlice)).toBe(true)
    expect(box.ask({ ask: 'leave', secret: alice.secret })).toEqual({ state: 'left', erasure: 'asked' })
    expect(about(alice).at(-1)).toBe('withdrawn')
    expect([isHeard(tagOfAlice), isHeard(tagOfBob)]).toEqual([false, true])
    expect(box.shoppers.answer({ ask: 'see', secret: bob.secret }, 'here').state).toBe('seen')
  })

  it('tells nothing more of anybody that day, since it cannot be known how much was told, and goes on the next', () => {
    damaged(withoutHead)
    const before = about(bob).length
    box.pass(5 * hour, minute)
    isHeard(tagOfBob)
    expect(about(bob).length).toBe(before)
    box.pass(19 * hour, 10 * minute)
    isHeard(tagOfBob)
    expect(about(bob).at(-1)).toBe('arrived')
  })

  it('tells the ends once more, and the numbers of signals go on', () => {
    box.ask({ ask: 'leave', secret: alice.secret })
    const { outbox } = box.storage
    const last = outbox.lastSeq('signals')
    const all = Array.from({ length: last }, (_, i) => i + 1)
    outbox.acknowledged('signals', all)
    outbox.trim('signals', { upTo: last, missing: [] })
    damaged(withoutHead)
    expect(box.sent()).toMatchObject([{ seq: last + 1, handle: alice.handles[0], event: 'withdrawn' }])
  })

  it('keeps what was forgotten forgotten', () => {
    box.ask({ ask: 'leave', secret: alice.secret })
    box.close()
    box.open(configOf())
    const { database } = box.storage
    const count = () =>
      database.connection.prepare('SELECT count(*) FROM consent_event WHERE body IS NULL').pluck().get()
    box.pass(second)
    expect(count()).toBe(0)
    box.clock.advanceTo(box.clock.monotonic() + 6 * 365 * day)
    box.pass(2 * hour, hour)
    const forgotten = count()
    expect(forgotten).toBeGreaterThan(0)
    damaged(withoutHead)
    const { connection } = box.storage.database
    expect(connection.prepare('SELECT count(*) FROM consent_event WHERE body IS NULL').pluck().get()).toBe(forgotten)
  })
})

describe('a record that cannot be proven', () => {
  beforeEach(() => damaged((bytes) => withoutHead(spoil(bytes, 'opened'))))

  it('grants nothing, and head office is told of every end', () => {
    expect([isHeard(tagOfAlice), isHeard(tagOfBob)]).toEqual([false, false])
    expect(purposesOf(alice)).toEqual({ state: 'declined', why: 'unknown' })
    expect([about(alice), about(bob)]).toEqual([['expired'], ['expired']])
    box.close()
    box.open()
    expect([about(alice), about(bob)]).toEqual([['expired'], ['expired']])
  })

  it('leaves no key on the disk, and who wants to may agree anew', () => {
    expect(box.bytes().includes(tagOfAlice.kept().identityKey.toString('latin1'))).toBe(false)
    const again = receiptOf(box.inTheShop(join30))
    expect(purposesOf(again)).toEqual(['given'])
    damaged(withoutHead)
    expect(purposesOf(again)).toEqual(['given'])
  })
})

describe('pages of before a withdrawal that lie in the file still', () => {
  let old: Map<string, Buffer>
  beforeEach(() => {
    box.close()
    old = filesOf(box.folder)
    box.open()
    radios.listen()
    box.pass(second)
    expect(box.ask({ ask: 'leave', secret: alice.secret }).state).toBe('left')
  })

  /** After the newer ones, where they would win, or before. */
  it.each([true, false])('bring nobody back, and no signal (they come last: %s)', (comeLast) => {
    damaged((bytes) => {
      const pages = [bytes, old.get('drempel.db')!]
      return withoutHead(Buffer.concat(comeLast ? pages : pages.reverse()))
    })
    expect([isHeard(tagOfAlice), isHeard(tagOfBob)]).toEqual([false, true])
    expect(purposesOf(alice)).toEqual(['withdrawn'])
    expect(new Set(about(alice))).toEqual(new Set(['withdrawn']))
  })

  it('bring nobody back where the withdrawal itself is lost', () => {
    damaged((bytes) => Buffer.concat([withoutHead(spoil(bytes, 'withdrawn')), old.get('drempel.db')!]))
    expect([isHeard(tagOfAlice), isHeard(tagOfBob)]).toEqual([false, false])
    expect(new Set([...about(alice), ...about(bob)])).toEqual(new Set(['expired', 'withdrawn']))
  })

  it('bring nobody back where the mark is lost too', () => {
    box.close()
    rmSync(join(box.folder, 'consent.mark'))
    box.open()
    damaged((bytes) => Buffer.concat([old.get('drempel.db')!, withoutHead(bytes)]))
    expect([isHeard(tagOfAlice), isHeard(tagOfBob)]).toEqual([false, false])
  })
})

describe('one thing that the disk changed in a sound file', () => {
  const sql = (text: string, ...values: unknown[]) => box.storage.database.connection.prepare(text).run(...values)
  /** Opens the box again after this was done to its tables. */
  function reopened(change: () => void): void {
    change()
    box.close()
    box.open()
    radios.listen()
    box.pass(second)
  }

  it('in the text of an entry is set right', () => {
    reopened(() => {
      sql('DROP TRIGGER consent_event_fixed')
      sql(`UPDATE consent_event SET body = replace(body, '"given"', '"givef"') WHERE seq = 2`)
    })
    expect([purposesOf(alice), purposesOf(bob)]).toEqual([['given'], ['given']])
    expect(isHeard(tagOfAlice)).toBe(true)
  })

  it('in the mark costs nobody the agreement', () => {
    const mark = join(box.folder, 'consent.mark')
    box.close()
    const bytes = readFileSync(mark)
    bytes[100]! ^= 0x80
    writeFileSync(mark, bytes)
    box.open()
    expect(purposesOf(alice)).toEqual(['given'])
  })

  it('in an end that head office must still be told does not lose it', () => {
    box.ask({ ask: 'leave', secret: alice.secret })
    reopened(() => {
      sql(`DELETE FROM outbox_signals`)
      sql(`INSERT INTO consent_news VALUES (1, 'A' || substr(?, 2), 'offers', 'withdrawn')`, alice.handles[0])
    })
    expect(about(alice)).toEqual(['withdrawn'])
  })

  it('that takes the word of a withdrawal lets no signal out that waited', () => {
    withFolder(box, (consents) => consents.withdraw(alice.id, 'all', 'command'))
    reopened(() => sql('DELETE FROM consent_news'))
    expect(about(alice)).toEqual([])
    expect(about(bob)).toContain('arrived')
  })

  it('in what is told about shoppers does not stop it', () => {
    reopened(() => sql(`INSERT INTO consent_news VALUES (1, 'short', 'offers', 'vithdrawn')`))
    expect(purposesOf(alice)).toEqual(['given'])
  })

  it('in the message of an end makes it be told again', () => {
    box.ask({ ask: 'leave', secret: alice.secret })
    sql('UPDATE outbox_signals SET mac = zeroblob(32) WHERE seq = (SELECT max(seq) FROM outbox_signals)')
    expect(about(alice)).toEqual([])
    box.pass(second)
    expect(about(alice)).toEqual(['withdrawn'])
  })

  it('in a message of which head office lacks the number makes it go out empty, so that nobody waits for it', () => {
    const { outbox } = box.storage
    const last = outbox.lastSeq('signals')
    sql('UPDATE outbox_signals SET mac = zeroblob(32) WHERE seq = 2')
    expect(box.sent().length).toBe(last - 1)
    box.pass(2 * hour, hour)
    // It never said that it lacks anything.
    expect(box.sent().some(({ seq }) => seq === 2)).toBe(false)
    outbox.acknowledged('signals', [1, 3, 4])
    outbox.trim('signals', { upTo: last, missing: [[2, 2]] })
    box.pass(hour, hour)
    expect(box.sent().filter(({ seq }) => Number(seq) <= last)).toEqual([{ seq: 2, void: 'withdrawn' }])
  })

  it('in the number of the message of an end, so that it was put aside under another, makes it be told again', () => {
    box.ask({ ask: 'leave', secret: alice.secret })
    const last = box.storage.outbox.lastSeq('signals')
    sql(
      `INSERT INTO outbox_broken SELECT 'signals', seq - 1, topic, bytes, mac, 1 FROM outbox_signals WHERE seq = ?`,
      last,
    )
    sql('DELETE FROM outbox_signals WHERE seq = ?', last)
    expect(about(alice)).toEqual([])
    box.pass(second)
    expect(about(alice)).toEqual(['withdrawn'])
  })

  it('in the topic of a message, which is bytes then, does not close the desk', () => {
    box.ask({ ask: 'leave', secret: alice.secret })
    reopened(() => sql('UPDATE outbox_signals SET topic = cast(topic AS BLOB)'))
    expect(purposesOf(bob)).toEqual(['given'])
    box.sent()
    box.pass(second)
    expect(about(alice)).toEqual(['withdrawn'])
  })

  it('in how often somebody was told of counts as a day that is used up, also after the hourly tidying', () => {
    reopened(() => sql('UPDATE consent_cap SET arrived = arrived - 1, sent = 0'))
    box.pass(4.5 * hour, minute)
    const before = about(bob).length
    isHeard(tagOfBob)
    expect(about(bob).length).toBe(before)
  })
})
