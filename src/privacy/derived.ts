import { noise95OfSum } from './band.ts'
import type { Work } from './closing.ts'
import { blendedDay } from './consistency.ts'
import type { ReleasedWindow } from './release.ts'

/** What is made from numbers that are blurred already, and never from a count: it costs nothing more. */
export function derive(work: Work): Work {
  switch (work.series.kind) {
    case 'day':
      return work.series.drawn ? blend(work) : sumWindows(work)
    case 'occupancy':
      return countInside(work)
    case 'phones':
      return guessPeople(work)
    default:
      return work
  }
}

/** The day's own number and the sum of its windows are two blurred views of one truth: together they see sharper. */
function blend(work: Work): Work {
  const { numbers, windows = [], windowMilli, series } = work
  if (!work.counts || windowMilli === undefined) return work
  const drawn = { in: numbers.in ?? null, out: numbers.out ?? null }
  const blended = blendedDay(windows, drawn, { window: windowMilli, day: milliOf(series.epsilon) })
  return blended ? { ...work, noise95: blended.noise95, numbers: { in: blended.in, out: blended.out } } : work
}

/** A day that is not drawn is the sum of what was released already, and their noise adds up. */
function sumWindows(work: Work): Work {
  const { series, windows = [], numbers } = work
  if (!work.counts) return work
  const summed = windows.filter((window) => window.in !== null).length
  const noise95 = noise95OfSum(milliOf(series.epsilon), summed)
  const releasesOut = 'releasesOut' in series && series.releasesOut
  return {
    ...work,
    noise95,
    numbers: { ...numbers, in: total(windows, 'in'), out: releasesOut ? total(windows, 'out') : null },
  }
}

/** Who came in since the shop opened and did not go out: each window adds the noise of two numbers. */
function countInside(work: Work): Work {
  const { series, windows = [], missing } = work
  if (missing) return work
  const summed = windows.filter((window) => window.in !== null && window.out !== null)
  const noise95 = noise95OfSum(milliOf(series.epsilon), 2 * summed.length)
  return { ...work, noise95, numbers: { inside: total(summed, 'in') - total(summed, 'out') } }
}

/** From the blurred number and the line through released ones. */
function guessPeople(work: Work): Work {
  const { devices } = work.numbers
  if (devices === undefined || devices === null || !work.peopleLine) return work
  return { ...work, people: work.peopleLine(devices) }
}

function total(windows: readonly ReleasedWindow[], key: 'in' | 'out'): number {
  return windows.reduce((sum, window) => sum + (window[key] ?? 0), 0)
}

function milliOf(epsilon: number): number {
  return Math.round(epsilon * 1000)
}
