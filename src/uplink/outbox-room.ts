import type { Ballast } from '../base/ballast.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { isStorageFull } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type Range, withRange } from '../base/ranges.ts'
import { type Lane, lanes } from './feed.ts'
import { type StoredRow, undated } from './outbox-schema.ts'
import type { LaneStatements } from './outbox-table.ts'

/** What happens when there is no more room, on the disk or in the outbox: the oldest go, and it is said which. */
export interface Room {
  /** Deletes the oldest rows, aggregates first, until at most `bytes` are held. */
  shedAbove(bytes: number): void
  /** Deletes what came in before wall ms `moment`. */
  shedOlderThan(moment: number): void
  /** This number will never come; head office is told in `health`. */
  nameGone(lane: Lane, seq: number): void
  /** The newest 50 ranges of aggregates that will never come. */
  gone(): readonly Range[] | null
  /** Forgets what was named before wall ms `moment`. */
  forgetGone(moment: number): void
  bytesHeld(): number
  /** Runs work that writes. On a full disk the ballast goes first, then the oldest messages, more each time. */
  withRoom<T>(work: () => T): T
}

export interface RoomParts {
  readonly database: Database
  readonly statements: ReadonlyMap<Lane, LaneStatements>
  readonly clock: Clock
  readonly log: Log
  readonly ballast: Ballast | undefined
  /** Has a consumer ever written `stored`? Then a PUBACK alone does not count as delivered. */
  readonly hasConsumer: (lane: Lane) => boolean
  /** Is what a row says of its age and its way true? If not, it is begun anew and the answer is no. */
  readonly isTrue: (lane: Lane, row: StoredRow) => boolean
}

const mostRangesShown = 50
const mostTries = 4
const bytesShedWhenFull = 16 * 1024
// More than the two commits of a slot touch.
const fewPages = 16

/** That somebody came yesterday is of less use than how many did: signals make room for counts, never the other way. */
const shedFirst: readonly Lane[] = ['signals', 'aggregates']

export function createRoom({ database, statements, clock, log, ballast, hasConsumer, isTrue }: RoomParts): Room {
  const of = (lane: Lane) => statements.get(lane)!
  const bytesHeld = () => lanes.reduce((sum, lane) => sum + of(lane).state.get()!.bytes, 0)

  function nameGone(lane: Lane, seq: number): void {
    const named = { seq, now: clock.isTrusted() ? clock.now() : undated }
    if (of(lane).growGone.run(named).changes === 0) of(lane).addGone.run(named)
  }

  function shed(lane: Lane, row: StoredRow): void {
    of(lane).deleteOne.run(row.seq)
    if (row.acked_at === null || hasConsumer(lane)) nameGone(lane, row.seq)
  }

  /** Sheds from the oldest on while `isTooMuch`; returns how many. */
  function shedWhile(lane: Lane, isTooMuch: (row: StoredRow) => boolean): number {
    let count = 0
    for (let row = of(lane).first.get(); row && isTooMuch(row); row = of(lane).first.get()) {
      shed(lane, row)
      count += 1
    }
    return count
  }

  function report(count: number, why: string): void {
    if (count > 0) log.error({ messages: count, shed: gone() }, `${why}: the oldest messages were shed.`)
  }

  function gone(): readonly Range[] | null {
    const named = of('aggregates').gone.all()
    const ranges = named.reduce<Range[]>((merged, { first, last }) => withRange(merged, [first, last]), [])
    return ranges.length > 0 ? ranges.slice(-mostRangesShown) : null
  }

  function shedAbove(bytes: number): void {
    let held = bytesHeld()
    if (held <= bytes) return
    const isTooMuch = (row: StoredRow) => {
      const tooMuch = held > bytes
      if (tooMuch) held -= row.bytes.length
      return tooMuch
    }
    const count = shedFirst.reduce((sum, lane) => sum + shedWhile(lane, isTooMuch), 0)
    report(count, 'There was no more room')
  }

  /** Nothing here may fail for want of room: it is how room is made. */
  function quietly(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!isStorageFull(error)) throw error
    }
  }

  function shedBytes(bytes: number): void {
    quietly(() => database.lazyTransaction(() => shedAbove(bytesHeld() - bytes)))
  }

  /** Gives back what the write-ahead log took; the database itself grows only by pages it did not have before. */
  function checkpoint(): void {
    quietly(() => database.connection.pragma('wal_checkpoint(TRUNCATE)'))
  }

  function makeRoom(tries: number): void {
    if (ballast?.release()) log.warn('The disk is full: the ballast was given free.')
    checkpoint()
    if (tries === 0) return
    shedBytes(bytesShedWhenFull * 2 ** tries)
    checkpoint()
  }

  /** While even the ballast's room is used up the database must not grow: the oldest go before new pages are needed. */
  function stayAfloat(): void {
    if (!ballast || ballast.isHeld || ballast.remake() || ballast.hasRoom()) return
    const freePages = Number(database.connection.pragma('freelist_count', { simple: true }))
    if (freePages < fewPages) shedBytes(bytesShedWhenFull)
  }

  return {
    shedAbove,
    shedOlderThan(moment) {
      // What was PUBACKed and has no consumer goes by the age of its PUBACK.
      const isTooOld = (lane: Lane) => (row: StoredRow) =>
        isTrue(lane, row) && row.created_at < moment && (row.acked_at === null || hasConsumer(lane))
      const count = lanes.reduce((sum, lane) => sum + shedWhile(lane, isTooOld(lane)), 0)
      report(count, 'They could not be delivered in 90 days')
    },
    nameGone,
    gone,
    forgetGone(moment) {
      for (const lane of lanes) of(lane).dateGone.run({ now: clock.now() })
      database.connection.prepare('DELETE FROM outbox_gone WHERE at < ?').run(moment)
    },
    bytesHeld,
    withRoom(work) {
      if (database.connection.inTransaction) return work()
      stayAfloat()
      for (let tries = 0; ; tries += 1) {
        try {
          const result = work()
          if (ballast?.isHeld === false) checkpoint()
          return result
        } catch (error) {
          if (!isStorageFull(error) || tries >= mostTries) throw error
          makeRoom(tries)
        }
      }
    },
  }
}
