import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { day } from '../base/duration.ts'
import { leaveProof } from '../base/leave-proof.ts'
import type { BoxKeys } from './box-keys.ts'
import type { Consents } from './consents.ts'
import { type Answer, type Erasure, refusal, type Why } from './desk-answers.ts'
import { type Question, type QuestionOf, readQuestion } from './desk-questions.ts'
import { describeRecord, describeVisit } from './desk-words.ts'
import type { Method } from './event.ts'
import type { Freshness } from './freshness.ts'
import type { OptIn } from './opt-in.ts'
import { issueReceipt, type ReceiptSource } from './receipt.ts'
import { packReceipt } from './receipt-code.ts'
import { type ReceiptShop, sourceOfRecord, sourceOfVisit } from './receipt-source.ts'
import { type ConsentRecord, endedHandles, isLive } from './record.ts'
import type { TagDesk } from './tag-desk.ts'
import type { OpenVisits, Visit } from './visits.ts'

/**
 * Where shoppers are answered, whichever way their question came: through the box's own page or sealed through head office's.
 * It holds no names: who asks is known by the secret of their receipt, and nothing is said to anybody else.
 */
export interface Desk {
  /** Never throws for what a question holds; what is answered is on the disk. @param from whom to count wrong tries against */
  answer(question: unknown, from: string): Answer
}

export interface DeskParts {
  readonly consents: Consents
  readonly visits: OpenVisits
  readonly tags: TagDesk
  readonly optIn: OptIn
  readonly freshness: Freshness
  readonly keys: BoxKeys
  readonly clock: Clock
  readonly shop: ReceiptShop
  /** Is a purpose declared at all? Without one only leaving and looking are answered. */
  readonly isOffering: boolean
  readonly offer: (language: string) => Answer
  /** Wall ms at which the shop closes; undefined while it is closed. */
  readonly closing: () => number | undefined
  /** The record whose tag says these 8 bytes now. */
  readonly recordOfTag: (eid: Buffer) => string | undefined
  readonly erasureOf: (handles: readonly string[]) => Erasure
  readonly told: DeskNews
}

/** What the house is told, after it is on the disk. */
export interface DeskNews {
  /** Somebody said that they are here. */
  came(who: string): void
  /** Something of a visit or record has ended or changed: what has ended may be told no more, nor its tag be known. */
  changed(who: string): void
  visitLeft(visit: Visit): void
  /** Somebody asks again for what may not have been told the first time. */
  again(): void
}

