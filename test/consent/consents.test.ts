import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { day, hour, parseDuration } from '../../src/base/duration.ts'
import { noticesOf } from '../../src/consent/notice.ts'
import { stateOf } from '../../src/consent/record.ts'
import { aKey, aShop, aWish, controller, joined, noon, purpose, type Shop, usualPurposes } from './shop.ts'

let shop: Shop
beforeEach(() => {
  shop = aShop()
})
afterEach(() => shop.remove())

const hashOf = (changes: { language?: string } = {}) =>
  noticesOf(controller, usualPurposes, ['nl', 'en']).find(
    (one) => one.purpose === 'offers' && one.language === (changes.language ?? 'nl'),
  )!.hash

describe('joining', () => {
  test('gives a grant for what was chosen and for nothing else', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    expect(consents.isGranted(record, 'offers')).toBe(true)
    expect(consents.isGranted(record, 'presence')).toBe(false)
    expect(consents.isGranted(record, 'unheard-of')).toBe(false)
    expect(consents.isGranted('somebody', 'offers')).toBe(false)
    expect(consents.grant(record, 'offers')).toMatchObject({ notice: hashOf(), validFrom: noon, withdrawnAt: null })
  })

  test('survives a restart with its key', () => {
    const key = aKey()
    const { record } = joined(shop.open(), aWish(), key)
    const consents = shop.open()
    expect(consents.isGranted(record, 'offers')).toBe(true)
    expect(consents.keyOf(record)).toEqual(key)
  })

  test('gives each shopper and purpose a handle of its own, derived from nothing', () => {
    const consents = shop.open()
    const both = aWish({ choices: ['offers', 'presence'].map((purpose) => ({ purpose, until: noon + day })) })
    const key = aKey()
    const records = [joined(consents, both, key).record, joined(consents, both, key).record]
    const handles = records.flatMap((id) => ['offers', 'presence'].map((one) => consents.grant(id, one)!.handle))
    expect(new Set(handles).size).toBe(4)
    for (const handle of handles) expect(handle).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(shop.news().map(({ handle }) => handle)).toEqual(handles)
  })

  test.each([
    ['age', { age: 15 }],
    ['age', { age: undefined }],
    ['age', { age: Number.NaN }],
    ['nothing-agreed', { choices: [] }],
    ['nothing-agreed', { choices: [{ purpose: 'offers', until: null }] }],
    ['nothing-agreed', { choices: [{ purpose: 'offers', until: noon }] }],
    ['nothing-agreed', { choices: [{ purpose: 'offers', until: Number.NaN }] }],
    ['unknown-purpose', { choices: [{ purpose: 'profiling', until: noon + day }] }],
    ['unknown-purpose', { language: 'fr' }],
    ['too-long', { choices: [{ purpose: 'offers', until: noon + 181 * day }] }],
    ['too-long', { choices: [{ purpose: 'offers', until: Number.POSITIVE_INFINITY }] }],
    ['twice', { choices: [noon + day, null].map((until) => ({ purpose: 'offers', until })) }],
  ])('is declined for %s and leaves nothing (%j)', (why, changes) => {
    const consents = shop.open()
    const before = readFileSync(join(shop.folder, 'consent.keys'))
    expect(consents.enrol(aWish(changes), aKey())).toEqual({ state: 'declined', why })
    expect([...consents.records()]).toEqual([])
    expect(readFileSync(join(shop.folder, 'consent.keys'))).toEqual(before)
  })

  test.each([
    ['SE', 13],
    ['ES', 14],
    ['FR', 15],
    ['NL', 16],
    ['XX', 16],
  ])('in %s is from %i years on', (country, age) => {
    const consents = shop.open({ country })
    expect(consents.enrol(aWish({ age: age - 1 }), null).state).toBe('declined')
    expect(consents.enrol(aWish({ age }), null).state).toBe('given')
  })

  test('is declined while the clock is not trusted, and nothing is granted then', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    shop.clock.setTrusted(false)
    expect(consents.enrol(aWish(), null)).toEqual({ state: 'declined', why: 'clock' })
    expect(consents.isGranted(record, 'offers')).toBe(false)
    expect(consents.keyOf(record)).toBeUndefined()
    shop.clock.setTrusted(true)
    expect(consents.isGranted(record, 'offers')).toBe(true)
  })

  test('is declined when every place is taken, until somebody leaves', () => {
    const consents = shop.open({ slotCount: 2 })
    const first = joined(consents)
    joined(consents)
    expect(consents.enrol(aWish(), aKey())).toEqual({ state: 'declined', why: 'no-room' })
    expect(consents.enrol(aWish(), null).state).toBe('given')
    consents.withdraw(first.record, 'all', 'page')
    expect(consents.enrol(aWish(), aKey()).state).toBe('given')
  })
})

