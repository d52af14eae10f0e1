import { randomFillSync } from 'node:crypto'
import { release } from '../../src/privacy/boundary.ts'
import type { Exact } from '../../src/privacy/closing.ts'
import { cryptoBits, noiseFor } from '../../src/privacy/mechanism.ts'
import type { Policy } from '../../src/privacy/policy.ts'
import { numbersOf } from '../../src/privacy/release.ts'
import { type Draw, numbersIn, rateOf, statedOf, wall } from './neighbours.ts'
import type { Heard } from './transcript.ts'

/** Walls with one bug each. They protect nobody: an audit that does not find them is none. */

/** A visit is counted twice, but paid for once. */
export const countsTwice: Draw = (closing, bits) => {
  const { counts } = closing
  if (!counts) return []
  return wall({ ...closing, counts: doubled(counts) }, bits)
}

function doubled(counts: Exact): Exact {
  if ('devices' in counts) return { devices: 2 * counts.devices }
  if ('stays' in counts) return { stays: counts.stays.map((stays) => 2 * stays) }
  if ('visitors' in counts) return { visitors: 2 * counts.visitors }
  return { in: 2 * counts.in, out: 2 * counts.out }
}

/** The scale of the noise is 2 % too small. */
export const scaleTooLow: Draw = (closing, bits) => {
  const series = { ...closing.series, epsilon: closing.series.epsilon / 0.98 }
  return numbersIn(release({ ...closing, series }, bits))
}

/** Noise by the textbook, in floating point, and rounded. */
export const roundsFloats: Draw = ({ counts, series }) => {
  const exact = counts ? Object.values(counts).flat().slice(0, numbersOf(series).length) : []
  return exact.map((count: number) => Math.round(count + floatLaplace(1 / rateOf(series))))
}

function floatLaplace(scale: number): number {
  const [magnitude, sign] = randomFillSync(new Uint32Array(2))
  const size = -scale * Math.log((magnitude! + 1) / 2 ** 32)
  return sign! % 2 === 0 ? size : -size
}

/** One draw for both directions. */
export const reusesNoise: Draw = (closing, bits) => {
  const { counts } = closing
  const numbers = wall(closing, bits)
  if (!counts || !('in' in counts)) return numbers
  return [numbers[0]!, counts.out + numbers[0]! - counts.in]
}

/** An area's numbers leave, but the sum of what a visit pays leaves it out. */
export function forgetsAnArea(policy: Policy): Policy {
  const area = policy.series.find((series) => series.kind === 'day' && !series.drawn)
  const cost = area ? Math.round(statedOf(area) * 1000) : 0
  return { ...policy, perVisitMilli: policy.perVisitMilli - cost }
}

/** Messages without padding: their length tells how many digits there are. */
export function unpadded(heard: readonly Heard[]): Heard[] {
  return heard.map((one) => ({ ...one, bytes: Buffer.from(one.bytes.toString().trim()) }))
}

/** A message only when there is something to tell. */
export function silentWhenEmpty(heard: readonly Heard[]): Heard[] {
  return heard.filter(({ bytes }) => !(JSON.parse(bytes.toString()).in <= 0))
}

/** Health that tells how many were counted, exactly. */
export function countsInHealth(heard: readonly Heard[], people: number): Heard[] {
  return heard.map((one) => {
    if (!one.topic.endsWith('/health')) return one
    return { ...one, bytes: Buffer.from(JSON.stringify({ ...JSON.parse(one.bytes.toString()), counted: people })) }
  })
}

/** A day of a door that adds the noise of its window to its own; of the numbers of a shop with one door and one area. */
export function dayTakesNoiseOfWindow(noise: readonly number[]): number[] {
  return noise.map((number, i) => (i < 4 ? number : number + 2 * noise[i - 4]!))
}

/** A resend that asks the wall once more. */
export function redrawsOnResend(messages: readonly Buffer[]): Buffer[] {
  const bits = cryptoBits()
  return messages.map((bytes) => {
    const message = JSON.parse(bytes.toString())
    const text = JSON.stringify({ ...message, in: message.in + noiseFor(bits, 400) })
    return Buffer.from(text.padEnd(bytes.length))
  })
}
