import { randomBytes } from 'node:crypto'
import { brokenRecord, type Verdict } from './chain.ts'
import {
  answerAnew,
  answers,
  type Choice,
  type ConsentNews,
  historyOf,
  isEnd,
  type NoConsent,
  noticeFor,
  type Offer,
  objectionTo,
  objectionToChoice,
  opening,
  type Wish,
  withdrawal,
} from './choice.ts'
import type { Entry, Method, Visits } from './event.ts'
import { type Grant, isGranted, type Purpose } from './grant.ts'
import type { SlotKey } from './key-slots.ts'
import { type ConsentRecord, grantOf, isLive } from './record.ts'
import { openRecords, type RecordParts } from './records.ts'
import { lapsesOf } from './upkeep.ts'

export interface ConsentParts extends Offer, RecordParts {
  readonly editorial: ReadonlySet<string>
}

/**
 * All that shoppers agreed to on this box: the one place where a consent begins, changes and ends. Whatever returned is on
 * the disk. Every question is answered from the records, which are folded from the chain; what is not known is no.
 */
export interface Consents {
  /** @param key what recognises the shopper's tag; null where nobody is recognised by radio */
  enrol(wish: Wish, key: SlotKey | null): { state: 'given'; record: string; secret: Buffer } | Declined
  /** Enrols a tag or app for a record that lives; one that it had is recognised no longer. */
  attach(record: string, key: SlotKey): { state: 'given' } | Declined
  /** The tag's clock as it was heard lately: kept, so that a slow clock is not lost in a year. Its key must be the same. */
  noteClock(record: string, key: SlotKey): void
  /** Agrees anew to one purpose of a record that lives. */
  agree(record: string, choice: Choice, method: Method, language: string): { state: 'given' } | Declined
  /** When it returns the key is gone from the disk, if nothing else is agreed. False when there was nothing to end. */
  withdraw(record: string, purpose: Purpose | 'all', method: Method): boolean
  /** Stops matching without losing anything (GDPR Art. 18), and lets it go on. */
  restrict(record: string): boolean
  resume(record: string): boolean
  /** Of a receipt's secret, 16 bytes. */
  recordOf(secret: Buffer): string | undefined
  record(id: string): ConsentRecord | undefined
  records(): Iterable<ConsentRecord>
  /** Everything that is kept about a record, as it lies on the disk. */
  entriesOf(record: string): Entry[]
  grant(record: string, purpose: Purpose): Grant | undefined
  /** Judged anew at every call: at this moment, with a clock that is trusted, under the notice in force. */
  isGranted(record: string, purpose: Purpose): boolean
  /** Does any purpose hold now? */
  isAnyGranted(record: string): boolean
  /** Opens the identity key of a record that may be matched now. */
  keyOf(record: string): SlotKey | undefined
  /** A shopper was recognised: kept to the week, and only the last one. */
  noteSeen(record: string): void
  noteVisits(visits: readonly Visits[]): void
  /** Hands over what head office must be told, once: with the transaction that queues it. */
  passOn(work: (news: readonly ConsentNews[]) => void): number
  /** The ends of these handles are to be told once more: what told them was lost. */
  tellAgain(handles: ReadonlySet<string>): void
  /** Now and then: ends what ends by itself, forgets what was kept long enough. @param keepFor ms */
  tidy(keepFor: number): void
  /** Head office knows more of this box than it does itself: it was put back from an old image. */
  restoredFromImage(): void
  verify(): Verdict
}

export interface Declined {
  readonly state: 'declined'
  readonly why: NoConsent | 'ended'
}

const declined = (why: Declined['why']): Declined => ({ state: 'declined', why })