describe('leaving', () => {
  test('ends every purpose, erases the key and tells head office, also after a restart', () => {
    let consents = shop.open()
    const { record, secret } = joined(consents)
    const { handle } = consents.grant(record, 'offers')!
    expect(consents.recordOf(secret)).toBe(record)
    expect(consents.withdraw(record, 'all', 'receipt')).toBe(true)
    for (let i = 0; i < 2; i++) {
      expect(consents.isGranted(record, 'offers')).toBe(false)
      expect(consents.keyOf(record)).toBeUndefined()
      expect(consents.record(record)?.isErased).toBe(true)
      consents = shop.open()
    }
    expect(shop.news().at(-1)).toEqual({ handle, purpose: 'offers', event: 'withdrawn' })
    expect(consents.withdraw(record, 'all', 'receipt')).toBe(false)
    expect(consents.agree(record, { purpose: 'offers', until: noon + day }, 'page', 'nl').state).toBe('declined')
  })

  test('one purpose keeps the other and the key', () => {
    const consents = shop.open()
    const both = aWish({ choices: ['offers', 'presence'].map((purpose) => ({ purpose, until: noon + day })) })
    const { record } = joined(consents, both)
    consents.withdraw(record, 'offers', 'page')
    expect(consents.isGranted(record, 'offers')).toBe(false)
    expect(consents.isGranted(record, 'presence')).toBe(true)
    expect(consents.keyOf(record)).toBeDefined()
    consents.withdraw(record, 'presence', 'page')
    expect(consents.record(record)?.isErased).toBe(true)
  })

  test('and joining that purpose again gets another handle, changing it keeps the handle', () => {
    const consents = shop.open()
    const both = aWish({ choices: ['offers', 'presence'].map((purpose) => ({ purpose, until: noon + day })) })
    const { record } = joined(consents, both)
    const first = consents.grant(record, 'offers')!
    consents.agree(record, { purpose: 'offers', until: noon + 2 * day }, 'page', 'en')
    const changed = consents.grant(record, 'offers')!
    expect(changed).toMatchObject({
      handle: first.handle,
      notice: hashOf({ language: 'en' }),
      validUntil: noon + 2 * day,
    })
    expect(stateOf(consents.record(record)!, 'offers')).toBe('changed')
    consents.withdraw(record, 'offers', 'page')
    consents.agree(record, { purpose: 'offers', until: noon + day }, 'page', 'nl')
    expect(consents.grant(record, 'offers')!.handle).not.toBe(first.handle)
  })

  test('is possible while the clock is not trusted', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    shop.clock.setTrusted(false)
    expect(consents.withdraw(record, 'all', 'page')).toBe(true)
    expect(consents.record(record)?.isErased).toBe(true)
  })

  test('is refused inside a transaction that could undo it', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    const inside = () => shop.database().transaction(() => consents.withdraw(record, 'all', 'page'))
    expect(inside).toThrow('a transaction of its own')
    expect(consents.isGranted(record, 'offers')).toBe(true)
  })

  test('is told to head office once, with what is done about it or not at all', () => {
    let consents = shop.open()
    const { record } = joined(consents)
    expect(shop.news()).toHaveLength(1)
    consents.withdraw(record, 'all', 'page')
    const fail = () =>
      consents.passOn(() => {
        throw new Error('the outbox is full')
      })
    expect(fail).toThrow('the outbox is full')
    consents = shop.open()
    expect(shop.news().map(({ event }) => event)).toEqual(['given', 'withdrawn'])
    expect(consents.passOn(() => {})).toBe(0)
  })

  test('with a wrong secret finds nobody', () => {
    const consents = shop.open()
    const { secret } = joined(consents)
    expect(consents.recordOf(Buffer.from(secret).fill(0, 0, 1))).toBeUndefined()
    const disk = readdirSync(shop.folder).map((name) => readFileSync(join(shop.folder, name)))
    for (const bytes of disk) {
      expect(bytes.includes(secret)).toBe(false)
      expect(bytes.includes(secret.toString('hex'))).toBe(false)
      expect(bytes.includes(secret.toString('base64url'))).toBe(false)
    }
  })
})

