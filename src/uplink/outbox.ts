import { hour, minute } from '../base/duration.ts'
import { GatewayError } from '../base/errors.ts'
import { macOf, rowTag } from '../base/mac.ts'
import { gapsOf, numbersIn } from '../base/ranges.ts'
import { watchJumps } from './clock-jump.ts'
import { isOutgoing, type Lane, lanes, type Outgoing, restore } from './feed.ts'
import { createChecks } from './outbox-checks.ts'
import { createRoom } from './outbox-room.ts'
import { outboxMigrations, type StoredRow, undated } from './outbox-schema.ts'
import { createSignalRows } from './outbox-signals.ts'
import { defineTags, type LaneStatements, laneStatements } from './outbox-table.ts'
import {
  type Batch,
  isStored,
  type Outbox,
  type OutboxParts,
  type OutboxStats,
  ownSeq,
  type Row,
  type Stored,
  usualLimits,
} from './outbox-words.ts'

export { type Outbox, type OutboxParts, outboxMigrations }

const mostBrokenKept = 100
// A release waits for a minute. What would have to wait longer was put before the clock was stepped back.
const isAhead = (ms: number) => ms > 0 && ms <= 10 * minute

/** Opens the outbox in a database that was opened with outboxMigrations. */
export function openOutbox({ database, key, clock, log, ballast, limits }: OutboxParts): Outbox {
  const { bytes: capacity, age, keepAcknowledged } = { ...usualLimits, ...limits }
  const { connection } = database
  defineTags(database, key)
  const statements = new Map<Lane, LaneStatements>(lanes.map((lane) => [lane, laneStatements(database, lane)]))
  const of = (lane: Lane) => statements.get(lane)!
  const state = (lane: Lane) => of(lane).state.get()!
  const dated = () => (clock.isTrusted() ? clock.now() : undated)
  const lazily = (work: () => void) => room.withRoom(() => database.lazyTransaction(work))
  const checks = createChecks({ database, statements, key, log, dated, lazily, gone: setAside, back: comesLate })
  const consumer = new Map<Lane, Stored | undefined>(lanes.map((lane) => [lane, checks.stored(lane)]))
  /** Whose word is of this very life. */
  const spoke = new Set<Lane>()
  /** The lowest seq put since the last reading: a slot that was lost comes in late, behind the cursor. */
  const lowestNew = new Map<Lane, number>()

  const hasConsumer = (lane: Lane) => consumer.get(lane) !== undefined
  const jump = watchJumps(clock)
  const room = createRoom({ database, statements, clock, log, ballast, hasConsumer, isTrue: checks.isTrue })
  const deleteBroken = connection.prepare('DELETE FROM outbox_broken WHERE found_at < ?')
  const selectBroken = connection.prepare<[Lane], StoredRow>('SELECT seq, bytes FROM outbox_broken WHERE lane = ?')
  const keepNewestBroken = connection.prepare(
    'DELETE FROM outbox_broken WHERE rowid <= (SELECT max(rowid) FROM outbox_broken) - ?',
  )

  function put(outgoing: Outgoing, notBefore: number): void {
    if (!isOutgoing(outgoing)) throw new GatewayError('PRIVACY_NOT_MINTED', 'It came to the outbox.')
    const { lane, seq, topic, bytes } = outgoing
    if (lane === null || seq === null) throw new GatewayError('UPLINK_MESSAGE_REFUSED', 'A notice is not stored.')
    const known = of(lane).one.get(seq)
    if (known?.bytes.equals(bytes)) return
    if (known) throw new GatewayError('UPLINK_MESSAGE_REFUSED', `seq ${seq} has other bytes already.`)
    of(lane).insert.run({ seq, notBefore, now: dated(), topic, mac: macOf(key, topic, lane, seq, bytes), bytes })
    comesLate(lane, seq)
    room.shedAbove(capacity)
  }

  const signals = createSignalRows({
    rows: () => of('signals').all.all(),
    abouts: () => of('signals').abouts.all(),
    row: (seq) => of('signals').one.get(seq),
    outgoingOf: (row) => trusted('signals', row)[0]?.outgoing,
    exchange(seq, outgoing) {
      lazily(() => {
        of('signals').deleteOne.run(seq)
        put(outgoing, 0)
      })
    },
  })

  function comesLate(lane: Lane, seq: number): void {
    lowestNew.set(lane, Math.min(seq, lowestNew.get(lane) ?? seq))
  }

  function setAside(lane: Lane, seq: number): void {
    of(lane).setAside.run({ seq, now: clock.now() })
    of(lane).deleteOne.run(seq)
    // A number that was never given out is not this row's own.
    if (seq <= state(lane).last_seq) room.nameGone(lane, seq)
    keepNewestBroken.run(mostBrokenKept)
  }

  function due(lane: Lane, after: number, limit: number, now: number): Batch {
    const from = Math.min(after, (lowestNew.get(lane) ?? Infinity) - 1)
    lowestNew.delete(lane)
    const rows = of(lane).due.all({ after: from, now: clock.now(), resend: hasConsumer(lane) ? 1 : 0, limit })
    const early = rows.findIndex((row) => row.acked_at === null && isAhead(row.not_before - now))
    if (early < 0) return batch(lane, rows, limit, null)
    return { ...batch(lane, rows.slice(0, early), limit, rows[early]!.not_before - now), isEnd: true }
  }

  function again(lane: Lane, after: number, limit: number): Batch {
    const now = clock.now()
    const rows = of(lane).again.all({ now, never: now + 12 * hour, after, limit })
    const next = of(lane).nextAgain.get(now)
    return batch(lane, rows, limit, next ? next - now : null)
  }

  function batch(lane: Lane, rows: readonly StoredRow[], limit: number, inMs: number | null): Batch {
    const upTo = rows.at(-1)?.seq ?? 0
    return { rows: rows.flatMap((row) => trusted(lane, row)), upTo, isEnd: rows.length < limit, inMs }
  }

  /** The row as it was put, or nothing; its bytes become a message only here, where their MAC was found to hold. */
  function trusted(lane: Lane, row: StoredRow): Row[] {
    if (!checks.isContent(lane, row)) return []
    const { seq, topic, bytes } = row
    const outgoing = (lane === 'signals' && signals.inMemory(seq)) || restore({ topic, bytes, lane, seq })
    const { not_before: notBefore, created_at: createdAt, packed, sends } = checks.trueState(lane, row)
    return [{ outgoing, seq, notBefore, createdAt, isPacked: packed === 1, isFirstSend: sends === 0 }]
  }

  function acknowledged(lane: Lane, seqs: readonly number[]): void {
    const stored = consumer.get(lane)
    lazily(() => {
      const acknowledgement = { at: dated(), now: clock.now(), resend: stored ? 1 : 0 }
      for (const seq of seqs) of(lane).acknowledge.run({ ...acknowledgement, seq })
      if (stored) for (const seq of seqs) if (isStored(stored, seq)) of(lane).deleteOne.run(seq)
    })
  }

  function refused(lane: Lane, seqs: readonly number[]): void {
    lazily(() => {
      for (const seq of seqs) of(lane).refuse.run({ seq, now: clock.now() })
    })
  }

  function packed(lane: Lane, seqs: readonly number[]): void {
    lazily(() => {
      for (const seq of seqs) of(lane).pack.run({ seq })
    })
  }

  function trim(lane: Lane, stored: Stored): void {
    const isNew = !hasConsumer(lane)
    lazily(() => {
      const text = JSON.stringify(stored)
      of(lane).keepStored.run(text, rowTag(key, 'stored', [lane, text]))
      if (isNew) of(lane).expectAll.run({ at: clock.now() + minute })
      for (const gap of gapsOf(stored.missing, [1, stored.upTo])) of(lane).deleteStored.run(...gap)
      for (const [first, last] of stored.missing) of(lane).hasten.run({ first, last })
    })
    consumer.set(lane, stored)
    spoke.add(lane)
    if (lane === 'signals') signals.forget((seq) => isStored(stored, seq))
  }

  function sweep(): void {
    if (!clock.isTrusted()) return
    const [now, by] = [clock.now(), jump()]
    lazily(() => {
      for (const lane of lanes) {
        if (by !== 0) for (const move of [of(lane).moveDates, of(lane).moveGone]) move.run({ by })
        of(lane).dateUndated.run({ now })
        if (!hasConsumer(lane)) of(lane).deleteAcknowledgedBefore.run(now - keepAcknowledged)
      }
      room.shedOlderThan(now - age)
      room.forgetGone(now - age)
      deleteBroken.run(now - age)
    })
    ballast?.remake()
  }

  function stats(bytesPerHour = 0): OutboxStats {
    const [aggregates, signals] = [state('aggregates'), state('signals')]
    const created = of('aggregates').firstWaiting.get()?.created_at ?? undated
    const oldest = created === undated ? null : created
    const byAge = oldest === null ? age : oldest + age - clock.now()
    const bySize = bytesPerHour > 0 ? (capacity - aggregates.bytes) / bytesPerHour : Infinity
    return {
      rows: aggregates.rows + signals.rows,
      bytes: aggregates.bytes + signals.bytes,
      waiting: aggregates.waiting + signals.waiting,
      refused: lanes.reduce((sum, lane) => sum + of(lane).refused.get()!, 0),
      broken: checks.broken,
      repaired: checks.repaired,
      oldest,
      hoursLeft: Math.max(Math.floor(Math.min(byAge / hour, bySize)), 0),
      shed: room.gone(),
    }
  }

  function neverComes(seqs: Iterable<number>): void {
    const stored = consumer.get('aggregates')
    const isHere = (seq: number) => of('aggregates').one.get(seq) !== undefined || (stored && isStored(stored, seq))
    lazily(() => {
      for (const seq of seqs) if (!isHere(seq)) room.nameGone('aggregates', seq)
    })
  }

  function firstInDoubt(): number {
    const stored = consumer.get('aggregates')
    if (stored) return stored.missing[0]?.[0] ?? stored.upTo + 1
    return of('aggregates').first.get()?.seq ?? state('aggregates').last_seq + 1
  }

  return {
    put(outgoing, notBefore) {
      put(outgoing, notBefore)
      if (outgoing.lane === 'signals') signals.isOnDisk(outgoing)
    },
    putFleeting(outgoing, notBefore) {
      put(signals.keepInMemory(outgoing), notBefore)
    },
    voidAbout: signals.voidAbout,
    voidBefore: signals.voidBefore,
    shoppers: signals.shoppers,
    lacking(lane) {
      const missing = spoke.has(lane) ? (consumer.get(lane)?.missing ?? []) : []
      return numbersIn(missing, 1000).filter((seq) => of(lane).one.get(seq) === undefined)
    },
    // It may be the number that was changed.
    putAside: (lane) => selectBroken.all(lane).flatMap((row) => [row.seq, ownSeq(row) ?? row.seq]),
    due,
    again,
    message: (lane, seq) => [of(lane).one.get(seq)].flatMap((row) => (row ? trusted(lane, row) : []))[0]?.outgoing,
    acknowledged,
    refused,
    packed,
    trim,
    stored: (lane) => consumer.get(lane),
    lastSeq: (lane) => state(lane).last_seq,
    waiting: () => lanes.reduce((sum, lane) => sum + state(lane).waiting, 0),
    neverComes,
    firstInDoubt,
    sweep() {
      sweep()
      signals.forget((seq) => of('signals').one.get(seq) === undefined)
    },
    stats,
    withRoom: room.withRoom,
  }
}
