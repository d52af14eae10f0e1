import type { OpenedQuestion } from '../base/ask-seal.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { day, parseDuration } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config.ts'
import type { BoxKeys } from '../consent/box-keys.ts'
import { type Answer, type Measured, refusal } from '../consent/desk-answers.ts'
import type { Today } from '../consent/today.ts'
import type { Recognised } from '../observations/observation.ts'
import type { TagEar } from '../observations/recognition.ts'
import type { Policy } from '../privacy/policy.ts'
import type { DayVisitors } from '../privacy/visitors.ts'
import type { Wall } from '../privacy/wall.ts'
import type { Identity } from '../uplink/feed.ts'
import type { Outbox } from '../uplink/outbox.ts'
import type { Faults } from './faults.ts'

export interface ShopperParts {
  readonly config: Config
  readonly database: Database
  /** Of the database. */
  readonly file: string
  /** The key of the box. */
  readonly key: Buffer
  readonly clock: Clock
  /** Tokens and words are good for so long of real time. */
  readonly realClock: Clock
  readonly outbox: Outbox
  readonly identity: Identity
  readonly log: Log
  readonly policy: () => Policy
  /** On which day, and by which purpose, somebody who is seen now is counted. */
  readonly counting: Wall['counting']
  /** Rows were put into the outbox. */
  readonly wake: () => void
  /** What shoppers agreed to was changed on the disk: the next start salvages it. */
  readonly onDamage?: (error: unknown) => void
}

/** What stands also where the record is not whole. */
export interface Ground {
  readonly keys: BoxKeys
  readonly today: Today
  readonly faults: Faults
}

/** The shopper's side of the house on one page: what they say, who is known, what leaves about them. */
export interface Shoppers {
  readonly tags: TagEar
  /** How many were here, of those who agreed to be counted. */
  readonly visitors: DayVisitors
  /** The tag of somebody who agreed was heard. */
  recognised(observation: Recognised): void
  /** Answers a question. @param from whom to count wrong tries against */
  answer(question: unknown, from: string): Answer
  /** The same for a sealed one; undefined when it was not sealed for this box. */
  ask(sealed: Buffer, from: string): Buffer | undefined
  /** What the screen and the beacon show now; null while nothing can be agreed to. */
  optIn(): { readonly token: Buffer; readonly shown: string; readonly changesInMs: number } | null
  /** Lets time pass: about once a second. */
  tick(): void
  /** Head office knows more than this box: it was put back from an old image. */
  restoredFromImage(signalsUpTo: number): void
  close(): void
}

/** Nothing is granted, and nobody is told that anything was done; who was here cannot be said, but what was noted goes. */
export function closedShoppers(visitors: DayVisitors): Shoppers {
  return {
    visitors: { ...visitors, on: () => undefined },
    tags: { book: { find: () => -1, size: 0 }, isEnrolling: () => false, near() {} },
    recognised() {},
    answer: () => refusal('off'),
    ask: () => undefined,
    optIn: () => null,
    tick() {},
    restoredFromImage() {},
    close() {},
  }
}

/** Who changed their mind hundreds of times is answered without the whole record: `drempel consent export` prints that. */
export function sealAnswer({ seal }: OpenedQuestion, answer: Answer): Buffer {
  try {
    return seal(answer)
  } catch (error) {
    if (!(error instanceof RangeError) || answer.state !== 'seen') throw error
    return seal({ ...answer, record: null })
  }
}

/** What the page tells of what is measured. */
export function measuredBy({ profile, windowSeconds, guessIn100 }: Policy, { retention }: Config): Measured {
  const retainedDays = Math.floor(parseDuration(retention.journal) / day)
  return { profile, windowMinutes: windowSeconds / 60, guessIn100, retainedDays }
}

/** Where somebody is who says that they are here: at the radio, or else at the first door. */
export function placeOf({ sensors, zones }: Config): string {
  return (
    sensors.find(({ kind }) => kind === 'ble')?.zone ?? zones.find(({ kind }) => kind === 'door')?.id ?? zones[0]!.id
  )
}

export function isLeave(question: unknown): boolean {
  return typeof question === 'object' && question !== null && 'ask' in question && question.ask === 'leave'
}
