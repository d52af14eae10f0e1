import { randomBytes, randomUUID } from 'node:crypto'
import { ageLimitOf, isOldEnough } from './age.ts'
import type { Agreed, ConsentEvent, Ended, Entry, Method, Opened } from './event.ts'
import type { Purpose } from './grant.ts'
import type { Notice } from './notice.ts'
import { applyEntry, type ConsentRecord, isLive, isOpen } from './record.ts'

/** What the configuration offers, and how long a purpose may be agreed to at once, in ms. */
export interface Offer {
  readonly country: string
  readonly notices: readonly Notice[]
  readonly longest: ReadonlyMap<Purpose, number>
}

/** What a shopper chose for one purpose: until when (ms since 1970), or no. Nothing chosen is no. */
export interface Choice {
  readonly purpose: Purpose
  readonly until: number | null
}

/** What a shopper says on the page or by the gesture. */
export interface Wish {
  readonly language: string
  /** As declared; undefined when they would not say. */
  readonly age: number | undefined
  readonly choices: readonly Choice[]
  readonly method: Method
}

/** Why nothing is issued. */
export type NoConsent = 'clock' | 'age' | 'nothing-agreed' | 'unknown-purpose' | 'twice' | 'too-long' | 'no-room'

/** Why a wish cannot be granted; undefined when it can. */
export function objectionTo(wish: Wish, offer: Offer, now: number): NoConsent | undefined {
  if (!isOldEnough(wish.age, offer.country)) return 'age'
  const agreed = wish.choices.filter(({ until }) => until !== null)
  if (agreed.length === 0) return 'nothing-agreed'
  if (new Set(wish.choices.map(({ purpose }) => purpose)).size < wish.choices.length) return 'twice'
  if (!wish.choices.every(({ purpose }) => noticeFor(offer.notices, purpose, wish.language))) return 'unknown-purpose'
  return agreed.map((choice) => objectionToChoice(choice, wish.language, offer, now)).find((why) => why !== undefined)
}

export function objectionToChoice(
  { purpose, until }: Choice,
  language: string,
  { notices, longest }: Offer,
  now: number,
): NoConsent | undefined {
  if (until === null || !(until > now)) return 'nothing-agreed'
  if (!noticeFor(notices, purpose, language)) return 'unknown-purpose'
  return until <= now + (longest.get(purpose) ?? 0) ? undefined : 'too-long'
}

export function noticeFor(notices: readonly Notice[], purpose: Purpose, language: string): Notice | undefined {
  return notices.find((notice) => notice.purpose === purpose && notice.language === language)
}

/** Random, and derived from nothing. base64url. */
export function randomHandle(): string {
  return randomBytes(16).toString('base64url')
}

/** The beginning of a record. @param secret keyed hash of the receipt's secret, hex */
export function opening(wish: Wish, country: string, secret: string, slot: number | null): Opened {
  return {
    type: 'opened',
    record: randomUUID(),
    principal: randomHandle(),
    language: wish.language,
    jurisdiction: country,
    ageLimit: ageLimitOf(country),
    method: wish.method,
    secret,
    slot,
  }
}

/** The answers to each purpose of a wish that has no objection. */
export function answers(record: string, wish: Wish, { notices }: Offer): (Agreed | Ended)[] {
  const { language, method } = wish
  return wish.choices.map(({ purpose, until }) => {
    const notice = noticeFor(notices, purpose, language)
    if (until === null || !notice) return { type: 'refused', record, purpose, method }
    const { hash, substance } = notice
    return { type: 'given', record, purpose, handle: randomHandle(), notice: hash, substance, language, until, method }
  })
}

/**
 * One purpose agreed to anew: longer, shorter, under another notice, or after it had ended. Who had ended it gets another
 * handle, since head office was told to erase the old one.
 */
export function answerAnew(record: ConsentRecord, notice: Notice, until: number, method: Method): Agreed {
  const { purpose, language, hash, substance } = notice
  const before = record.purposes.get(purpose)
  const kept = before && isOpen(before) ? before.agreed : undefined
  const handle = kept?.handle ?? randomHandle()
  const type = kept ? 'changed' : 'given'
  return { type, record: record.id, purpose, handle, notice: hash, substance, language, until, method }
}

/** Taking back one purpose, or all that are agreed to. Empty when there is nothing to take back. */
export function withdrawal(record: ConsentRecord, purpose: Purpose | 'all', method: Method): Ended[] {
  if (!isLive(record)) return []
  const open = [...record.purposes].filter(([id, one]) => isOpen(one) && (purpose === 'all' || id === purpose))
  return open.map(([id]) => ({ type: 'withdrawn', record: record.id, purpose: id, method }))
}

/** What head office is told about a handle. */
export interface ConsentNews {
  readonly handle: string
  readonly purpose: Purpose
  readonly event: 'given' | 'withdrawn' | 'expired'
}

/** What these events mean to head office, before they are taken into the records. */
export function newsOf(events: readonly ConsentEvent[], records: ReadonlyMap<string, ConsentRecord>): ConsentNews[] {
  return events.flatMap((event) => {
    if (event.type === 'restored') return [...records.values()].flatMap(voidedNews)
    if (event.type === 'given') return [{ handle: event.handle, purpose: event.purpose, event: event.type }]
    if (event.type !== 'withdrawn' && event.type !== 'expired') return []
    const handle = records.get(event.record)?.purposes.get(event.purpose)?.agreed?.handle
    return handle ? [{ handle, purpose: event.purpose, event: event.type }] : []
  })
}

/** All that head office was ever to be told, from the entries of a whole record. */
export function historyOf(entries: Iterable<Entry>): ConsentNews[] {
  const records = new Map<string, ConsentRecord>()
  const history: ConsentNews[] = []
  for (const entry of entries) {
    history.push(...newsOf([entry], records))
    applyEntry(records, entry)
  }
  return history
}

export function isEnd({ event }: ConsentNews): boolean {
  return event !== 'given'
}

function voidedNews({ purposes }: ConsentRecord): ConsentNews[] {
  const open = [...purposes.values()].filter(isOpen)
  return open.flatMap(({ agreed }) =>
    agreed ? [{ handle: agreed.handle, purpose: agreed.purpose, event: 'expired' as const }] : [],
  )
}
