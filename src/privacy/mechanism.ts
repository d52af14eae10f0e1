import { randomFillSync } from 'node:crypto'

/**
 * Exact samplers on integers after Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy"
 * (2020), algorithms 1 and 2. Everything is BigInt and uniform bits: floating-point noise leaks the number it hides
 * (Mironov 2012), so no float and no logarithm occurs here.
 */

/** Fills a buffer with uniform random bytes. */
export type Bits = (bytes: Buffer) => void

/** A positive or zero rational number. */
export interface Ratio {
  readonly num: bigint
  readonly den: bigint
}

/** The only source of randomness in production: the kernel's generator through a pool; used bytes are wiped. */
export function cryptoBits(): Bits {
  const pool = Buffer.alloc(65_536)
  let used = pool.length
  return (bytes) => {
    if (bytes.length > pool.length - used) {
      randomFillSync(pool)
      used = 0
    }
    pool.copy(bytes, 0, used, used + bytes.length)
    pool.fill(0, used, used + bytes.length)
    used += bytes.length
  }
}

/** Uniform on {0, ..., bound-1} by rejection: no modulo, no bias. Reads little-endian 32-bit words. */
export function uniform(bits: Bits, bound: bigint): bigint {
  return bound <= 0xffffffffn ? BigInt(uniformWord(bits, Number(bound))) : uniformWide(bits, bound)
}

const word = Buffer.alloc(4)

// Nearly every draw fits one word; Numbers are exact there and several times as fast.
function uniformWord(bits: Bits, bound: number): number {
  const spare = Math.clz32(bound)
  for (;;) {
    bits(word)
    const value = word.readUInt32LE() >>> spare
    if (value < bound) return value
  }
}

function uniformWide(bits: Bits, bound: bigint): bigint {
  const width = bound.toString(2).length
  const words = Buffer.alloc(4 * Math.ceil(width / 32))
  const spare = width % 32 === 0 ? 0 : 32 - (width % 32)
  for (;;) {
    bits(words)
    const top = words.length - 4
    words.writeUInt32LE(words.readUInt32LE(top) >>> spare, top)
    const value = BigInt(`0x${Buffer.from(words).reverse().toString('hex')}`)
    if (value < bound) return value
  }
}

/** True with probability `p`, 0 <= p <= 1. */
export function bernoulli(bits: Bits, p: Ratio): boolean {
  const { num, den } = reduce(p)
  return uniform(bits, den) + 1n <= num
}

/** True with probability exp(-gamma), gamma >= 0 (CKS20, algorithm 1). */
export function bernoulliExp(bits: Bits, gamma: Ratio): boolean {
  const whole = gamma.num / gamma.den
  for (let i = 0n; i < whole; i++) if (!bernoulliExpBelowOne(bits, { num: 1n, den: 1n })) return false
  return bernoulliExpBelowOne(bits, { num: gamma.num - whole * gamma.den, den: gamma.den })
}

function bernoulliExpBelowOne(bits: Bits, gamma: Ratio): boolean {
  let k = 1n
  while (bernoulli(bits, { num: gamma.num, den: gamma.den * k })) k += 1n
  return k % 2n === 1n
}

/** P(k) proportional to exp(-k x rate) on k = 0, 1, 2, ... (CKS20, algorithm 2, lines 1 to 12). */
function geometric(bits: Bits, rate: Ratio): bigint {
  const { num: s, den: t } = reduce(rate)
  let u = uniform(bits, t)
  while (!bernoulliExpBelowOne(bits, { num: u, den: t })) u = uniform(bits, t)
  let v = 0n
  while (bernoulliExpBelowOne(bits, { num: 1n, den: 1n })) v += 1n
  return (u + t * v) / s
}

/** Discrete Laplace: P(k) proportional to exp(-|k| / scale) on all integers (CKS20, algorithm 2). */
export function discreteLaplace(bits: Bits, scale: Ratio): bigint {
  const rate = { num: scale.den, den: scale.num }
  for (;;) {
    const negative = bernoulli(bits, { num: 1n, den: 2n })
    const magnitude = geometric(bits, rate)
    if (!(negative && magnitude === 0n)) return negative ? -magnitude : magnitude
  }
}

/**
 * The noise of one released number whose true value one unit of privacy changes by at most `sensitivity`.
 * @param epsilonMilli privacy loss in thousandths, so that the scale is an exact rational
 */
export function noiseFor(bits: Bits, epsilonMilli: number, sensitivity = 1): number {
  return Number(discreteLaplace(bits, { num: 1000n * BigInt(sensitivity), den: BigInt(epsilonMilli) }))
}

function reduce({ num, den }: Ratio): Ratio {
  let [a, b] = [num, den]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? { num, den } : { num: num / a, den: den / a }
}
