import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sealQuestion } from '../../src/base/ask-seal.ts'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { verifyReceipt } from '../../src/consent/receipt.ts'
import { aBox, type Box, checkIn, configOf, join30, receiptOf } from './box.ts'

let box: Box
beforeEach(() => {
  box = aBox()
  box.pass(second)
})
afterEach(() => box.remove())

const told = () => box.sent().map(({ event, purpose, void: gone }) => (gone ? 'void' : `${event} ${purpose}`))

describe('what a shop offers', () => {
  it('is told in the asked language, or else in the first of the shop, and names everything that is agreed to', () => {
    expect(box.ask({ ask: 'offer', language: 'en' })).toMatchObject({
      state: 'offer',
      language: 'en',
      languages: ['nl', 'en'],
      ageLimit: 16,
      isOpen: true,
      closesAt: '2026-11-23T17:00:00.000Z',
      measured: { profile: 'footfall', windowMinutes: 15, guessIn100: 81, retainedDays: 400 },
      purposes: [
        {
          id: 'offers',
          text: 'Text of offers.',
          benefit: 'A coffee.',
          retention: '30d',
          perVisit: 3,
          perDay: 6,
          longestDays: 180,
        },
        { id: 'presence', perVisit: 2, perDay: 4 },
      ],
    })
    expect(box.ask({ ask: 'offer', language: 'fr' })).toMatchObject({ language: 'nl' })
  })

  it.each([
    ['nothing', undefined],
    ['a text', 'offer'],
    ['an unknown question', { ask: 'who-is-here' }],
    ['a key too many', { ask: 'offer', language: 'nl', extra: 1 }],
    ['a number for a text', { ask: 'see', secret: 7 }],
    ['an inherited name', { ask: 'toString' }],
    ['too many purposes', { ...checkIn, fresh: 'A'.repeat(22), token: 'x', purposes: Array(17).fill('offers') }],
  ])('takes %s for no question', (_what, question) => {
    expect(box.shoppers.answer(question, 'here')).toEqual({ state: 'declined', why: 'malformed' })
  })
})