describe('restriction', () => {
  test('stops matching, keeps the key and goes on when it is lifted', () => {
    let consents = shop.open()
    const { record } = joined(consents)
    expect(consents.restrict(record)).toBe(true)
    consents = shop.open()
    expect(consents.isGranted(record, 'offers')).toBe(false)
    expect(consents.keyOf(record)).toBeUndefined()
    expect(stateOf(consents.record(record)!, 'offers')).toBe('restricted')
    expect(consents.resume(record)).toBe(true)
    expect(consents.isGranted(record, 'offers')).toBe(true)
    expect(consents.keyOf(record)).toBeDefined()
    consents.withdraw(record, 'all', 'page')
    expect([consents.restrict(record), consents.resume(record)]).toEqual([false, false])
  })
})

describe('a changed notice', () => {
  const changes = {
    'the controller': { controller: { ...controller, name: 'Other BV' } },
    'a recipient': { controller: { ...controller, recipients: [{ name: 'Ads Inc', country: 'US' }] } },
    'the recipient of the purpose': { purposes: [purpose('offers', { recipient: 'Ads Inc' })] },
    'the retention': { purposes: [purpose('offers', { retention: '180d' })] },
    'the caps': { purposes: [purpose('offers', { caps: { perDay: 7, perVisit: 3 } })] },
  }
  const reworded = [purpose('offers', { texts: { nl: 'Andere tekst.', en: 'Other text.' } }), purpose('presence')]

  test.each(Object.entries(changes))('of %s stops recognition until the shopper agrees anew', (_, change) => {
    const { record } = joined(shop.open())
    // Calling it editorial does not help.
    const purposes = (change as { purposes?: [] }).purposes ?? usualPurposes
    const lied = purposes.map((one) => ({ ...one, editorial: [hashOf()] }))
    const consents = shop.open({ ...change, purposes: lied })
    expect(consents.isGranted(record, 'offers')).toBe(false)
    expect(consents.keyOf(record)).toBeUndefined()
    expect(stateOf(consents.record(record)!, 'offers')).toBe('notice-outdated')
    const handles = shop.news().length
    expect(consents.agree(record, { purpose: 'offers', until: noon + day }, 'page', 'nl').state).toBe('given')
    expect(consents.isGranted(record, 'offers')).toBe(true)
    expect(consents.keyOf(record)).toBeDefined()
    expect(shop.news()).toHaveLength(handles)
  })

  test('of the wording alone stops it too, unless the configuration calls it editorial', () => {
    const { record } = joined(shop.open())
    const marked = reworded.map((one) => ({ ...one, editorial: [hashOf()] }))
    expect(shop.open({ purposes: marked }).isGranted(record, 'offers')).toBe(true)
    expect(shop.open({ purposes: reworded }).isGranted(record, 'offers')).toBe(false)
    // It stays stopped when the old words come back.
    expect(shop.open().isGranted(record, 'offers')).toBe(false)
  })

  test('ends a purpose that is not offered any more', () => {
    const { record } = joined(shop.open())
    const consents = shop.open({ purposes: [purpose('presence')] })
    expect(stateOf(consents.record(record)!, 'offers')).toBe('expired')
    expect(consents.record(record)!.isErased).toBe(true)
  })
})

