import type { Clock } from '../base/clock.ts'
import { day, minute } from '../base/duration.ts'

/**
 * Puts wall time on what happened, late and once. Until the clock is trusted nothing is labelled; a step of the wall
 * clock makes everything before it unalignable, so that no slot is ever filled from two different clocks.
 */
export interface Timeline {
  /** Looks at the clock; call about once a second. Returns 'stepped' when what is open can no longer be aligned. */
  look(): 'untrusted' | 'steady' | 'trusted-now' | 'stepped'
  /** Wall ms of a monotonic moment; undefined while untrusted or for what is too long ago to be aligned. */
  label(at: number): number | undefined
  /** Monotonic ms of a wall moment. Only once trusted. */
  unlabel(wall: number): number
  /** Wall ms when this process began to listen, as known when trust came. Only once trusted. */
  startedAt(): number
  /** Wall ms from which on slots can be filled: the start, the last step, or 24 h before trust came. */
  alignedFrom(): number
  /** Wall ms from which on moments were labelled as they happened: the moment trust came, or the last step. */
  labelledFrom(): number
}

/** Labels that are off by less than this do no harm to windows of five minutes and more. */
const tolerated = minute
const longestHold = day

export function createTimeline(clock: Clock): Timeline {
  const started = clock.monotonic()
  let offset: number | undefined
  let aligned = started
  let labelled = started
  let startedWall = 0

  return {
    look() {
      // Trust that went leaves the offset as good as it was; only a step makes it wrong, and that shows either way.
      if (offset === undefined && !clock.isTrusted()) return 'untrusted'
      const seen = clock.now() - clock.monotonic()
      const before = offset
      offset = seen
      if (before === undefined) {
        startedWall = started + seen
        labelled = clock.monotonic()
        aligned = Math.max(started, labelled - longestHold)
        return 'trusted-now'
      }
      if (Math.abs(seen - before) <= tolerated) return 'steady'
      aligned = clock.monotonic()
      labelled = aligned
      return 'stepped'
    },
    label: (at) => (offset === undefined || at < aligned ? undefined : at + offset),
    unlabel: (wall) => wall - (offset ?? 0),
    startedAt: () => startedWall,
    alignedFrom: () => aligned + (offset ?? 0),
    labelledFrom: () => labelled + (offset ?? 0),
  }
}
