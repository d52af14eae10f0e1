import { minute } from '../base/duration.ts'
import { undated } from './outbox-schema.ts'
import type { Row } from './outbox-words.ts'

/**
 * Which rows travel together in a backlog: in `run`, those that were put before a connection that followed more than
 * ten minutes without one. What was tried on its own topic stays there, and what was packed stays packed.
 */
export interface Backlog {
  /** @param absence ms without a connection; null for the first of this process @param wall ms */
  connected(absence: number | null, wall: number): void
  /** The oldest row of a first connection tells how long nothing was sent. */
  judge(oldest: Row, wall: number): void
  /** It was in flight on its own topic when the connection ended. */
  triedAlone(seq: number): void
  delivered(seqs: readonly number[]): void
  /** A backlog of so many was refused: smaller ones. */
  refused(size: number): void
  /** How many rows at the head go into one backlog of at most `room` bytes; 0 when the first goes alone. */
  headOf(rows: readonly Row[], room: number): number
}

const most = 50
const longAbsence = 10 * minute

export function createBacklog(mode: 'run' | 'replay' | 'demo'): Backlog {
  const alone = new Set<number>()
  /** Wall ms; undefined until the age of the oldest row has told. */
  let putBefore: number | undefined = 0
  let size = most

  function isLate(row: Row): boolean {
    if (mode !== 'run') return false
    return row.isPacked || (row.isFirstSend && !alone.has(row.seq) && row.createdAt < (putBefore ?? 0))
  }

  return {
    connected(absence, wall) {
      if (absence === null) putBefore = undefined
      else putBefore = absence > longAbsence ? wall : 0
    },
    judge(oldest, wall) {
      // A row put under an untrusted clock has no age.
      const isOld = oldest.createdAt > undated && oldest.createdAt < wall - longAbsence
      putBefore ??= isOld ? wall : 0
    },
    triedAlone: (seq) => void alone.add(seq),
    delivered(seqs) {
      for (const seq of seqs) alone.delete(seq)
      if (seqs.length > 1) size = Math.min(size * 2, most)
    },
    refused(count) {
      size = Math.max(1, Math.floor(count / 2))
    },
    headOf(rows, room) {
      let bytes = 0
      let count = 0
      for (const row of rows.slice(0, size)) {
        bytes += row.outgoing.bytes.length + 1
        if (!isLate(row) || (count > 0 && bytes > room)) break
        count += 1
      }
      return count
    },
  }
}
