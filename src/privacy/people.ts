import type { People } from './release.ts'

/**
 * Devices to people, from released numbers only, so at no cost: the line of least squares of the people who came in
 * on the devices that were heard in the same slots, and the band in which the next slot lies. The band holds the noise of
 * the people too, which the truth has not, and it widens where more come than usual: a Saturday is not just more of a Monday.
 */

/** Released numbers of one slot: devices of a zone, and people in through all doors. */
export interface Pair {
  readonly devices: number
  readonly people: number
}

/** People for a released number of devices. */
export type PeopleLine = (devices: number) => People

/** Fewer pairs tell nothing. */
export const leastPairs = 20

/** The band is at most so many times as wide as that of a usual slot. */
const mostBusy = 4

/** undefined while there are too few pairs or while it is not clear that more devices mean more people. */
export function peopleLine(pairs: readonly Pair[]): PeopleLine | undefined {
  const n = pairs.length
  if (n < leastPairs) return undefined
  const [meanDevices, meanPeople] = [mean(pairs, (pair) => pair.devices), mean(pairs, (pair) => pair.people)]
  const spread = sum(pairs, ({ devices }) => (devices - meanDevices) ** 2)
  const slope = sum(pairs, ({ devices, people }) => (devices - meanDevices) * (people - meanPeople)) / spread
  const line = (devices: number) => meanPeople + slope * (devices - meanDevices)
  const residual = sum(pairs, ({ devices, people }) => (people - line(devices)) ** 2) / (n - 2)
  const t = studentT975(n - 2)
  // Also false where all devices are the same number and the slope is none.
  if (!(slope - t * Math.sqrt(residual / spread) > 0)) return undefined
  return (devices) => {
    const middle = line(devices)
    const busy = Math.min(Math.max(middle / Math.max(meanPeople, 1), 1), mostBusy)
    const reach = busy * t * Math.sqrt(residual * (1 + 1 / n + (devices - meanDevices) ** 2 / spread))
    return { estimate: Math.round(middle), low: Math.floor(middle - reach), high: Math.ceil(middle + reach) }
  }
}

function sum(pairs: readonly Pair[], value: (pair: Pair) => number): number {
  return pairs.reduce((total, pair) => total + value(pair), 0)
}

function mean(pairs: readonly Pair[], value: (pair: Pair) => number): number {
  return sum(pairs, value) / pairs.length
}

/**
 * The 97.5 % point of Student's t: the expansion of Abramowitz and Stegun (1964), 26.7.5, good to four decimals from 18
 * degrees of freedom on.
 */
export function studentT975(freedom: number): number {
  const x = 1.959963984540054
  const terms = [
    x,
    (x ** 3 + x) / 4,
    (5 * x ** 5 + 16 * x ** 3 + 3 * x) / 96,
    (3 * x ** 7 + 19 * x ** 5 + 17 * x ** 3 - 15 * x) / 384,
  ]
  return terms.reduce((total, term, power) => total + term / freedom ** power, 0)
}
