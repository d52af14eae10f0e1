import type { BeamLine, Level } from './lines.ts'

export interface TimedEdge {
  readonly line: BeamLine
  readonly level: Level
  /** Monotonic ms of the box's clock. */
  readonly at: number
}

/** Puts edges of both lines back into the order in which they happened. */
export interface EdgeOrder {
  push(edge: TimedEdge): void
  /** The edges up to `until`, oldest first. */
  take(until: number): TimedEdge[]
  readonly isEmpty: boolean
}

/**
 * gpiomon reads one line's queue after the other, so of two beams broken 5 ms apart the second may be told first.
 * Direction hangs on that order, so edges wait here a moment and leave by the time the kernel stamped on them.
 */
export function edgeOrder(): EdgeOrder {
  let waiting: TimedEdge[] = []
  return {
    push(edge) {
      waiting.push(edge)
    },
    take(until) {
      const due = waiting.filter((edge) => edge.at <= until).sort((a, b) => a.at - b.at)
      waiting = waiting.filter((edge) => edge.at > until)
      return due
    },
    get isEmpty() {
      return waiting.length === 0
    },
  }
}

const hour = 3_600_000

/**
 * A kernel stamp on the box's clock, both in ms. `offset` is what lies between CLOCK_MONOTONIC and the box's clock.
 * A stamp from the future, or hours old, comes from another clock (before Linux 5.7 edges carried wall time): then the
 * time of arrival is the best there is.
 */
export function timeOfStamp(stamp: number, offset: number, arrival: number): number {
  const at = stamp + offset
  return at <= arrival && arrival - at < hour ? at : arrival
}
