import {
  type DayFields,
  type FootfallFields,
  isDaily,
  type PhonesFields,
  type ReleasedWindow,
  type ReleaseFields,
  type Series,
  stayMinutes,
} from '../privacy/release.ts'
import { largestCount, largestSeq } from './schema-parts.ts'

/** The contract's keys in the contract's order; every number rounded to the digits it is allowed. */
export function wire(release: ReleaseFields) {
  const { id, window } = release
  return {
    id,
    window: { start: window.start, seconds: window.seconds },
    ...numbers(release),
    ...tail(release),
  }
}

function numbers(release: ReleaseFields) {
  switch (release.kind) {
    case 'footfall':
      return inAndOut(release)
    case 'day':
      return { ...inAndOut(release), windows: release.windows.map(dayWindow) }
    case 'occupancy':
      return { inside: clamp(release.inside) }
    case 'dwell':
      return { minutes: stayMinutes, stays: release.stays?.map(bound) ?? null }
    case 'visitors':
      return { visitors: clamp(release.visitors) }
    case 'phones':
      return { devices: clamp(release.devices), subWindows: release.subWindows, people: people(release) }
  }
}

function inAndOut(numbers: Pick<FootfallFields | DayFields, 'in' | 'out'>) {
  return { in: clamp(numbers.in), out: clamp(numbers.out) }
}

function dayWindow(window: ReleasedWindow) {
  return { start: window.start, ...inAndOut(window) }
}

function people({ people }: PhonesFields) {
  if (people === null) return null
  return { estimate: bound(people.estimate), low: bound(people.low), high: bound(people.high) }
}

function tail({ noise95, coverage, missing, privacy, seq }: ReleaseFields) {
  const { unit, epsilon, mechanism, policy } = privacy
  return {
    noise95,
    coverage: Math.round(coverage * 20) / 20,
    missing,
    privacy: { unit, epsilon: Math.round(epsilon * 1000) / 1000, mechanism, policy },
    seq,
  }
}

function clamp(count: number | null): number | null {
  return count === null ? null : bound(count)
}

function bound(count: number): number {
  return Math.min(Math.max(count, -largestCount), largestCount)
}

/** The longest release that a series could ever send; `head` is `{store}/{gateway}`. */
export function longestOf(series: Series, head: string): ReleaseFields {
  const start = '2026-01-01T00:00:00Z'
  const isOfDay = isDaily(series)
  const common = {
    series: series.name,
    id: `${head}/${series.name}/${isOfDay ? start.slice(0, 10) : start}`,
    // A day has 23 to 25 hours: five digits of seconds.
    window: { start, seconds: isOfDay ? 86_400 : series.windowSeconds },
    noise95: 99_999,
    coverage: 0.95,
    missing: 'sensor-down' as const,
    privacy: { unit: series.unit, epsilon: 0.125, mechanism: series.mechanism, policy: `sha256:${'0'.repeat(64)}` },
    seq: largestSeq,
  }
  const figure = -largestCount
  if (series.kind === 'phones') {
    const people = { estimate: figure, low: figure, high: figure }
    return { kind: series.kind, ...common, devices: figure, subWindows: series.subWindows, people }
  }
  if (series.kind === 'occupancy') return { kind: series.kind, ...common, inside: figure }
  if (series.kind === 'visitors') return { kind: series.kind, ...common, visitors: figure }
  if (series.kind === 'dwell') return { kind: series.kind, ...common, stays: stayMinutes.map(() => figure) }
  const numbers = { in: figure, out: series.releasesOut ? figure : null }
  if (series.kind === 'footfall') return { kind: series.kind, ...common, ...numbers }
  const windows = Array.from({ length: series.windowsPerDay }, () => ({ start, ...numbers }))
  return { kind: series.kind, ...common, ...numbers, windows }
}
