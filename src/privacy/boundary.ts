import { noise95OfSum } from './band.ts'
import type { Slot } from './calendar.ts'
import { spread } from './consistency.ts'
import { type Bits, noiseFor } from './mechanism.ts'
import { type Missing, mint, type Release, type ReleasedWindow, type ReleaseFields, type Series } from './release.ts'

/** What happened in one slot, exact. Lives in memory only and goes in here to come out blurred. */
export interface Closing {
  readonly series: Series
  readonly slot: Slot
  readonly seq: number
  /** Exact people in and out; null when there is a reason that there is none. */
  readonly counts: Counts | null
  readonly missing: Missing | null
  /** 0 to 1, unrounded. */
  readonly coverage: number
  /** Only for a day: its windows as they were released. */
  readonly windows?: readonly ReleasedWindow[]
  /** `{store}/{gateway}` and the hash of the policy in force. */
  readonly origin: string
  readonly policy: string
}

export interface Counts {
  readonly in: number
  readonly out: number
}

interface Work extends Closing {
  readonly numbers: { readonly in: number | null; readonly out: number | null }
  readonly noise95: number
}

type Step = (work: Work, bits: Bits) => Work

/**
 * The wall: the one place where an exact count becomes a number that may leave. The recipe is this list.
 * What it protects: one zone-visit, against everyone who sees the release, up to the stated epsilon.
 * What it does not: someone who stands at the door, or who owns the box.
 */
const recipe: readonly Step[] = [
  roundCoverage,
  withholdUncovered,
  boundCounts,
  addNoise,
  sumWindows,
  keepReleasedDirections,
]

/** Draws the noise of one charged slot, once. The caller has made the charge durable before. */
export function release(closing: Closing, bits: Bits): Release {
  let work: Work = { ...closing, numbers: { in: null, out: null }, noise95: closing.series.noise95 }
  for (const step of recipe) work = step(work, bits)
  return mint(describe(work))
}

/** Steps of 0.05 say enough, and the half below is judged by what is told. */
function roundCoverage(work: Work): Work {
  return { ...work, coverage: rounded(work.coverage) }
}

function rounded(coverage: number): number {
  return Math.round(Math.min(Math.max(coverage, 0), 1) * 20) / 20
}

/** Is there a number for it? Below half coverage it would mislead more than it tells. */
export function isCovered(coverage: number): boolean {
  return rounded(coverage) >= 0.5
}

/** Coverage does not depend on shoppers, so that a number is withheld tells nothing of them. */
function withholdUncovered(work: Work): Work {
  if (work.missing) return { ...work, counts: null }
  if (isCovered(work.coverage) && work.counts) return work
  return { ...work, counts: null, missing: 'sensor-down' }
}

// Far above any door, far below where integers end: a broken sensor cannot overflow a message.
const mostPeople = 1_000_000

function boundCounts(work: Work): Work {
  if (!work.counts) return work
  const bound = (count: number) => Math.min(Math.max(Math.trunc(count), 0), mostPeople)
  return { ...work, counts: { in: bound(work.counts.in), out: bound(work.counts.out) } }
}

/** One zone-visit changes `in` by one and `out` by one, each in one slot: sensitivity 1 for each number. */
function addNoise(work: Work, bits: Bits): Work {
  if (!work.counts || !work.series.drawn) return work
  const epsilonMilli = Math.round(work.series.epsilon * 1000)
  const blurred = {
    in: work.counts.in + noiseFor(bits, epsilonMilli),
    out: work.counts.out + noiseFor(bits, epsilonMilli),
  }
  return { ...work, numbers: blurred }
}

/** A day that is not drawn is the sum of what was released already: nothing more is spent, and their noise adds up. */
function sumWindows(work: Work): Work {
  const { series } = work
  if (!work.counts || series.drawn) return work
  const summed = (work.windows ?? []).filter((window) => window.in !== null).length
  const noise95 = noise95OfSum(Math.round(series.epsilon * 1000), summed)
  const total = (pick: (window: ReleasedWindow) => number | null) =>
    (work.windows ?? []).reduce((sum, window) => sum + (pick(window) ?? 0), 0)
  return { ...work, noise95, numbers: { in: total((window) => window.in), out: total((window) => window.out) } }
}

function keepReleasedDirections(work: Work): Work {
  return work.series.releasesOut ? work : { ...work, numbers: { ...work.numbers, out: null } }
}

function describe(work: Work): ReleaseFields {
  const { series, slot, numbers } = work
  const isDay = series.kind === 'day'
  const start = new Date(slot.start).toISOString().replace('.000Z', 'Z')
  const windows = isDay ? { windows: spread(work.windows ?? [], numbers) } : {}
  return {
    series: series.name,
    id: `${work.origin}/${series.name}/${isDay ? slot.day : start}`,
    window: { start, seconds: (slot.end - slot.start) / 1000 },
    ...numbers,
    ...windows,
    noise95: work.noise95,
    coverage: work.coverage,
    missing: work.missing,
    privacy: { unit: series.unit, epsilon: series.epsilon, mechanism: series.mechanism, policy: work.policy },
    seq: work.seq,
  }
}
