import type { Crossing } from './observation.ts'
import { createRollingMedian } from './rolling-median.ts'

export type Direction = Crossing['direction']

/** Somebody passed both beams. `ambiguous`: perhaps more than one; it is counted as one rather than guessed. */
export interface Passed {
  readonly direction: Direction
  readonly ambiguous: boolean
}

/** Which beams are broken: outer is bit 1, inner is bit 0. */
export type Levels = 0 | 1 | 2 | 3

const free = 0
const both = 3

/** A thin leg may leave the first beam before it reaches the second, for at most this long (ms). */
export const fastPath = 400
/** A single beam broken for longer (ms) is somebody who waits: the passage is given up until both are free. */
export const pairTimeout = 5000

/**
 * The automaton of two beams (`outer` outside, `inner` inside; 1 = broken):
 * 00>10>11>01>00 is in, its mirror is out; leaving by the side one came from is nothing; 00>10>00>01>00 counts when
 * the gap is at most `fastPath`. Times in ms, not falling.
 */
export interface Passage {
  /** The beams changed. Says who passed, if this completed a passage. */
  step(levels: Levels, at: number): Passed | null
  /** What is under way counts for nothing; begins anew once both beams are free. */
  abandon(): void
}

export function createPassage(): Passage {
  const usualOverlap = createRollingMedian(31)
  let levels: Levels = free
  let since = 0
  let began = 0
  let first: Levels = free
  let overlaps = 0
  let overlapped = 0
  let isAbandoned = false
  let lone: { readonly line: Levels; readonly ended: number } | null = null

  function begin(line: Levels, at: number): void {
    first = line
    began = at
    overlaps = 0
    overlapped = 0
    isAbandoned = false
  }

  function finish(last: Levels, at: number): Passed | null {
    const before = lone
    lone = null
    if (isAbandoned) return null
    if (overlaps > 0) return first === last ? null : passed(first, noteOverlap())
    if (before && before.line !== first && began - before.ended <= fastPath) return passed(before.line, false)
    lone = { line: first, ended: at }
    return null
  }

  // Back and forth in both beams, or twice the usual time in them, may be two people on each other's heels.
  function noteOverlap(): boolean {
    const usual = usualOverlap.median()
    usualOverlap.push(overlapped)
    return overlaps > 1 || (usual !== null && overlapped > 2 * usual)
  }

  return {
    step(next, at) {
      const previous = levels
      if (next === previous) return null
      const lasted = at - since
      levels = next
      since = at
      if (previous === free) begin(next, at)
      else if (previous === both) overlapped += lasted
      else if (lasted > pairTimeout) isAbandoned = true
      if (next === both) overlaps++
      return next === free ? finish(previous, at) : null
    },
    abandon() {
      isAbandoned = true
      lone = null
    },
  }
}

function passed(from: Levels, ambiguous: boolean): Passed {
  return { direction: from === 2 ? 'in' : 'out', ambiguous }
}
