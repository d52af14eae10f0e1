import type { Slot } from './calendar.ts'
import type { Listening, OpenSlot } from './listening.ts'
import type { Phones } from './phones.ts'
import type { Snapshot } from './snapshot.ts'
import type { Tally } from './tally.ts'

/** All that is exact and open: what was counted, and how well it was heard. In memory only. */
export interface OpenCounts {
  readonly tally: Tally
  readonly phones: Phones
  readonly listening: Listening
  /** Forgets a slot once its numbers are charged. */
  forget(slot: Slot): void
  /** Forgets counts of slots that start before wall ms `time`. */
  forgetBefore(time: number): void
  /** Forgets everything: it cannot be aligned any more. */
  clear(): void
  /** Plain integers as of wall ms `now`; `slots` are those not closed yet, undefined while none is known. */
  snapshot(slots: readonly OpenSlot[] | undefined, now: number): Snapshot
  restore(snapshot: Snapshot): void
}

export function createOpenCounts(parts: Pick<OpenCounts, 'tally' | 'phones' | 'listening'>): OpenCounts {
  const { tally, phones, listening } = parts
  return {
    ...parts,
    forget(slot) {
      tally.forget(slot)
      phones.forget(slot)
      listening.forget(slot)
    },
    forgetBefore(time) {
      tally.forgetBefore(time)
      phones.forgetBefore(time)
    },
    clear() {
      tally.clear()
      phones.clear()
      listening.clear()
    },
    snapshot(slots, now) {
      phones.endBefore(now)
      return { ...tally.snapshot(), phones: phones.snapshot(), alive: listening.soFar(slots, now) }
    },
    restore({ counts, stays, phones: ended, alive }) {
      tally.restore({ counts, stays })
      phones.restore(ended)
      listening.inherit(alive)
    },
  }
}
