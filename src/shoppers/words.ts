import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config.ts'
import { type Answer, refusal } from '../consent/desk-answers.ts'
import type { Recognised } from '../observations/observation.ts'
import type { TagEar } from '../observations/recognition.ts'
import type { Policy } from '../privacy/policy.ts'
import type { Identity } from '../uplink/feed.ts'
import type { Outbox } from '../uplink/outbox.ts'

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
  /** Rows were put into the outbox. */
  readonly wake: () => void
  /** What shoppers agreed to was changed on the disk: the next start salvages it. */
  readonly onDamage?: (error: unknown) => void
}

/** The shopper's side of the house on one page: what they say, who is known, what leaves about them. */
export interface Shoppers {
  readonly tags: TagEar
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

/** Nothing is granted, and nobody is told that anything was done. */
export function closedShoppers(): Shoppers {
  return {
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