describe('just this visit', () => {
  it('is given to who brings the token, with a receipt that anyone can check', () => {
    const answer = box.inTheShop(checkIn)
    expect(answer).toMatchObject({ state: 'given', kind: 'visit', until: '2026-11-23T17:00:00.000Z' })
    const { text, handles } = receiptOf(answer)
    expect(verifyReceipt(text)).toMatchObject({ state: 'valid' })
    expect(box.sent()).toMatchObject([
      { event: 'given', handle: handles[0], purpose: 'offers', seq: 1 },
      {
        event: 'arrived',
        handle: handles[0],
        purpose: 'offers',
        zone: 'entrance',
        minute: '2026-11-23T11:00Z',
        seq: 2,
      },
    ])
  })

  it('is not on the disk, neither while it lasts nor after', () => {
    const { handles, secret, id } = receiptOf(box.inTheShop(checkIn))
    for (const word of [...handles, secret, id]) expect(box.bytes().includes(word)).toBe(false)
    box.pass(7 * hour, minute)
    for (const word of [...handles, secret, id]) expect(box.bytes().includes(word)).toBe(false)
    expect(told()).toEqual(['void', 'void', 'expired offers'])
    expect(box.bytes().includes('"type":"visits"')).toBe(true)
  })

  it('ends at once when the shopper leaves, and nothing that waited is sent any more', () => {
    const { secret } = receiptOf(box.inTheShop(checkIn))
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ state: 'seen', kind: 'visit', record: null })
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'asked' })
    expect(told()).toEqual(['void', 'void', 'withdrawn offers'])
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'asked' })
    box.storage.outbox.acknowledged('signals', [3])
    box.storage.outbox.trim('signals', { upTo: 3, missing: [], erasedUpTo: 3 })
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'confirmed' })
    expect(box.ask({ ask: 'see', secret })).toEqual({ state: 'declined', why: 'unknown' })
  })

  it('ends with the process: the next one knows nobody, and says voids in its place', () => {
    const { secret } = receiptOf(box.inTheShop(checkIn))
    box.close()
    box.open()
    expect(box.ask({ ask: 'see', secret })).toEqual({ state: 'declined', why: 'unknown' })
    expect(told()).toEqual(['void', 'void'])
  })

  it.each([
    ['a token that is 61 s old', 61 * second, 'token'],
    ['a word that is 11 minutes old', 11 * minute, 'stale'],
  ] as const)('is refused with %s', (_what, later, why) => {
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    const fresh = offer.state === 'offer' ? offer.fresh : ''
    const token = box.shoppers.optIn()!.shown
    expect(box.ask({ ...checkIn, fresh, token })).toMatchObject({ state: 'given' })
    box.pass(later)
    expect(box.ask({ ...checkIn, fresh, token })).toEqual({ state: 'declined', why })
  })

  it('is taken with a token that is 29 s old, typed as people type', () => {
    const token = box.shoppers
      .optIn()!
      .shown.toLowerCase()
      .replace(/^(.{4})(.{4})/, '$1 $2-')
    box.pass(29 * second)
    expect(box.inTheShop({ ...checkIn, token })).toMatchObject({ state: 'given' })
  })

  it.each([
    ['to who is younger than the law of the country says', { age: 15 }, 'age'],
    ['for a purpose that the shop does not have', { purposes: ['sale'] }, 'unknown-purpose'],
    ['twice for one purpose', { purposes: ['offers', 'offers'] }, 'twice'],
    ['for a guessed token', { token: '0000000000000' }, 'token'],
  ])('is not given %s', (_what, changes, why) => {
    const before = box.bytes().length
    expect(box.inTheShop({ ...checkIn, ...changes })).toEqual({ state: 'declined', why })
    expect(box.sent()).toEqual([])
    expect(box.bytes().length).toBe(before)
  })

  it('is not given while the shop is closed, or the clock is not trusted', () => {
    box.clock.setTrusted(false)
    expect(box.shoppers.optIn()).toBeNull()
    expect(box.inTheShop(checkIn)).toEqual({ state: 'declined', why: 'clock' })
    box.clock.setTrusted(true)
    box.pass(8 * hour, minute)
    expect(box.shoppers.optIn()).toBeNull()
    expect(box.inTheShop(checkIn)).toEqual({ state: 'declined', why: 'closed' })
  })

  it('cannot be had by guessing, and nobody is shut out by who guesses', () => {
    const guess = () => box.inTheShop({ ...checkIn, token: '0000000000000' })
    for (let i = 0; i < 60; i++) expect(guess()).toMatchObject({ why: 'token' })
    expect(guess()).toEqual({ state: 'declined', why: 'too-many-tries' })
    expect(box.inTheShop(checkIn)).toMatchObject({ state: 'given' })
    box.pass(61 * second)
    expect(guess()).toMatchObject({ why: 'token' })
  })
})