export function createDesk(parts: DeskParts): Desk {
  const { consents, visits, tags, optIn, keys, shop, clock, told } = parts

  type Answers = { readonly [K in Question['ask']]: (question: QuestionOf<K>, from: string) => Answer }
  const answers: Answers = {
    offer: ({ language }) => parts.offer(language),
    'check-in': checkIn,
    join,
    arrive,
    see,
    change,
    pause: ({ secret }) => onRecord(secret, (record) => setPaused(record, true) ?? { state: 'done' }),
    resume: ({ fresh, secret }) => whenFresh(fresh, () => onRecord(secret, (record) => resume(record, secret))),
    leave,
    'tag-token': ({ fresh, secret }) => whenFresh(fresh, () => onRecord(secret, ({ id }) => tags.begin(id))),
    // Of 128 bits each: nobody guesses them, so nobody is shut out by somebody's guesses.
    tag: (question) => tags.offered(question),
    'tag-leave': tagLeave,
    'tag-state': ({ secret }) => onRecord(secret, ({ id }) => tags.state(id)),
  }

  function checkIn(question: QuestionOf<'check-in'>, from: string): Answer {
    const closing = parts.closing()
    const why = objection(question, closing, from)
    if (why || closing === undefined) return refusal(why ?? 'closed')
    const given = visits.checkIn(question, closing)
    if (given.state === 'declined') return refusal(given.why)
    told.came(given.visit.id)
    return receiptOf('visit', sourceOfVisit(given.visit, shop), given.secret)
  }

  function join(question: QuestionOf<'join'>, from: string): Answer {
    const why = objection(question, parts.closing(), from)
    if (why) return refusal(why)
    const { language, age } = question
    const choices = question.choices.map(({ purpose, days }) => ({ purpose, until: clock.now() + days * day }))
    const given = consents.enrol({ language, age, choices, method: 'page' }, null)
    if (given.state === 'declined') return refusal(given.why)
    told.came(given.record)
    return receiptOf('record', sourceOfRecord(consents.record(given.record)!, shop), given.secret)
  }

  /** In the order in which a shopper can do something about it; the token last, since a wrong one counts. */
  function objection(
    question: { fresh: string; token: string },
    closing: number | undefined,
    from: string,
  ): Why | undefined {
    if (!parts.isOffering) return 'off'
    if (!clock.isTrusted()) return 'clock'
    if (closing === undefined) return 'closed'
    if (!parts.freshness.isFresh(question.fresh)) return 'stale'
    const redeemed = optIn.redeem(question.token, from)
    if (redeemed === 'in-the-shop') return undefined
    return redeemed === 'wrong-or-late' ? 'token' : redeemed
  }

  function arrive(question: QuestionOf<'arrive'>, from: string): Answer {
    return onRecord(question.secret, ({ id }) => {
      const why = objection(question, parts.closing(), from)
      if (why) return refusal(why)
      told.came(id)
      return { state: 'done' }
    })
  }

  function see({ secret }: QuestionOf<'see'>): Answer {
    const visit = visits.visitOf(bytesOf(secret))
    if (visit) return describeVisit(visit, clock.now())
    const record = recordOf(secret)
    if (!record) return refusal('unknown')
    return describeRecord(record, consents.entriesOf(record.id), parts.erasureOf(endedHandles(record)))
  }

  function change({ fresh, secret, purpose, days, language }: QuestionOf<'change'>): Answer {
    return onRecord(secret, ({ id }) => {
      if (days === null) consents.withdraw(id, purpose, 'receipt')
      else {
        if (!parts.freshness.isFresh(fresh)) return refusal('stale')
        const given = consents.agree(id, { purpose, until: clock.now() + days * day }, 'receipt', language)
        if (given.state === 'declined') return refusal(given.why)
      }
      told.changed(id)
      return receiptAnew(id, secret)
    })
  }

  function setPaused({ id }: ConsentRecord, isPaused: boolean): Answer | undefined {
    const isDone = isPaused ? consents.restrict(id) : consents.resume(id)
    if (!isDone) return refusal('ended')
    told.changed(id)
    return undefined
  }

  function resume(record: ConsentRecord, secret: string): Answer {
    return setPaused(record, false) ?? receiptAnew(record.id, secret)
  }

  function leave({ secret }: QuestionOf<'leave'>): Answer {
    const visit = visits.visitOf(bytesOf(secret))
    if (visit) {
      visits.leave(visit.id)
      told.visitLeft(visit)
      told.changed(visit.id)
      return { state: 'left', erasure: parts.erasureOf(visit.grants.map(({ handle }) => handle)) }
    }
    const record = recordOf(secret)
    return record ? withdrawn(record.id, 'receipt') : leftBefore(visits.leftHandles(bytesOf(secret)))
  }

  function leftBefore(handles: readonly string[]): Answer {
    if (handles.length > 0) told.again()
    return { state: 'left', erasure: parts.erasureOf(handles) }
  }

  function withdrawn(id: string, method: Method): Answer {
    consents.withdraw(id, 'all', method)
    told.changed(id)
    return leftOf(consents.record(id))
  }

  function leftOf(record: ConsentRecord | undefined): Answer {
    return { state: 'left', erasure: parts.erasureOf(record ? endedHandles(record) : []) }
  }

  /** Whoever holds the key of a tag may have it forgotten. An identifier alone says nothing: everybody can repeat it. */
  function tagLeave({ eid, proof }: QuestionOf<'tag-leave'>): Answer {
    const said = Buffer.from(eid, 'hex')
    const id = parts.recordOfTag(said)
    const key = id === undefined ? undefined : consents.keyOf(id)
    if (id === undefined || !key) return refusal('unknown')
    const isProven = timingSafeEqual(leaveProof(key.identityKey, said), bytesOf(proof))
    key.identityKey.fill(0)
    return isProven ? withdrawn(id, 'gesture') : refusal('unknown')
  }

  function whenFresh(word: string, act: () => Answer): Answer {
    return parts.freshness.isFresh(word) ? act() : refusal('stale')
  }

  function onRecord(secret: string, act: (record: ConsentRecord) => Answer): Answer {
    const record = recordOf(secret)
    if (!record) return refusal('unknown')
    return isLive(record) ? act(record) : refusal('ended')
  }

  function recordOf(secret: string): ConsentRecord | undefined {
    const id = consents.recordOf(bytesOf(secret))
    return id === undefined ? undefined : consents.record(id)
  }

  function receiptOf(kind: 'visit' | 'record', source: ReceiptSource, secret: Buffer): Answer {
    const receipt = issueReceipt(source, secret, keys.signer)
    const until = new Date(Math.max(...source.purposes.map((one) => one.until))).toISOString()
    return { state: 'given', kind, receipt, code: packReceipt(receipt), until }
  }

  function receiptAnew(id: string, secret: string): Answer {
    const record = consents.record(id)
    // The last purpose was taken back: there is nothing to hold a receipt of.
    if (!record || !isLive(record)) return leftOf(record)
    const receipt = issueReceipt(sourceOfRecord(record, shop), bytesOf(secret), keys.signer)
    return { state: 'changed', receipt, code: packReceipt(receipt) }
  }

  return {
    answer(value, from) {
      const question = readQuestion(value)
      if (!question) return refusal('malformed')
      return (answers[question.ask] as (question: Question, from: string) => Answer)(question, from)
    },
  }
}

function bytesOf(secret: string): Buffer {
  return Buffer.from(secret, 'base64url')
}
