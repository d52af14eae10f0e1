import { second } from '../base/duration.ts'
import { areRanges } from '../base/ranges.ts'
import type { LastSeq } from './courier-words.ts'
import { fits, type Lane, lanes } from './feed.ts'
import type { StoredMessage } from './feed-schema.ts'
import type { Stored } from './outbox-words.ts'

/** What of a `stored` message can be true. */
export interface Heard {
  readonly stored: Partial<Record<Lane, Stored>>
  /** The consumer has aggregates that this box never sent, and perhaps signals: up to here. */
  readonly ahead: LastSeq | null
  /** Something in it cannot be true. */
  readonly isDoubtful: boolean
}

// Nobody is further ahead of a restored image than ten years of ten zones at 5 minutes.
const farthestAhead = 10_000_000

const largestMessage = 256 * 1024

/** Anything at all may come from the network; what is no JSON, or far too long, fits no schema. */
export function parseMessage(payload: Buffer): unknown {
  if (payload.length > largestMessage) return undefined
  try {
    return JSON.parse(payload.toString())
  } catch {
    return undefined
  }
}

/** `stored` comes from the network: only what fits the schema and what we ever sent is believed. */
export function hearStored(message: unknown, lastSeq: LastSeq): Heard {
  if (!fits('stored', message)) return { stored: {}, ahead: null, isDoubtful: true }
  const told = message as StoredMessage
  const stored: Partial<Record<Lane, Stored>> = {}
  for (const lane of lanes) {
    const { upTo, missing } = told[lane] ?? { upTo: -1, missing: [] }
    if (told[lane] && upTo <= lastSeq[lane] && areRanges(missing, 1, upTo))
      stored[lane] = { upTo, missing, ...erased(told, lane) }
  }
  const over = (told.aggregates?.upTo ?? 0) - lastSeq.aggregates
  const ahead = over > 0 && over <= farthestAhead ? furthest(told, lastSeq) : null
  return { stored, ahead, isDoubtful: lanes.some((lane) => told[lane] && !stored[lane]) }
}

function furthest({ aggregates, signals }: StoredMessage, lastSeq: LastSeq): LastSeq {
  const upTo = signals?.upTo ?? 0
  const isBelievable = upTo - lastSeq.signals <= farthestAhead
  return {
    aggregates: aggregates?.upTo ?? lastSeq.aggregates,
    signals: isBelievable ? Math.max(upTo, lastSeq.signals) : lastSeq.signals,
  }
}

/** What it erased it has seen. */
function erased({ signals }: StoredMessage, lane: Lane): { erasedUpTo?: number } {
  const upTo = lane === 'signals' ? signals?.erasedUpTo : undefined
  return upTo === undefined ? {} : { erasedUpTo: Math.min(upTo, signals!.upTo) }
}

/** Listens to the consumer: the newest word counts, and is acted upon at most four times a second. */
export interface Ear {
  /** @returns what is to be done at once: adopt a higher seq, or say that the message was not believed */
  hear(message: unknown, isRetained: boolean, lastSeq: LastSeq): { adopt: LastSeq | null; isIgnored: boolean }
  /** What to act upon now; empty when nothing is new or it is too soon. */
  take(real: number): readonly (readonly [Lane, Stored])[]
  /** Real ms at which there is something to take. */
  readonly takeAt: number
}

const pause = second / 4

export function createEar(): Ear {
  const news = new Map<Lane, Stored>()
  let takenAt = -Infinity
  let hasHeard = false

  const takeAt = () => (news.size > 0 ? takenAt + pause : Infinity)
  return {
    hear(message, isRetained, lastSeq) {
      const { stored, ahead, isDoubtful } = hearStored(message, lastSeq)
      for (const lane of lanes) if (stored[lane]) news.set(lane, stored[lane])
      // Only what lay at the broker before us can tell that this box was restored from an old image.
      const adopt = isRetained && !hasHeard ? ahead : null
      hasHeard ||= isRetained && (!isDoubtful || ahead !== null)
      return { adopt, isIgnored: isDoubtful && adopt === null }
    },
    take(real) {
      if (real < takeAt()) return []
      takenAt = real
      const taken = [...news]
      news.clear()
      return taken
    },
    get takeAt() {
      return takeAt()
    },
  }
}