describe('an agreement for longer', () => {
  it('outlives a restart, can be looked at, lengthened, and taken back one purpose at a time', () => {
    const choices = [
      { purpose: 'offers', days: 30 },
      { purpose: 'presence', days: 10 },
    ]
    const { secret, handles } = receiptOf(box.inTheShop({ ...join30, choices }))
    box.close()
    box.open()
    box.pass(second)
    expect(box.ask({ ask: 'see', secret })).toMatchObject({
      state: 'seen',
      kind: 'record',
      hasTag: false,
      erasure: 'none',
      purposes: [
        { purpose: 'offers', state: 'given' },
        { purpose: 'presence', state: 'given' },
      ],
      record: { entries: [{ type: 'opened' }, { type: 'given' }, { type: 'given' }] },
    })
    const changed = change({ secret, purpose: 'presence', days: 90 })
    expect(verifyReceipt(receiptOf(changed).text)).toMatchObject({ state: 'valid' })
    expect(receiptOf(change({ secret, purpose: 'offers', days: null })).handles).toEqual([handles[1]])
    expect(change({ secret, purpose: 'presence', days: null })).toEqual({ state: 'left', erasure: 'asked' })
    expect(told()).toEqual(['void', 'void', 'void', 'void', 'withdrawn offers', 'withdrawn presence'])
  })

  function change(question: object) {
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    return box.ask({ ask: 'change', fresh: offer.state === 'offer' ? offer.fresh : '', language: 'nl', ...question })
  }

  it('cannot be given back by who recorded the question: it has no fresh word', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    const recorded = {
      ask: 'change',
      fresh: offer.state === 'offer' ? offer.fresh : '',
      language: 'nl',
      secret,
      purpose: 'offers',
      days: 60,
    }
    expect(box.ask(recorded)).toMatchObject({ state: 'changed' })
    box.pass(11 * minute)
    expect(box.ask(recorded)).toEqual({ state: 'declined', why: 'stale' })
  })

  it('ends with everything that waited to be sent, and shows when head office has erased it', () => {
    const { secret, handles } = receiptOf(box.inTheShop(join30))
    expect(told()).toEqual(['given offers', 'arrived offers'])
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'asked' })
    expect(told()).toEqual(['void', 'void', 'withdrawn offers'])
    expect(box.sent()[2]).toMatchObject({ handle: handles[0], seq: 3 })
    const { outbox } = box.storage
    outbox.acknowledged('signals', [1, 2, 3])
    outbox.trim('signals', { upTo: 3, missing: [], erasedUpTo: 2 })
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ erasure: 'asked' })
    outbox.trim('signals', { upTo: 3, missing: [], erasedUpTo: 3 })
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ erasure: 'confirmed' })
    expect(box.ask({ ask: 'leave', secret })).toEqual({ state: 'left', erasure: 'confirmed' })
  })

  it('says nothing while it is paused, and goes on afterwards', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    expect(box.ask({ ask: 'pause', secret })).toEqual({ state: 'done' })
    const before = box.sent().length
    box.pass(5 * hour, minute)
    expect(box.inTheShop({ ask: 'arrive', secret })).toEqual({ state: 'done' })
    expect(box.sent().length).toBe(before)
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    expect(box.ask({ ask: 'resume', secret, fresh: offer.state === 'offer' ? offer.fresh : '' })).toMatchObject({
      state: 'changed',
    })
    expect(box.inTheShop({ ask: 'arrive', secret })).toEqual({ state: 'done' })
    expect(told().at(-1)).toBe('arrived offers')
  })

  it('runs out by itself: no signal from that moment, and head office is told within the hour', () => {
    const { secret } = receiptOf(box.inTheShop({ ...join30, choices: [{ purpose: 'offers', days: 1 }] }))
    box.clock.step(day)
    box.pass(second)
    expect(box.inTheShop({ ask: 'arrive', secret })).toEqual({ state: 'done' })
    box.pass(hour, minute)
    expect(told()).toEqual(['void', 'void', 'expired offers'])
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ purposes: [{ state: 'expired' }] })
  })

  it('stops when the notice changes, until the shopper agrees anew', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    const changed =
      '[{ id: offers, texts: { nl: "Anders.", en: "Other." }, benefit: "A coffee.", recipient: Acme Retail BV, retention: 30d }]'
    box.close()
    box.open(configOf({ purposes: changed }))
    box.pass(5 * hour, minute)
    const before = box.sent().length
    expect(box.inTheShop({ ask: 'arrive', secret })).toEqual({ state: 'done' })
    expect(box.sent().length).toBe(before)
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ purposes: [{ state: 'notice-outdated' }] })
    expect(change({ secret, purpose: 'offers', days: 30 })).toMatchObject({ state: 'changed' })
    expect(box.inTheShop({ ask: 'arrive', secret })).toEqual({ state: 'done' })
  })

  it('can be left though the shop asks for nothing any more', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    box.close()
    box.open(configOf({ purposes: '[]' }))
    box.pass(second)
    expect(box.shoppers.optIn()).toBeNull()
    expect(box.inTheShop(checkIn)).toEqual({ state: 'declined', why: 'off' })
    expect(box.ask({ ask: 'leave', secret })).toMatchObject({ state: 'left' })
    expect(told().at(-1)).toBe('expired offers')
  })
})

