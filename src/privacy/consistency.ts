import { noise95OfBlend, varianceOf } from './band.ts'
import type { ReleasedWindow } from './release.ts'

/**
 * Makes a day's released windows y and its own drawn number Y say the same, as well as both together know it: the least
 * squares of (x_w - y_w)^2 / v + (sum x - Y)^2 / V. Every window moves by the same amount, and their sum becomes
 * (1 - share) sum y + share Y with share = n v / (V + n v). Post-processing of numbers that were drawn already: it
 * costs nothing.
 */

/** Thousandths of epsilon of the numbers that are blended. */
export interface BlendedEpsilon {
  readonly window: number
  readonly day: number
}

interface InAndOut {
  readonly in: number | null
  readonly out: number | null
}

export interface BlendedDay extends InAndOut {
  readonly noise95: number
}

/** undefined where a window or the day is missing: then there is nothing to hold against each other. */
export function blendedDay(
  windows: readonly ReleasedWindow[],
  drawn: InAndOut,
  epsilon: BlendedEpsilon,
): BlendedDay | undefined {
  const ins = complete(windows.map((window) => window.in))
  const outs = drawn.out === null ? [] : complete(windows.map((window) => window.out))
  if (drawn.in === null || !ins || !outs || windows.length === 0) return undefined
  const share = shareOfDay(windows.length, epsilon)
  const blend = (values: readonly number[], total: number) => {
    return wholeNumber((1 - share) * values.reduce((sum, value) => sum + value, 0) + share * total)
  }
  return {
    in: blend(ins, drawn.in),
    out: drawn.out === null ? null : blend(outs, drawn.out),
    noise95: noise95OfBlendedDay(windows.length, epsilon),
  }
}

/** The band of a day whose `windows` are all there. */
export function noise95OfBlendedDay(windows: number, epsilon: BlendedEpsilon): number {
  const sum = { epsilonMilli: epsilon.window, draws: windows }
  return noise95OfBlend(sum, epsilon.day, shareOfDay(windows, epsilon))
}

function shareOfDay(windows: number, { window, day }: BlendedEpsilon): number {
  const ofSum = windows * varianceOf(window)
  return ofSum / (varianceOf(day) + ofSum)
}

function complete(values: readonly (number | null)[]): number[] | undefined {
  const known = values.filter((value) => value !== null)
  return known.length === values.length ? known : undefined
}

/** Never minus zero. */
function wholeNumber(value: number): number {
  return Math.round(value) + 0
}

/**
 * Moves all windows by the same amount until they add up to the day's number, rounded cumulatively so that integers add
 * up exactly. Where a window or the number is missing they stay as they were released.
 */
export function spread(windows: readonly ReleasedWindow[], total: InAndOut): ReleasedWindow[] {
  const ins = project(
    windows.map((window) => window.in),
    total.in,
  )
  const outs = project(
    windows.map((window) => window.out),
    total.out,
  )
  return windows.map((window, i) => ({ start: window.start, in: ins[i] ?? null, out: outs[i] ?? null }))
}

function project(values: readonly (number | null)[], total: number | null): readonly (number | null)[] {
  const known = complete(values)
  if (total === null || !known || known.length === 0) return values
  const shift = (total - known.reduce((sum, value) => sum + value, 0)) / known.length
  let before = 0
  let exact = 0
  return known.map((value, i) => {
    exact += value + shift
    const until = i === known.length - 1 ? total : Math.round(exact)
    const part = until - before
    before = until
    return part
  })
}