/** Finishes what a crash interrupted before it returns. @throws CONSENT_RECORD_BROKEN */
export function openConsents(parts: ConsentParts): Consents {
  const { clock, notices, editorial, slots } = parts
  const kept = openRecords(parts)
  const { all, commit, settle } = kept

  function enrol(wish: Wish, key: SlotKey | null): ReturnType<Consents['enrol']> {
    const objection = clock.isTrusted() ? objectionTo(wish, parts, clock.now()) : 'clock'
    if (objection) return declined(objection)
    const slot = key ? kept.freeSlot() : null
    if (slot === undefined) return declined('no-room')
    const secret = randomBytes(16)
    const opened = opening(wish, parts.country, kept.hashOf(secret), slot)
    const given = answers(opened.record, wish, parts)
    if (!key || slot === null) commit([opened, ...given])
    else {
      // The place is reserved before a key is in it, and nothing is agreed before the key is: no crash leaves a key
      // that no record knows of.
      commit([opened])
      try {
        slots.put(slot, opened.record, key)
        commit(given)
      } finally {
        settle([opened.record])
      }
    }
    return { state: 'given', record: opened.record, secret }
  }

  function attach(id: string, key: SlotKey): ReturnType<Consents['attach']> {
    const record = all.get(id)
    if (!record || !isLive(record)) return declined('ended')
    // The place it has already is written over, so that the key before is gone.
    const slot = record.isErased ? kept.freeSlot() : record.slot
    if (slot === undefined || slot === null) return declined('no-room')
    if (record.isErased) commit([{ type: 'keyed', record: id, slot }])
    slots.put(slot, id, key)
    return { state: 'given' }
  }

  function noteClock(id: string, key: SlotKey): void {
    const slot = all.get(id)?.slot ?? null
    if (slot !== null && keyOf(id)?.identityKey.equals(key.identityKey)) slots.put(slot, id, key)
  }

  function agree(id: string, choice: Choice, method: Method, language: string): ReturnType<Consents['agree']> {
    const record = all.get(id)
    if (!record || !isLive(record)) return declined('ended')
    const objection = clock.isTrusted() ? objectionToChoice(choice, language, parts, clock.now()) : 'clock'
    const notice = noticeFor(notices, choice.purpose, language)
    if (objection || !notice || choice.until === null) return declined(objection ?? 'unknown-purpose')
    commit([answerAnew(record, notice, choice.until, method)])
    return { state: 'given' }
  }

  function withdraw(id: string, purpose: Purpose | 'all', method: Method): boolean {
    const record = all.get(id)
    const ended = record ? withdrawal(record, purpose, method) : []
    try {
      commit(ended)
    } finally {
      // Also when the mark could not be written: what is durable is finished.
      settle([id])
    }
    return ended.length > 0
  }

  function setRestricted(id: string, isRestricted: boolean): boolean {
    const record = all.get(id)
    if (!record || !isLive(record)) return false
    if (record.isRestricted !== isRestricted) commit([{ type: isRestricted ? 'restricted' : 'resumed', record: id }])
    return true
  }

  function grant(id: string, purpose: Purpose): Grant | undefined {
    const record = all.get(id)
    return record && grantOf(record, purpose, notices, editorial)
  }

  function isGrantedNow(id: string, purpose: Purpose): boolean {
    const language = all.get(id)?.purposes.get(purpose)?.agreed?.language ?? ''
    const inForce = noticeFor(notices, purpose, language)
    if (!inForce || !clock.isTrusted()) return false
    return isGranted(grant(id, purpose), purpose, inForce.hash, clock.now())
  }

  function isAnyGranted(id: string): boolean {
    return (
      all
        .get(id)
        ?.purposes.keys()
        .some((purpose) => isGrantedNow(id, purpose)) === true
    )
  }

  function keyOf(id: string): SlotKey | undefined {
    const slot = all.get(id)?.slot ?? null
    return slot !== null && isAnyGranted(id) ? slots.take(slot, id) : undefined
  }

  function lapse(): void {
    // A clock that may be wrong ends nothing; it grants nothing either.
    if (!clock.isTrusted()) return
    commit(lapsesOf(all.values(), { now: clock.now(), notices, editorial, seenAt: kept.seen.at }))
    settle(all.keys())
  }

  lapse()
  return {
    enrol,
    attach,
    noteClock,
    agree,
    withdraw,
    restrict: (id) => setRestricted(id, true),
    resume: (id) => setRestricted(id, false),
    recordOf: kept.recordOf,
    record: (id) => all.get(id),
    records: () => all.values(),
    entriesOf: (id) => kept.chain.entries(all.get(id)?.seqs ?? []),
    grant,
    isGranted: isGrantedNow,
    isAnyGranted,
    keyOf,
    noteSeen: (id) => void (all.has(id) && kept.seen.note(id, clock.now())),
    noteVisits: (visits) => commit(visits),
    passOn: kept.news.passOn,
    tellAgain(handles) {
      const found = kept.chain.verify()
      if (found.state === 'broken') throw brokenRecord(found)
      const ends = historyOf(found.entries).filter((one) => isEnd(one) && handles.has(one.handle))
      parts.database.transaction(() => kept.news.note(ends))
    },
    tidy(keepFor) {
      lapse()
      if (clock.isTrusted()) kept.forget(clock.now() - keepFor)
    },
    restoredFromImage: kept.voidAll,
    verify: () => kept.chain.verify(),
  }
}
