import type { Ballast } from '../base/ballast.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { day } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { areRanges, covers, type Range } from '../base/ranges.ts'
import type { Outgoing } from './feed.ts'

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
    const { upTo, missing } = JSON.parse(text) as Stored
    return Number.isSafeInteger(upTo) && areRanges(missing, 1, upTo) ? { upTo, missing } : nothingStored
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
