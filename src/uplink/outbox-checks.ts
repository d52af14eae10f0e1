import type { Database } from '../base/database.ts'
import { describeError, GatewayError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { holds, macOf, tagHolds } from '../base/mac.ts'
import { type Lane, lanes } from './feed.ts'
import { isFolded, type StoredRow } from './outbox-schema.ts'
import { isStateWhole, type LaneStatements } from './outbox-table.ts'
import { ownSeq, parseStored, type Stored } from './outbox-words.ts'

/**
 * Finds what the disk changed. Content that does not hold is never sent: it is put aside and named. State that does not
 * hold begins anew, so that the row is sent once more rather than not at all. Counters are counted again.
 */
export interface Checks {
  /** Is it the content that was put under this number? Otherwise it is gone from there when this returns. */
  isContent(lane: Lane, row: StoredRow): boolean
  /** Is what a row says of its age and its way true? If not, it has begun anew when this returns. */
  isTrue(lane: Lane, row: StoredRow): boolean
  trueState(lane: Lane, row: StoredRow): StoredRow
  /** What the consumer last said that it has; undefined when it never spoke. */
  stored(lane: Lane): Stored | undefined
  /** Rows put aside since start. */
  readonly broken: number
  /** Rows and counters set right since start. */
  readonly repaired: number
}

export interface ChecksParts {
  readonly database: Database
  readonly statements: ReadonlyMap<Lane, LaneStatements>
  readonly key: Buffer
  readonly log: Log
  /** Wall ms, or 1 while the clock is not trusted. */
  readonly dated: () => number
  readonly lazily: (work: () => void) => void
  /** Moves a row away for good. */
  readonly gone: (lane: Lane, seq: number) => void
  /** A row stands where it was not seen before. */
  readonly back: (lane: Lane, seq: number) => void
}

export function createChecks({ database, statements, key, log, dated, lazily, gone, back }: ChecksParts): Checks {
  const of = (lane: Lane) => statements.get(lane)!
  let [broken, repaired] = [0, 0]
  for (const lane of lanes) checkCounters(lane)

  function checkCounters(lane: Lane): void {
    const told = of(lane).state.get()
    const areFolded = told !== undefined && isFolded(told)
    if (of(lane).deleteBrokenGone.run().changes > 0 || !areFolded) repaired += 1
    if (!areFolded) database.transaction(() => recount(lane))
  }

  /** Reads every row, so only when the counters are known to be wrong. */
  function recount(lane: Lane): void {
    const told = of(lane).state.get()
    of(lane).recount.run({ least: told && isFolded(told) ? told.last_seq : 0 })
  }

  function isTrue(lane: Lane, row: StoredRow): boolean {
    if (isStateWhole(key, lane, row)) return true
    const { seq } = row
    repaired += 1
    lazily(() => {
      of(lane).reset.run({ seq, now: dated() })
      recount(lane)
    })
    return false
  }

  function holdsUnder(lane: Lane, seq: number, { topic, bytes, mac }: StoredRow): boolean {
    // One bit makes bytes of a text, and a MAC is the same over both.
    const isTyped = typeof topic === 'string' && Buffer.isBuffer(mac) && Buffer.isBuffer(bytes)
    return isTyped && holds(mac, macOf(key, topic, lane, seq, bytes))
  }

  function setAside(lane: Lane, seq: number): void {
    lazily(() => gone(lane, seq))
    broken += 1
    log.error({ lane, seq }, describeError(new GatewayError('UPLINK_ROW_BROKEN', 'It will not be sent.')))
  }

  /** Only its number was changed, and its content says which it had. */
  function putBack(lane: Lane, seq: number, own: number): void {
    repaired += 1
    lazily(() => {
      of(lane).rename.run({ seq, to: own })
      of(lane).reset.run({ seq: own, now: dated() })
      recount(lane)
    })
    back(lane, own)
  }

  return {
    isContent(lane, row) {
      if (holdsUnder(lane, row.seq, row)) return true
      const own = ownSeq(row)
      const isMoved = own !== undefined && holdsUnder(lane, own, row) && !of(lane).one.get(own)
      if (isMoved) putBack(lane, row.seq, own)
      else setAside(lane, row.seq)
      return false
    },
    isTrue,
    trueState: (lane, row) => (isTrue(lane, row) ? row : of(lane).one.get(row.seq)!),
    stored(lane) {
      const { stored, stored_tag } = of(lane).state.get()!
      if (stored === null) return undefined
      // What was changed says only that there is a consumer: then nothing counts as stored.
      return parseStored(tagHolds(stored_tag, key, 'stored', [lane, stored]) ? stored : '')
    },
    get broken() {
      return broken
    },
    get repaired() {
      return repaired
    },
  }
}
