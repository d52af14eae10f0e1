import { isCovered } from './boundary.ts'
import type { Slot } from './calendar.ts'
import type { Exact } from './closing.ts'
import type { Charge, Charged } from './journal.ts'
import type { Policy } from './policy.ts'
import {
  type FootfallFields,
  isDrawn,
  type Missing,
  numbersOf,
  type Release,
  type ReleasedWindow,
  type Series,
} from './release.ts'

/** One slot of one series on its way through the two commits. */
export interface Draft {
  readonly series: Series
  readonly slot: Slot
  readonly policy: Policy
  readonly counts: Exact | null
  readonly missing: Missing | null
  readonly coverage: number
  readonly leavesAt: number
}

/** A draft between the two commits. */
export interface Writing {
  readonly charged: Charged
  readonly draft: Draft
  /** Set when drawn. From then on it is written again after a failure, never drawn again. */
  release?: Release
}

/** A day's windows as head office has them: read back from what was sent, never from exact counts. */
export function sentWindows(payloads: readonly Buffer[]): SentWindow[] {
  return payloads.map((payload) => {
    const sent = JSON.parse(payload.toString()) as Pick<
      FootfallFields,
      'window' | 'in' | 'out' | 'missing' | 'coverage'
    >
    return { start: sent.window.start, in: sent.in, out: sent.out, missing: sent.missing, coverage: sent.coverage }
  })
}

export interface SentWindow extends ReleasedWindow {
  readonly missing: Missing | null
  readonly coverage: number
}

/** How well the sum of a day's windows covers its `slots`: a window without a number adds nothing to the sum. */
export function coverageOfSum(windows: readonly SentWindow[], slots: number): number {
  return windows.reduce((sum, { missing, coverage }) => sum + (missing ? 0 : coverage), 0) / slots
}

/** The sum of windows at the end of a slot, and how far it can be trusted. */
export interface SumSoFar {
  readonly windows: readonly SentWindow[]
  readonly coverage: number
  readonly missing: Missing | null
}

/**
 * What the windows since the shop opened add up to. `slots` are those of one opening, the last is the one that ended; `zones`
 * are the windows of each zone that is added up. Without a number for the last slot there is none; an earlier slot
 * without one leaves a gap that stays in the sum, so coverage is never rounded up to 1.
 */
export function sumSoFar(slots: readonly Slot[], zones: readonly (readonly SentWindow[])[]): SumSoFar {
  const first = slots[0]!.start
  const last = slots.at(-1)!.start
  const windows = zones.flatMap((sent) => sent.filter(({ start }) => isWithin(Date.parse(start), first, last)))
  const coverage = Math.floor(coverageOfSum(windows, slots.length * zones.length) * 20 + 1e-9) / 20
  const now = zones.map((sent) => sent.find(({ start }) => Date.parse(start) === last))
  const gone = now.find((window) => window?.missing !== null)
  if (now.some((window) => !window) || gone) return { windows, coverage, missing: gone?.missing ?? 'lost' }
  const unsent = slots.length * zones.length - windows.length
  return { windows, coverage, missing: isCovered(coverage) ? null : mostCommonMissing(windows, unsent) }
}

function isWithin(time: number, first: number, last: number): boolean {
  return first <= time && time <= last
}

/** The reason that most of a day's windows have; `lost` of those that were not even sent. */
export function mostCommonMissing(windows: readonly SentWindow[], unsent = 0): Missing {
  const counts = new Map<Missing, number>(unsent > 0 ? [['lost', unsent]] : [])
  for (const { missing } of windows) if (missing) counts.set(missing, (counts.get(missing) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'sensor-down'
}

/** What a slot is charged: nothing where nothing is drawn. */
export function chargeOf(draft: Draft): Charge {
  const isSpent = isDrawn(draft.series) && draft.missing === null && isCovered(draft.coverage)
  const spentMilli = isSpent ? Math.round(draft.series.epsilon * 1000) * numbersOf(draft.series).length : 0
  return { series: draft.series.name, slot: draft.slot, spentMilli, policy: draft.policy.hash }
}

/** Those for which `isFirst` holds, and the others. */
export function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const first: T[] = []
  const second: T[] = []
  for (const item of items) (isFirst(item) ? first : second).push(item)
  return [first, second]
}
