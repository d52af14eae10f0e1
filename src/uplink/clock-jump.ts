import type { Clock } from '../base/clock.ts'
import { hour } from '../base/duration.ts'

// Less is drift, or a suspended machine that nobody misses.
const leastJump = hour

/**
 * How far the wall clock jumped (ms, back is negative) since this was asked last; 0 where it ran on, give or take an
 * hour. Ask on a trusted clock only: the jump at which a clock came to be trusted says nothing of earlier dates.
 */
export function watchJumps(clock: Clock): () => number {
  let before: number | undefined
  return () => {
    const ahead = clock.now() - clock.monotonic()
    const jumped = Math.round(ahead - (before ?? ahead))
    before = ahead
    return Math.abs(jumped) < leastJump ? 0 : jumped
  }
}