describe('time', () => {
  test('ends an agreement on the millisecond, and its key by the next day', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    shop.clock.advanceTo(30 * day - 1)
    expect(consents.isGranted(record, 'offers')).toBe(true)
    shop.clock.advanceTo(30 * day)
    expect(consents.isGranted(record, 'offers')).toBe(false)
    consents.tidy(parseDuration('5y'))
    expect(stateOf(consents.record(record)!, 'offers')).toBe('expired')
    expect(consents.record(record)!.isErased).toBe(true)
    expect(shop.news().at(-1)?.event).toBe('expired')
  })

  test('before an agreement began grants nothing', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    shop.clock.step(-1)
    expect(consents.isGranted(record, 'offers')).toBe(false)
  })

  test('of 180 days away ends it, and being seen begins them anew', () => {
    const purposes = [purpose('offers', { longest: '2y' })]
    const consents = shop.open({ purposes })
    const long = aWish({ choices: [{ purpose: 'offers', until: noon + 700 * day }] })
    const [away, here] = [joined(consents, long).record, joined(consents, long).record]
    const reasons = (id: string) =>
      consents.entriesOf(id).flatMap((entry) => (entry.type === 'expired' ? entry.why : []))
    shop.clock.advanceTo(100 * day)
    consents.noteSeen(here)
    shop.clock.advanceTo(180 * day)
    consents.tidy(parseDuration('5y'))
    expect([consents.isGranted(away, 'offers'), consents.isGranted(here, 'offers')]).toEqual([true, true])
    shop.clock.advanceTo(180 * day + 1)
    consents.tidy(parseDuration('5y'))
    expect([reasons(away), reasons(here)]).toEqual([['dormant'], []])
    expect(consents.record(away)!.isErased).toBe(true)
    shop.clock.advanceTo(280 * day)
    consents.tidy(parseDuration('5y'))
    expect(reasons(here)).toEqual([])
    shop.clock.advanceTo(288 * day)
    consents.tidy(parseDuration('5y'))
    expect(reasons(here)).toEqual(['dormant'])
  })

  test('keeps of a sighting its week only, and no more once the key is gone', () => {
    const consents = shop.open()
    const { record } = joined(consents)
    const rows = () => shop.database().connection.prepare('SELECT * FROM consent_seen').all()
    consents.noteSeen(record)
    shop.clock.advanceTo(hour)
    consents.noteSeen(record)
    consents.noteSeen('nobody')
    expect(rows()).toEqual([{ record, week: Math.floor(noon / (7 * day)) }])
    consents.withdraw(record, 'all', 'page')
    expect(rows()).toEqual([])
  })

  test('forgets a record when it was kept long enough, and the chain still holds', () => {
    let consents = shop.open()
    const [gone, kept] = [joined(consents), joined(consents)]
    const principal = consents.record(gone.record)!.opened.principal
    consents.withdraw(gone.record, 'all', 'page')
    consents.noteVisits([{ type: 'visits', day: '2026-11-23', purpose: 'offers', notice: hashOf(), count: 4 }])
    shop.clock.advanceTo(29 * day)
    consents.tidy(29 * day)
    expect(consents.record(gone.record)).toBeDefined()
    shop.clock.advanceTo(29 * day + 1)
    consents.tidy(29 * day)
    expect(consents.record(gone.record)).toBeUndefined()
    expect(consents.recordOf(gone.secret)).toBeUndefined()
    expect(consents.verify()).toMatchObject({ state: 'sound', forgotten: 6 })
    consents = shop.open()
    expect(consents.record(gone.record)).toBeUndefined()
    expect(consents.isGranted(kept.record, 'offers')).toBe(true)
    shop.close()
    const files = readdirSync(shop.folder).map((name) => readFileSync(join(shop.folder, name)))
    for (const word of [principal, gone.record, '"type":"visits"']) {
      expect(
        files.some((bytes) => bytes.includes(word)),
        word,
      ).toBe(false)
    }
  })
})

