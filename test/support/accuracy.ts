import { release } from '../../src/privacy/boundary.ts'
import type { Bits } from '../../src/privacy/mechanism.ts'
import type { Policy } from '../../src/privacy/policy.ts'
import type { DayFields, FootfallFields, OccupancyFields, Series } from '../../src/privacy/release.ts'

/** How far released numbers are from the truth: as formulas say, and as the real code does it. */

export interface Errors {
  /** Root mean squares, in people. The first three of a day made consistent. */
  readonly window: number
  readonly hour: number
  readonly day: number
  /** Of who is inside: in the middle of the day, and an hour after it began at 0. */
  readonly middle: number
  readonly firstHour: number
}

/** Windows of a quarter of an hour. */
const perHour = 4
const epsilon = { window: 0.4, day: 0.1 }

/** Var of the discrete Laplace distribution: 2a / (1 - a)^2, a = e^-epsilon; then least squares of two levels. */
export function expectedErrors(windows: number): Errors {
  const variance = (e: number) => (2 * Math.exp(-e)) / (1 - Math.exp(-e)) ** 2
  const [v, all] = [variance(epsilon.window), variance(epsilon.day)]
  const of = (parts: number) => Math.sqrt(parts * v - (parts * v) ** 2 / (all + windows * v))
  const inside = (slots: number) => Math.sqrt(2 * slots * v)
  return { window: of(1), hour: of(perHour), day: of(windows), middle: inside(windows / 2), firstHour: inside(perHour) }
}

export interface TrueWindow {
  readonly in: number
  readonly out: number
}

export interface ReleasedDay {
  readonly windows: readonly FootfallFields[]
  readonly inside: readonly OccupancyFields[]
  readonly day: DayFields
}

/** One day of one door through the real boundary, in the order of the wall. */
export function releaseDay(truth: readonly TrueWindow[], { series, hash }: Policy, bits: Bits): ReleasedDay {
  const find = <K extends Series['kind']>(kind: K) => series.find((one) => one.kind === kind)!
  const midnight = Date.parse('2026-11-23T00:00:00Z')
  const common = { seq: 1, missing: null, coverage: 1, origin: 'shop/gw', policy: hash }
  const slot = (i: number) => ({ day: '2026-11-23', start: midnight + i * 900_000, end: midnight + (i + 1) * 900_000 })
  const sent: { start: string; in: number | null; out: number | null }[] = []
  const inside: OccupancyFields[] = []
  const windows = truth.map((counts, i) => {
    const window = release({ ...common, series: find('footfall'), slot: slot(i), counts }, bits) as FootfallFields
    sent.push({ start: window.window.start, in: window.in, out: window.out })
    const sum = { ...common, series: find('occupancy'), slot: slot(i), counts: null, windows: [...sent] }
    inside.push(release(sum, bits) as OccupancyFields)
    return window
  })
  const whole = { day: '2026-11-23', start: midnight, end: midnight + 86_400_000 }
  const counts = { in: total(truth, 'in'), out: total(truth, 'out') }
  const ofDay = {
    ...common,
    series: find('day'),
    slot: whole,
    counts,
    windows: sent,
    windowMilli: 1000 * epsilon.window,
  }
  return { windows, inside, day: release(ofDay, bits) as DayFields }
}

export function total(windows: readonly TrueWindow[], key: keyof TrueWindow): number {
  return windows.reduce((sum, window) => sum + window[key], 0)
}

/** Squares of errors, collected. */
export function createMeter() {
  const sums = { window: [0, 0], hour: [0, 0], day: [0, 0], middle: [0, 0], firstHour: [0, 0] }
  const note = (name: keyof Errors, error: number) => {
    sums[name][0]! += error ** 2
    sums[name][1]! += 1
  }
  return {
    add(truth: readonly TrueWindow[], { day, inside }: Pick<ReleasedDay, 'day' | 'inside'>) {
      for (const way of ['in', 'out'] as const) {
        const errors = day.windows.map((window, i) => window[way]! - truth[i]![way])
        for (const error of errors) note('window', error)
        for (let i = 0; i + perHour <= errors.length; i += perHour) {
          note(
            'hour',
            errors.slice(i, i + perHour).reduce((sum, error) => sum + error, 0),
          )
        }
        note('day', day[way]! - total(truth, way))
      }
      const insideError = (slots: number) => {
        const past = truth.slice(0, slots)
        return inside[slots - 1]!.inside! - total(past, 'in') + total(past, 'out')
      }
      note('middle', insideError(truth.length / 2))
      note('firstHour', insideError(perHour))
    },
    errors(): Errors {
      const root = ([squares, count]: readonly number[]) => Math.sqrt(squares! / count!)
      const { window, hour, day, middle, firstHour } = sums
      return {
        window: root(window),
        hour: root(hour),
        day: root(day),
        middle: root(middle),
        firstHour: root(firstHour),
      }
    },
  }
}

/** Many days of a shop in which nobody and somebody come: the error does not depend on how many. */
export function measuredErrors(windows: number, days: number, policy: Policy, bits: Bits): Errors {
  const meter = createMeter()
  for (let day = 0; day < days; day++) {
    const truth = Array.from({ length: windows }, (_, i) => ({ in: (day * i) % 40, out: (day * (i + 3)) % 40 }))
    meter.add(truth, releaseDay(truth, policy, bits))
  }
  return meter.errors()
}
