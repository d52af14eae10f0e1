import type { Ballast } from '../base/ballast.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { day } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { areRanges, covers, type Range } from '../base/ranges.ts'
import type { Lane, Outgoing } from './feed.ts'

/** A stored message whose MAC holds. */
export interface Row {
  readonly outgoing: Outgoing
  readonly seq: number
  /** Wall ms. */
  readonly notBefore: number
  readonly createdAt: number
  readonly isPacked: boolean
  readonly isFirstSend: boolean
}

export interface Batch {
  readonly rows: readonly Row[]
  /** The highest `seq` that was looked at; 0 when there was none. */
  readonly upTo: number
  /** False when the limit cut it short. */
  readonly isEnd: boolean
  /** Milliseconds until there is more; null when nothing is known to come. */
  readonly inMs: number | null
}

/** The consumer has everything up to `upTo` but for the missing ranges. */
export interface Stored {
  readonly upTo: number
  readonly missing: readonly Range[]
  /** Of signals: the end of every consent up to this number has led to an erasure there. */
  readonly erasedUpTo?: number
}

export interface OutboxStats {
  readonly rows: number
  readonly bytes: number
  /** Not yet PUBACKed. */
  readonly waiting: number
  /** Put aside because the broker refused them; they are tried again. */
  readonly refused: number
  /** Put aside for good because their MAC did not hold, since start. */
  readonly broken: number
  /** Rows and counters whose content was whole but whose state did not hold, since start: told anew. */
  readonly repaired: number
  /** Wall ms at which the oldest waiting row came in. */
  readonly oldest: number | null
  /** Hours of aggregates that still fit if nothing can be sent. */
  readonly hoursLeft: number
  /** Aggregates that will never come. */
  readonly shed: readonly Range[] | null
}

export interface OutboxParts {
  readonly database: Database
  readonly key: Buffer
  /** Ages are counted on it: the real clock, also in `replay`. */
  readonly clock: Clock
  readonly log: Log
  readonly ballast?: Ballast
  readonly limits?: Partial<OutboxLimits>
}

export interface OutboxLimits {
  readonly bytes: number
  readonly age: number
  readonly keepAcknowledged: number
}

export const usualLimits: OutboxLimits = { bytes: 64_000_000, age: 90 * day, keepAcknowledged: 7 * day }

const nothingStored: Stored = { upTo: 0, missing: [] }

/** What the disk changed says only that there is a consumer. */
export function parseStored(text: string | null): Stored | undefined {
  if (text === null) return undefined
  try {
    const { upTo, missing, erasedUpTo } = JSON.parse(text) as Stored
    if (!Number.isSafeInteger(upTo) || !areRanges(missing, 1, upTo)) return nothingStored
    return Number.isSafeInteger(erasedUpTo) ? { upTo, missing, erasedUpTo: erasedUpTo! } : { upTo, missing }
  } catch {
    return nothingStored
  }
}

/** Does the consumer have this one? */
export function isStored({ upTo, missing }: Stored, seq: number): boolean {
  return seq <= upTo && !covers(missing, seq)
}

/** The `seq` that a message itself tells; undefined when it is unreadable. */
export function ownSeq({ bytes }: { readonly bytes: unknown }): number | undefined {
  try {
    const { seq } = JSON.parse(String(bytes)) as { seq?: unknown }
    return Number.isSafeInteger(seq) ? Number(seq) : undefined
  } catch {
    return undefined
  }
}

/**
 * Everything that is to leave lies here until the consumer says that it has it. A row is deleted when it was PUBACKed
 * and is stored at the consumer; or 7 days after its PUBACK where no consumer ever wrote `stored`; or, oldest first and
 * by name, beyond 90 days or 64 MB. Rows carry a MAC: what the disk changed is put aside, never sent.
 */
export interface AboutWhom {
  readonly handle: string
  readonly purpose: string
}

export interface Outbox {
  /**
   * Keeps a message until it is delivered. Call inside the transaction that makes its number durable.
   * @param notBefore wall ms before which it may not leave
   */
  put(outgoing: Outgoing, notBefore: number): void
  /**
   * The same for a message of the signals' lane that no disk may hold: it lives in memory, and what is stored under its
   * number is a void, which is what goes out if this process ends first.
   */
  putFleeting(outgoing: Outgoing, notBefore: number): void
  /**
   * Puts a void in the place of everything about these handles but their end. Gone from the rows when it returns; what was
   * handed to the broker cannot be called back. @returns how many
   */
  voidAbout(handles: ReadonlySet<string>): number
  /** The same for signals that came in before wall ms `time` and are still here: they are past their retention. */
  voidBefore(time: number): number
  /** Whom the signals on the disk are about: each as often as there are messages. */
  shoppers(): AboutWhom[]
  /** Numbers of this lane whose message the disk changed: it was put aside and will not be sent. */
  putAside(lane: Lane): number[]
  /**
   * Numbers that the consumer lacks and that do not lie here any more: the disk took them. At most a thousand, and none
   * before the consumer spoke since start, since after a salvage what it said before may be old.
   */
  lacking(lane: Lane): number[]
  /** Rows to send after `after`, in `seq` order, up to the first that may not leave yet at wall ms `now`. */
  due(lane: Lane, after: number, limit: number, now: number): Batch
  /** Rows after `after` whose time to be sent again has come: refused, or not seen at the consumer. */
  again(lane: Lane, after: number, limit: number): Batch
  /** The broker took them. A power cut may undo this; they are then sent again. */
  acknowledged(lane: Lane, seqs: readonly number[]): void
  /** The broker would not take it: put aside for five minutes, doubling up to six hours. */
  refused(lane: Lane, seqs: readonly number[]): void
  /** From now on these travel in a backlog only. */
  packed(lane: Lane, seqs: readonly number[]): void
  /** What the consumer has; rows it has are deleted if they were PUBACKed, missing ones are hastened. */
  trim(lane: Lane, stored: Stored): void
  /** What the consumer last said that it has; undefined when it never spoke. */
  stored(lane: Lane): Stored | undefined
  /** The highest `seq` ever put; 0 at first. */
  lastSeq(lane: Lane): number
  /** The message with this number; undefined where there is none, or none that holds. */
  message(lane: Lane, seq: number): Outgoing | undefined
  /** How many rows were not PUBACKed yet. */
  waiting(): number
  /** These numbers were given out and will never come, unless they are here or there: they are named in `health`. */
  neverComes(seqs: Iterable<number>): void
  /** The lowest `seq` of aggregates that the consumer may lack. */
  firstInDoubt(): number
  /** Deletes what is past its time. Call at start and a few times an hour. */
  sweep(): void
  /** @param bytesPerHour of all declared series together, for `hoursLeft` */
  stats(bytesPerHour?: number): OutboxStats
  /** Runs work that writes; on a full disk gives the ballast free, then sheds the oldest, and tries again. */
  withRoom<T>(work: () => T): T
}
