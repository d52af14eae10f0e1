import { day, hour, minute, second } from '../../base/duration.ts'

/** What can be done about a radio that hears nothing, from the mildest on. The last two are drastic. */
export const rungs = ['rebuild', 'power-cycle', 'reset', 'restart'] as const
export type Rung = (typeof rungs)[number]

/**
 * When to do which step about a radio that says nothing. A silent shop and a deaf radio sound the same, so it climbs by
 * one step at a time, remembers every step across silences, and comes to rest: at night it does no harm by trying.
 */
export interface Ladder {
  /** Something was heard that proves the radio is alive. Monotonic ms, as everywhere here. */
  heard(at: number): void
  /** The scan began, or began anew: silence counts from here. */
  began(at: number): void
  /** The step that is due, which is thereby taken; undefined when there is none. Call every few seconds while it scans. */
  due(at: number): Rung | undefined
  /** ms since the radio was heard or began. */
  silence(at: number): number
}

/** Silence before each step, counted from the step before it. 90 s: habluetooth's, as nearly every device sends each 10 s. */
const patience: Readonly<Record<Rung, number>> = {
  rebuild: 90 * second,
  'power-cycle': 3 * minute,
  reset: 10 * minute,
  restart: 10 * minute,
}

/** A step is not taken again before this has passed, in whatever silence. */
const coolDown: Readonly<Record<Rung, number>> = {
  rebuild: 2 * minute,
  'power-cycle': 6 * hour,
  reset: day,
  restart: day,
}
const longestRebuildWait = hour

export function createLadder(): Ladder {
  const taken = new Map<Rung, number>()
  let alive = 0
  let next = 0
  /** Rebuilds in a row that did not help. */
  let rebuilds = 0

  const since = (rung: Rung, at: number) => at - (taken.get(rung) ?? Number.NEGATIVE_INFINITY)

  function isRested(rung: Rung, at: number): boolean {
    if (rung === 'rebuild') return since(rung, at) >= Math.min(coolDown.rebuild * 2 ** rebuilds, longestRebuildWait)
    if (rung === 'power-cycle') return since(rung, at) >= coolDown[rung]
    // One drastic step a day, whichever it was, and the two by turns.
    const isOthersTurn = since(rung, at) < since(rung === 'reset' ? 'restart' : 'reset', at)
    return since('reset', at) >= day && since('restart', at) >= day && !isOthersTurn
  }

  function take(rung: Rung, at: number): Rung {
    taken.set(rung, at)
    if (rung === 'rebuild') rebuilds++
    next = (rungs.indexOf(rung) + 1) % rungs.length
    alive = at
    return rung
  }

  return {
    heard(at) {
      alive = at
      next = 0
      rebuilds = 0
    },
    began(at) {
      alive = Math.max(alive, at)
    },
    due(at) {
      // What is not rested is passed over; after the last step it begins with the first again, ever more seldom.
      const ahead = [...rungs.slice(next), ...rungs.slice(0, next)]
      const rung = ahead.find((one) => isRested(one, at))
      return rung && at - alive >= patience[rung] ? take(rung, at) : undefined
    },
    silence: (at) => at - alive,
  }
}
