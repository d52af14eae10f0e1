import { noise95OfSum } from './band.ts'
import type { Slot } from './calendar.ts'
import { spread } from './consistency.ts'
import { type Bits, noiseFor } from './mechanism.ts'
import type { PeopleLine } from './people.ts'
import {
  isDrawn,
  type Missing,
  mint,
  type NumberName,
  type People,
  type Release,
  type ReleasedWindow,
  type ReleaseFields,
  type Series,
} from './release.ts'

/** What happened in one slot, exact. Lives in memory only and goes in here to come out blurred. */
export interface Closing {
  readonly series: Series
  readonly slot: Slot
  readonly seq: number
  /** Exact numbers; null when there is a reason that there are none. */
  readonly counts: Exact | null
  readonly missing: Missing | null
  /** 0 to 1, unrounded. */
  readonly coverage: number
  /** Only for a day: its windows as they were released. */
  readonly windows?: readonly ReleasedWindow[]
  /** Only for phones: how many people a blurred number of devices stands for, as far as released numbers tell. */
  readonly peopleLine?: PeopleLine | undefined
  /** `{store}/{gateway}` and the hash of the policy in force. */
  readonly origin: string
  readonly policy: string
}

export interface Counts {
  readonly in: number
  readonly out: number
}

/** Exact numbers by the name under which they are released: people of a window or day, or devices. */
export type Exact = Counts | { readonly devices: number }

interface Work extends Closing {
  /** Blurred; null or absent where there is none. */
  readonly numbers: Numbers
  readonly noise95: number
  readonly people: People | null
}

type Numbers = { readonly [name in NumberName]?: number | null }

type Step = (work: Work, bits: Bits) => Work

/**
 * The wall: the one place where an exact count becomes a number that may leave. The recipe is this list.
 * What it protects: one zone-visit, or one address in one window, against everyone who sees the release, up to the
 * stated epsilon.
 * What it does not: someone who stands at the door, or who owns the box.
 */
const recipe: readonly Step[] = [
  roundCoverage,
  withholdUncovered,
  boundCounts,
  addNoise,
  sumWindows,
  keepReleasedDirections,
  guessPeople,
]

/** Draws the noise of one charged slot, once. The caller has made the charge durable before. */
export function release(closing: Closing, bits: Bits): Release {
  let work: Work = { ...closing, numbers: {}, noise95: closing.series.noise95, people: null }
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
const most = 1_000_000

function boundCounts(work: Work): Work {
  if (!work.counts) return work
  const limit = most * sensitivityOf(work.series)
  const bound = (count: number) => Math.min(Math.max(Math.trunc(count), 0), limit)
  return { ...work, counts: mapped(work.counts, bound) }
}

/**
 * The most that one unit of privacy changes a number by. One zone-visit changes `in` by one and `out` by one, each in one
 * slot; one address changes each sub-window of its slot by one.
 */
function sensitivityOf(series: Series): number {
  return series.kind === 'phones' ? series.subWindows : 1
}

function addNoise(work: Work, bits: Bits): Work {
  const { counts, series } = work
  if (!counts || !isDrawn(series)) return work
  const epsilonMilli = Math.round(series.epsilon * 1000)
  const blur = (count: number) => count + noiseFor(bits, epsilonMilli, sensitivityOf(series))
  return { ...work, numbers: mapped(counts, blur) }
}

function mapped(counts: Exact, change: (count: number) => number): Exact {
  if ('devices' in counts) return { devices: change(counts.devices) }
  return { in: change(counts.in), out: change(counts.out) }
}

/** A day that is not drawn is the sum of what was released already: nothing more is spent, and their noise adds up. */
function sumWindows(work: Work): Work {
  const { series } = work
  if (!work.counts || isDrawn(series)) return work
  const summed = (work.windows ?? []).filter((window) => window.in !== null).length
  const noise95 = noise95OfSum(Math.round(series.epsilon * 1000), summed)
  const total = (pick: (window: ReleasedWindow) => number | null) =>
    (work.windows ?? []).reduce((sum, window) => sum + (pick(window) ?? 0), 0)
  return { ...work, noise95, numbers: { in: total((window) => window.in), out: total((window) => window.out) } }
}

function keepReleasedDirections(work: Work): Work {
  const { series, numbers } = work
  return series.kind === 'phones' || series.releasesOut ? work : { ...work, numbers: { ...numbers, out: null } }
}

/** From the blurred number and the line through released ones, never from a count: it costs nothing more. */
function guessPeople(work: Work): Work {
  const { devices } = work.numbers
  if (devices === undefined || devices === null || !work.peopleLine) return work
  return { ...work, people: work.peopleLine(devices) }
}

function describe(work: Work): ReleaseFields {
  const { series, slot, numbers } = work
  const start = new Date(slot.start).toISOString().replace('.000Z', 'Z')
  const common = {
    series: series.name,
    id: `${work.origin}/${series.name}/${series.kind === 'day' ? slot.day : start}`,
    window: { start, seconds: (slot.end - slot.start) / 1000 },
    noise95: work.noise95,
    coverage: work.coverage,
    missing: work.missing,
    privacy: { unit: series.unit, epsilon: series.epsilon, mechanism: series.mechanism, policy: work.policy },
    seq: work.seq,
  }
  const inAndOut = { in: numbers.in ?? null, out: numbers.out ?? null }
  switch (series.kind) {
    case 'footfall':
      return { kind: series.kind, ...common, ...inAndOut }
    case 'day':
      return { kind: series.kind, ...common, ...inAndOut, windows: spread(work.windows ?? [], inAndOut) }
    case 'phones': {
      const { subWindows } = series
      return { kind: series.kind, ...common, devices: numbers.devices ?? null, subWindows, people: work.people }
    }
  }
}