describe('a record put back from a copy', () => {
  const files = ['drempel.db', 'consent.mark', 'consent.keys']
  const save = (names: readonly string[]) => {
    shop.close()
    for (const name of names) copyFileSync(join(shop.folder, name), join(shop.folder, `${name}.copy`))
  }
  const restore = (names: readonly string[]) => {
    shop.close()
    for (const suffix of ['-wal', '-shm']) rmSync(join(shop.folder, `drempel.db${suffix}`), { force: true })
    for (const name of names) copyFileSync(join(shop.folder, `${name}.copy`), join(shop.folder, name))
  }

  test('grants nothing that it granted, erases every key, and can begin anew', () => {
    const before = joined(shop.open())
    save(['drempel.db'])
    let consents = shop.open()
    consents.withdraw(before.record, 'all', 'page')
    const later = joined(consents, aWish(), aKey())
    const keysBefore = readFileSync(join(shop.folder, 'consent.keys'))
    restore(['drempel.db'])
    for (let i = 0; i < 2; i++) {
      consents = shop.open()
      expect(consents.isGranted(before.record, 'offers')).toBe(false)
      expect(consents.isGranted(later.record, 'offers')).toBe(false)
      expect(consents.record(before.record)!.isErased).toBe(true)
    }
    const keysAfter = readFileSync(join(shop.folder, 'consent.keys'))
    for (let at = 0; at < keysAfter.length; at += 64) {
      expect(keysAfter.subarray(at, at + 64)).not.toEqual(keysBefore.subarray(at, at + 64))
    }
    expect(shop.news().at(-1)?.event).toBe('expired')
    const anew = joined(consents)
    expect(shop.open().isGranted(anew.record, 'offers')).toBe(true)
  })

  test('is noticed too when the mark is gone, or was written by somebody else', () => {
    const { record } = joined(shop.open())
    shop.close()
    rmSync(join(shop.folder, 'consent.mark'))
    expect(shop.open().isGranted(record, 'offers')).toBe(false)
  })

  test('or begun anew after damage, leaves no key of those it no longer knows', () => {
    const { record } = joined(shop.open())
    shop.close()
    const before = readFileSync(join(shop.folder, 'consent.keys'))
    rmSync(join(shop.folder, 'drempel.db'))
    const consents = shop.open()
    expect([consents.record(record), consents.isGranted(record, 'offers')]).toEqual([undefined, false])
    expect(readFileSync(join(shop.folder, 'consent.keys')).subarray(0, 64)).not.toEqual(before.subarray(0, 64))
    const anew = joined(consents).record
    expect(shop.open().isGranted(anew, 'offers')).toBe(true)
  })

  test('whole, with mark and keys, looks sound here: head office has to say it', () => {
    const before = joined(shop.open())
    save(files)
    shop.open().withdraw(before.record, 'all', 'page')
    restore(files)
    const consents = shop.open()
    expect(consents.isGranted(before.record, 'offers')).toBe(true)
    consents.restoredFromImage()
    expect(consents.isGranted(before.record, 'offers')).toBe(false)
    expect(consents.keyOf(before.record)).toBeUndefined()
    expect(shop.open().isGranted(before.record, 'offers')).toBe(false)
    expect(existsSync(join(shop.folder, 'consent.mark'))).toBe(true)
  })
})
