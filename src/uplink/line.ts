import { minute } from '../base/duration.ts'
import type { Batch, Row } from './outbox-words.ts'

/** One lane's rows on their way from the outbox to the broker. */
export interface Line {
  /** Read from the outbox, not yet handed to the broker. At most one batch. */
  readonly ready: Row[]
  /** Took place in `ready`, in flight, or acknowledged and not yet told to the outbox: not to be taken twice. */
  readonly busy: Set<number>
  /** What the broker took and the outbox does not know yet. */
  readonly acknowledged: number[]
  /** Everything up to here was taken in this connection. */
  cursor: number
  /** Nothing is due behind the cursor until something wakes us. */
  isDrained: boolean
  /** A read is under way. */
  isReading: boolean
  /** Real ms at which rows to be sent again are looked for, and how far that search came. */
  againAt: number
  againFrom: number
}

export interface Read {
  readonly again: boolean
  readonly after: number
  readonly limit: number
}

const batchSize = 100
const soonestAgain = minute

export function openLine(): Line {
  return {
    ready: [],
    busy: new Set(),
    acknowledged: [],
    cursor: 0,
    isDrained: true,
    isReading: false,
    againAt: Infinity,
    againFrom: 0,
  }
}

/** A connection ended or began: all that is not with the consumer is taken from the start. */
export function restartLine(line: Line, real: number): void {
  line.ready.length = 0
  line.busy.clear()
  Object.assign(line, { cursor: 0, isDrained: false, isReading: false, againAt: real, againFrom: 0 })
}

/** What to read from the outbox next; undefined when nothing can be there or a read is under way. */
export function startRead(line: Line, real: number): Read | undefined {
  if (line.ready.length > 0 || line.isReading) return undefined
  if (line.isDrained && real < line.againAt) return undefined
  line.isReading = true
  if (line.isDrained) return { again: true, after: line.againFrom, limit: batchSize }
  return { again: false, after: line.cursor, limit: batchSize }
}

/** Takes what was read; returns the rows that are new. */
export function takeRows(line: Line, again: boolean, batch: Batch, real: number): readonly Row[] {
  const fresh = batch.rows.filter((row) => !line.busy.has(row.seq))
  for (const row of fresh) line.busy.add(row.seq)
  line.ready.push(...fresh)
  line.isReading = false
  if (again) {
    line.againFrom = batch.isEnd ? 0 : batch.upTo
    line.againAt = batch.isEnd ? real + (batch.inMs ?? Infinity) : real
  } else {
    line.cursor = Math.max(line.cursor, batch.upTo)
    line.isDrained = batch.isEnd
  }
  return fresh
}

/** The rows that the outbox must be told of. They may have to be sent again a minute from now at the earliest. */
export function settleRows(line: Line, real: number): readonly number[] {
  const seqs = line.acknowledged.splice(0)
  for (const seq of seqs) line.busy.delete(seq)
  if (seqs.length > 0) lookAgainIn(line, soonestAgain, real)
  return seqs
}

export function lookAgainIn(line: Line, inMs: number, real: number): void {
  line.againAt = Math.min(line.againAt, real + inMs)
}
