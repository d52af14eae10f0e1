import { release } from '../../src/privacy/boundary.ts'
import type { Closing, Exact } from '../../src/privacy/closing.ts'
import type { Bits } from '../../src/privacy/mechanism.ts'
import { isDrawn, numbersOf, type Release, type Series, stayMinutes } from '../../src/privacy/release.ts'
import { policyFor, type ShopOptions } from './wall.ts'

/** What an audit looks at: a wall, from an exact count to the numbers that leave. */
export type Draw = (closing: Closing, bits: Bits) => readonly number[]

/** Ours. */
export const wall: Draw = (closing, bits) => numbersIn(release(closing, bits))

/** The numbers of a release that one unit of privacy can change; those that are not released are left out. */
export function numbersIn(release: Release): number[] {
  return numbersOfKind(release).filter((number) => number !== null)
}

function numbersOfKind(release: Release): (number | null)[] {
  switch (release.kind) {
    case 'phones':
      return [release.devices]
    case 'occupancy':
      return [release.inside]
    case 'visitors':
      return [release.visitors]
    case 'dwell':
      // A stay is in one bin; it is that of the shortest here.
      return [release.stays?.[0] ?? null]
    default:
      return [release.in, release.out]
  }
}

/** The most that one unit of privacy adds to a number. */
export function unitOf(series: Series): number {
  return series.kind === 'phones' ? series.subWindows : 1
}

/** What a unit of privacy pays for all numbers of one slot. */
export function statedOf(series: Series): number {
  return series.epsilon * numbersOf(series).length
}

/** The decay of one number's noise: P(k) ~ exp(-rate |k|). */
export function rateOf(series: Series): number {
  return series.epsilon / unitOf(series)
}

/** One slot in which every number is `count`. */
export function closingOf(series: Series, count: number): Closing {
  const counts = exactOf(series, count)
  const slot = { day: '2026-11-23', start: 1_795_424_400_000, end: 1_795_425_300_000 }
  return { series, slot, seq: 1, counts, missing: null, coverage: 1, origin: 'shop/gw', policy: 'sha256:audit' }
}

function exactOf(series: Series, count: number): Exact {
  if (series.kind === 'phones') return { devices: count }
  if (series.kind === 'visitors') return { visitors: count }
  if (series.kind === 'dwell') return { stays: stayMinutes.map((_, bin) => (bin === 0 ? count : 0)) }
  return { in: count, out: count }
}

/** Every kind of drawn series that some configuration declares, each once; by what tells them apart. */
export function drawnSeries(choices: readonly Partial<ShopOptions>[]): Map<string, Series> {
  const all = choices.flatMap((choice) => policyFor(choice).series.filter(isDrawn))
  return new Map(all.map((series) => [nameOf(series), series]))
}

function nameOf(series: Series): string {
  const unit = unitOf(series)
  return `${series.kind} ${numbersOf(series).join(' and ')} at ${series.epsilon}${unit > 1 ? ` for ${unit}` : ''}`
}
