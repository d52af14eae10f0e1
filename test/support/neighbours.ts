import { type Closing, type Exact, release } from '../../src/privacy/boundary.ts'
import type { Bits } from '../../src/privacy/mechanism.ts'
import { isDrawn, numbersOf, type Release, type Series } from '../../src/privacy/release.ts'
import { policyFor, type ShopOptions } from './wall.ts'

/** What an audit looks at: a wall, from an exact count to the numbers that leave. */
export type Draw = (closing: Closing, bits: Bits) => readonly number[]

/** Ours. */
export const wall: Draw = (closing, bits) => numbersIn(release(closing, bits))

/** The numbers of a release in the order of `numbersOf`; those that are not released are left out. */
export function numbersIn(release: Release): number[] {
  const numbers = release.kind === 'phones' ? [release.devices] : [release.in, release.out]
  return numbers.filter((number) => number !== null)
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
  const counts: Exact = series.kind === 'phones' ? { devices: count } : { in: count, out: count }
  const slot = { day: '2026-11-23', start: 1_795_424_400_000, end: 1_795_425_300_000 }
  return { series, slot, seq: 1, counts, missing: null, coverage: 1, origin: 'shop/gw', policy: 'sha256:audit' }
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
