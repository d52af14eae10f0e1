import { type Exact, isCovered } from './boundary.ts'
import type { Slot } from './calendar.ts'
import type { Charge } from './journal.ts'
import type { Policy } from './policy.ts'
import { type FootfallFields, isDrawn, type Missing, numbersOf, type ReleasedWindow, type Series } from './release.ts'

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

/** The reason that most of a day's windows have. */
export function mostCommonMissing(windows: readonly SentWindow[]): Missing {
  const counts = new Map<Missing, number>()
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
