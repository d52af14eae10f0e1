import { GatewayError } from '../base/errors.ts'
import { encodeVoid, type Outgoing } from './feed.ts'
import { type StoredRow, undated } from './outbox-schema.ts'
import type { RowAbout } from './outbox-table.ts'
import type { AboutWhom } from './outbox-words.ts'

/**
 * What the outbox owes to shoppers. A signal of "just this visit" never lies on the disk, and what was not sent when
 * somebody left is never sent. Its number goes out in both cases, so that no consumer waits for it.
 */
export interface SignalRows {
  /** @returns the void to store in its place */
  keepInMemory(outgoing: Outgoing): Outgoing
  inMemory(seq: number): Outgoing | undefined
  /** Its number is not that of what a transaction that was undone left in memory. */
  isOnDisk(outgoing: Outgoing): void
  voidAbout(handles: ReadonlySet<string>): number
  voidBefore(time: number): number
  /** Whom the rows on the disk are about. */
  shoppers(): AboutWhom[]
  /** Lets go of what is over. */
  forget(isOver: (seq: number) => boolean): void
}

export interface SignalRowsParts {
  readonly rows: () => readonly StoredRow[]
  readonly abouts: () => readonly RowAbout[]
  readonly row: (seq: number) => StoredRow | undefined
  /** What the row is known to say; undefined when its MAC does not hold. */
  readonly outgoingOf: (row: StoredRow) => Outgoing | undefined
  readonly exchange: (seq: number, outgoing: Outgoing) => void
}

export function createSignalRows({ rows, abouts, row, outgoingOf, exchange }: SignalRowsParts): SignalRows {
  const memory = new Map<number, Outgoing>()

  function voidEach(isMeant: (about: RowAbout) => boolean): number {
    let count = 0
    for (const about of abouts()) {
      const kept = memory.get(about.seq)
      if (!isMeant(kept ? { ...about, handle: handleOf(kept) ?? null } : about)) continue
      const found = row(about.seq)
      const outgoing = found && outgoingOf(found)
      if (!outgoing || isEnd(outgoing) || handleOf(outgoing) === undefined) continue
      // What lies on the disk for it is a void already.
      if (!memory.delete(about.seq)) exchange(about.seq, encodeVoid(outgoing))
      count += 1
    }
    return count
  }

  return {
    keepInMemory(outgoing) {
      if (outgoing.lane !== 'signals' || outgoing.seq === null) {
        throw new GatewayError('UPLINK_MESSAGE_REFUSED', 'Only signals are kept in memory.')
      }
      memory.set(outgoing.seq, outgoing)
      return encodeVoid(outgoing)
    },
    inMemory: (seq) => memory.get(seq),
    isOnDisk: ({ seq }) => void memory.delete(seq ?? 0),
    voidAbout: (handles) => (handles.size > 0 ? voidEach(({ handle }) => handle !== null && handles.has(handle)) : 0),
    // A moment of a clock that was not trusted is no age.
    voidBefore: (time) => voidEach(({ handle, created_at: at }) => handle !== null && at > undated && at < time),
    shoppers() {
      const found = rows().flatMap((row) => outgoingOf(row) ?? [])
      return found.flatMap(({ bytes }) => {
        const { handle, purpose } = JSON.parse(bytes.toString()) as Partial<AboutWhom>
        return handle && purpose ? [{ handle, purpose }] : []
      })
    },
    forget(isOver) {
      for (const seq of memory.keys()) if (isOver(seq)) memory.delete(seq)
    },
  }
}

/** The end of a consent must reach head office, which erases by it. */
const ends = new Set<unknown>(['withdrawn', 'expired'])

export function isEnd({ topic, bytes }: Outgoing): boolean {
  return topic.endsWith('/consent') && ends.has((JSON.parse(bytes.toString()) as { event?: unknown }).event)
}

/** undefined of a void. */
function handleOf({ bytes }: Outgoing): string | undefined {
  return (JSON.parse(bytes.toString()) as { handle?: string }).handle
}
