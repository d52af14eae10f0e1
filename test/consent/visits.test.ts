import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { day, hour } from '../../src/base/duration.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import { noticesOf } from '../../src/consent/notice.ts'
import { issueReceipt, verifyReceipt } from '../../src/consent/receipt.ts'
import { sourceOfVisit } from '../../src/consent/receipt-source.ts'
import { mostVisits, openVisits } from '../../src/consent/visits.ts'
import { aShop, controller, noon, usualPurposes } from './shop.ts'

const closing = noon + 6 * hour
const wish = { language: 'nl', age: 30, purposes: ['offers'] }

function aVisit(clock = manualClock(noon)) {
  const notices = noticesOf(controller, usualPurposes, ['nl', 'en'])
  return { clock, visits: openVisits({ country: 'NL', notices, longest: new Map() }, clock, Buffer.alloc(32)) }
}

describe('"just this visit"', () => {
  test('is granted for what was chosen until the shop closes', () => {
    const { clock, visits } = aVisit()
    const answer = visits.checkIn(wish, closing)
    if (answer.state === 'declined') throw new Error(answer.why)
    const { id } = answer.visit
    expect([visits.isGranted(id, 'offers'), visits.isGranted(id, 'presence')]).toEqual([true, false])
    expect(visits.visitOf(answer.secret)).toBe(answer.visit)
    clock.advanceTo(6 * hour - 1)
    expect(visits.isGranted(id, 'offers')).toBe(true)
    clock.advanceTo(6 * hour)
    expect(visits.isGranted(id, 'offers')).toBe(false)
  })

  test('ends when the shopper leaves, and nothing of it is left', () => {
    const { visits } = aVisit()
    const answer = visits.checkIn(wish, closing)
    if (answer.state === 'declined') throw new Error(answer.why)
    expect(visits.leave(answer.visit.id)).toBe(true)
    expect(visits.isGranted(answer.visit.id, 'offers')).toBe(false)
    expect(visits.visitOf(answer.secret)).toBeUndefined()
    expect(visits.leave(answer.visit.id)).toBe(false)
    expect(visits.close('2026-11-23').news).toEqual([])
  })

  test.each([
    ['age', { age: 12 }],
    ['nothing-agreed', { purposes: [] }],
    ['twice', { purposes: ['offers', 'offers'] }],
    ['unknown-purpose', { purposes: ['offers', 'profiling'] }],
    ['unknown-purpose', { language: 'fr' }],
  ])('is declined for %s', (why, changes) => {
    const { visits } = aVisit()
    expect(visits.checkIn({ ...wish, ...changes }, closing)).toEqual({ state: 'declined', why })
    expect(visits.count).toBe(0)
  })

  test('is declined after closing, for more than a day and while the clock is not trusted', () => {
    const { clock, visits } = aVisit()
    expect(visits.checkIn(wish, noon)).toEqual({ state: 'declined', why: 'nothing-agreed' })
    expect(visits.checkIn(wish, noon + day + 1)).toEqual({ state: 'declined', why: 'too-long' })
    const answer = visits.checkIn(wish, closing)
    clock.setTrusted(false)
    expect(visits.checkIn(wish, closing)).toEqual({ state: 'declined', why: 'clock' })
    expect(answer.state === 'given' && visits.isGranted(answer.visit.id, 'offers')).toBe(false)
  })

  test('leaves no handle, secret or name on the disk, only how many there were, told after closing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-visit-'))
    const shop = aShop(manualClock(noon), folder)
    const { visits } = aVisit(shop.clock)
    const consents = shop.open()
    const people = Array.from({ length: 5 }, () => visits.checkIn(wish, closing))
    const closed = visits.close('2026-11-23')
    expect(closed.news).toHaveLength(5)
    expect(closed.visits).toMatchObject([{ type: 'visits', day: '2026-11-23', purpose: 'offers', count: 5 }])
    consents.noteVisits(closed.visits)
    expect(visits.close('2026-11-24')).toEqual({ news: [], visits: [] })
    const verdict = consents.verify()
    expect(verdict.state === 'sound' && verdict.entries).toMatchObject([{ type: 'visits', count: 5, seq: 1 }])
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
    for (const answer of people) {
      if (answer.state === 'declined') throw new Error(answer.why)
      const traces = [answer.visit.id, answer.visit.grants[0]!.handle, answer.secret.toString('base64url')]
      for (const trace of [...traces, answer.secret, Buffer.from(answer.visit.id, 'base64url')]) {
        expect(files.some((bytes) => bytes.includes(trace))).toBe(false)
      }
    }
    shop.close()
    rmSync(folder, { recursive: true })
  })

  test('is proven afterwards by its receipt alone', () => {
    const { visits } = aVisit()
    const answer = visits.checkIn(wish, closing)
    if (answer.state === 'declined') throw new Error(answer.why)
    const shop = { controller, purposes: usualPurposes, country: 'NL', service: 'Acme Spuistraat', policyUrl: '' }
    const { signer } = boxKeysOf(Buffer.alloc(32, 7))
    const text = issueReceipt(sourceOfVisit(answer.visit, shop), answer.secret, signer)
    visits.close('2026-11-23')
    const check = verifyReceipt(text, signer.keyId)
    const [purpose] = check.state === 'valid' ? check.receipt.services[0]!.purposes : []
    expect(purpose).toMatchObject({ purpose: 'offers', termination: new Date(closing).toISOString() })
    expect(purpose!.handle).toBe(answer.visit.grants[0]!.handle)
  })

  test('does not fill the memory', () => {
    const { visits } = aVisit()
    for (let i = 0; i < mostVisits; i++) visits.checkIn(wish, closing)
    expect(visits.checkIn(wish, closing)).toEqual({ state: 'declined', why: 'no-room' })
    expect(visits.count).toBe(mostVisits)
  })
})
