import type { Closing, Exact, Work } from './closing.ts'
import { spread } from './consistency.ts'
import { derive } from './derived.ts'
import { type Bits, noiseFor } from './mechanism.ts'
import { isDaily, isDrawn, mint, type Release, type ReleaseFields, type Series } from './release.ts'

type Step = (work: Work, bits: Bits) => Work

/**
 * The wall: the one place where an exact count becomes a number that may leave. The recipe is this list.
 * What it protects: one zone-visit, one address in one window, or the day of one shopper who agreed to be counted, against
 * everyone who sees the release, up to the stated epsilon.
 * What it does not: someone who stands at the door, or who owns the box.
 */
const recipe: readonly Step[] = [
  roundCoverage,
  withholdUncovered,
  boundCounts,
  addNoise,
  keepReleasedDirections,
  derive,
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
  if (isCovered(work.coverage) && (work.counts || !isDrawn(work.series))) return work
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
 * slot, and as a stay one of the day's bins by one; one address changes each sub-window of its slot by one; one shopper who
 * agreed to be counted is in a day once, however often they come.
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
  if ('stays' in counts) return { stays: counts.stays.map(change) }
  if ('visitors' in counts) return { visitors: change(counts.visitors) }
  return { in: change(counts.in), out: change(counts.out) }
}

function keepReleasedDirections(work: Work): Work {
  const { series, numbers } = work
  return 'releasesOut' in series && !series.releasesOut ? { ...work, numbers: { ...numbers, out: null } } : work
}

function describe(work: Work): ReleaseFields {
  const { series, slot, numbers } = work
  const start = new Date(slot.start).toISOString().replace('.000Z', 'Z')
  const common = {
    series: series.name,
    id: `${work.origin}/${series.name}/${isDaily(series) ? slot.day : start}`,
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
    case 'occupancy':
      return { kind: series.kind, ...common, inside: numbers.inside ?? null }
    case 'dwell':
      return { kind: series.kind, ...common, stays: numbers.stays ?? null }
    case 'visitors':
      return { kind: series.kind, ...common, visitors: numbers.visitors ?? null }
    case 'phones': {
      const { subWindows } = series
      return { kind: series.kind, ...common, devices: numbers.devices ?? null, subWindows, people: work.people }
    }
  }
}
