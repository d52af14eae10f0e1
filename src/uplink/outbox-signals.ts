import { GatewayError } from '../base/errors.ts'
import { encodeVoid, type Outgoing } from './feed.ts'
import { type StoredRow, undated } from './outbox-schema.ts'
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
  /** What the row is known to say; undefined when its MAC does not hold. */
  readonly outgoingOf: (row: StoredRow) => Outgoing | undefined
  readonly exchange: (seq: number, outgoing: Outgoing) => void
}

export function createSignalRows({ rows, outgoingOf, exchange }: SignalRowsParts): SignalRows {
  const memory = new Map<number, Outgoing>()

  function voidEach(isMeant: (outgoing: Outgoing, row: StoredRow) => boolean): number {
    let count = 0
    for (const row of rows()) {
      const outgoing = outgoingOf(row)
      if (!outgoing || !isMeant(outgoing, row)) continue
      // What lies on the disk for it is a void already.
      if (!memory.delete(row.seq)) exchange(row.seq, encodeVoid(outgoing))
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
    voidAbout: (handles) => voidEach((outgoing) => !isEnd(outgoing) && handles.has(handleOf(outgoing) ?? '')),
    // A moment of a clock that was not trusted is no age.
    voidBefore: (time) =>
      voidEach((one, { created_at: at }) => at > undated && at < time && !isEnd(one) && handleOf(one) !== undefined),
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

function isEnd({ topic, bytes }: Outgoing): boolean {
  return topic.endsWith('/consent') && ends.has((JSON.parse(bytes.toString()) as { event?: unknown }).event)
}

/** undefined of a void. */
function handleOf({ bytes }: Outgoing): string | undefined {
  return (JSON.parse(bytes.toString()) as { handle?: string }).handle
}