describe('a box whose keys cannot be opened', () => {
  it('tells of nobody any more, not even what waited', () => {
    box.inTheShop(join30)
    expect(told()).toEqual(['given offers', 'arrived offers'])
    box.close()
    truncateSync(join(box.folder, 'consent.keys'), 100)
    box.open()
    expect(told()).toEqual(['void', 'void'])
    expect(box.inTheShop(checkIn)).toEqual({ state: 'declined', why: 'off' })
  })
})

describe('a box whose record is not whole', () => {
  let secret: string
  beforeEach(() => {
    ;({ secret } = receiptOf(box.inTheShop(join30)))
    const sql = box.storage.database.connection
    const trigger = sql.prepare("SELECT sql FROM sqlite_schema WHERE name = 'consent_event_fixed'").pluck().get()
    sql.exec("DROP TRIGGER consent_event_fixed; UPDATE consent_event SET body = replace(body, 'nl', 'de')")
    sql.exec(String(trigger))
    box.close()
  })

  it('grants nothing, says "off", and goes on with the rest', () => {
    box.open(configOf(), false)
    box.pass(second)
    expect(box.shoppers.optIn()).toBeNull()
    expect(box.inTheShop(checkIn)).toEqual({ state: 'declined', why: 'off' })
  })

  it('ends what was agreed at its next start, tells head office, and may be asked again', () => {
    box.open()
    box.pass(second)
    expect(box.ask({ ask: 'see', secret })).toEqual({ state: 'declined', why: 'unknown' })
    expect(told().at(-1)).toBe('expired offers')
    expect(box.inTheShop(checkIn)).toMatchObject({ state: 'given' })
  })
})

describe('a record that is longer than an answer', () => {
  it('is seen without its export', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    const offer = box.ask({ ask: 'offer', language: 'nl' })
    if (offer.state !== 'offer') throw new Error(offer.state)
    const change = { ask: 'change', fresh: offer.fresh, secret, purpose: 'offers', language: 'nl' }
    for (let i = 0; i < 200; i++)
      expect(box.ask({ ...change, days: 20 + (i % 10) })).toMatchObject({ state: 'changed' })
    const question = sealQuestion(Buffer.from(offer.askKey, 'base64url'), { ask: 'see', secret })
    const answer = question.open(box.shoppers.ask(question.bytes, 'here') ?? Buffer.alloc(0))
    expect(answer).toMatchObject({ state: 'seen', purposes: [{ state: 'changed' }], record: null })
  })
})

describe('a box that was put back from an old image', () => {
  it('voids what was agreed, and begins its numbers behind what head office has seen', () => {
    const { secret } = receiptOf(box.inTheShop(join30))
    box.shoppers.restoredFromImage(40)
    expect(told()).toEqual(['void', 'void', 'void', 'expired offers'])
    expect(box.sent().at(-1)).toMatchObject({ seq: 41 })
    expect(box.ask({ ask: 'see', secret })).toMatchObject({ purposes: [{ state: 'expired' }] })
  })

  it('goes on behind them after a restart too, if there was nothing to void', () => {
    box.shoppers.restoredFromImage(40)
    box.close()
    box.open()
    box.pass(second)
    box.inTheShop(join30)
    expect(box.sent().map(({ seq }) => seq)).toEqual([40, 41, 42])
  })
})
