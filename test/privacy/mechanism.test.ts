import { describe, expect, it } from 'vitest'
import { guessIn100, noise95, noise95OfSum } from '../../src/privacy/band.ts'
import {
  type Bits,
  bernoulli,
  bernoulliExp,
  cryptoBits,
  discreteLaplace,
  noiseFor,
  uniform,
} from '../../src/privacy/mechanism.ts'
import { discreteGaussian } from '../support/discrete-gaussian.ts'
import { trials } from '../support/need.ts'
import { chiSquareUpperTail, discreteLaplaceProbability } from '../support/statistics.ts'
import { turboShake128 } from '../support/turbo-shake.ts'

// Seed 00..1f in the stream format of the VDAF drafts: dst length (2 bytes), dst, seed length (1 byte), seed.
const published = () => turboShake128(Buffer.from([0, 0, 32, ...Array(32).keys()]), 1)

function draw(bits: Bits, std: bigint, count: number): number[] {
  return Array.from({ length: count }, () => Number(discreteGaussian(bits, { num: std, den: 1n })))
}

describe('the sampler', () => {
  it('reproduces the published vectors of libprio-rs bit for bit', () => {
    expect(draw(published(), 3n, 10)).toEqual([2, -1, -1, 1, 2, -6, 1, 1, 0, -4])
    expect(draw(published(), 9n, 7)).toEqual([-16, 4, -2, 14, -14, -17, 6])
  })

  it('has a bit source that reproduces RFC 9861', () => {
    const bytes = Buffer.alloc(32)
    turboShake128(Buffer.alloc(0), 0x1f)(bytes)
    expect(bytes.toString('hex')).toBe('1e415f1c5983aff2169217277d17bb538cd945a397ddec541f1ce41af2c1b74c')
  })

  it('draws uniformly below bounds that need one word, more words and exactly one value', () => {
    const bits = cryptoBits()
    for (const bound of [1n, 2n, 3n, 1000n, 0xffffffffn, 0x100000000n, 10n ** 30n]) {
      for (let i = 0; i < 200; i++) {
        const value = uniform(bits, bound)
        expect(value >= 0n && value < bound).toBe(true)
      }
    }
  })

  it('has exact edges: probability 0 never, probability 1 always, exp(-0) always', () => {
    const bits = cryptoBits()
    for (let i = 0; i < 200; i++) {
      expect(bernoulli(bits, { num: 0n, den: 7n })).toBe(false)
      expect(bernoulli(bits, { num: 7n, den: 7n })).toBe(true)
      expect(bernoulliExp(bits, { num: 0n, den: 1n })).toBe(true)
    }
  })

  it('wipes the random bytes it has used', () => {
    const bits = cryptoBits()
    const [first, second] = [Buffer.alloc(32), Buffer.alloc(32)]
    bits(first)
    bits(second)
    expect(first.equals(second)).toBe(false)
    expect(first.equals(Buffer.alloc(32))).toBe(false)
  })
})

/** Counts of -reach..reach, with the tails in the outer cells. */
function histogram(samples: number, reach: number, sample: () => number): number[] {
  const counts = new Array<number>(2 * reach + 1).fill(0)
  for (let i = 0; i < samples; i++) counts[Math.min(Math.max(sample(), -reach), reach) + reach]! += 1
  return counts
}

function expected(samples: number, reach: number, epsilon: number): number[] {
  const cells = Array.from({ length: 2 * reach + 1 }, (_, i) => discreteLaplaceProbability(i - reach, epsilon))
  const tail = (1 - cells.reduce((sum, p) => sum + p, 0)) / 2
  cells[0]! += tail
  cells[2 * reach]! += tail
  return cells.map((p) => p * samples)
}

function pValue(counts: readonly number[], wanted: readonly number[]): number {
  const statistic = counts.reduce((sum, count, i) => sum + (count - wanted[i]!) ** 2 / wanted[i]!, 0)
  return chiSquareUpperTail(statistic, counts.length - 1)
}

// False alarm: 1 in 100,000 for each epsilon tested.
describe('the distribution of the noise', () => {
  const samples = 1_000_000
  const reach = 12
  it.each([400, 800])(
    'is the discrete Laplace distribution at epsilon %d/1000, N = 1e6, and not one a tenth off',
    (epsilonMilli) => {
      const bits = cryptoBits()
      const counts = histogram(samples, reach, () => noiseFor(bits, epsilonMilli))
      expect(pValue(counts, expected(samples, reach, epsilonMilli / 1000))).toBeGreaterThan(1e-5)
      for (const off of [0.9, 1.1])
        expect(pValue(counts, expected(samples, reach, (epsilonMilli / 1000) * off))).toBeLessThan(1e-9)
    },
  )

  it('agrees with itself for a scale that is no whole number', () => {
    const bits = cryptoBits()
    const count = trials(100_000, 1_000_000)
    const counts = histogram(count, reach, () => Number(discreteLaplace(bits, { num: 7n, den: 3n })))
    expect(pValue(counts, expected(count, reach, 3 / 7))).toBeGreaterThan(1e-5)
  })
})

describe('the stated band', () => {
  it('is the smallest t that holds 95 in 100 draws', () => {
    expect([noise95(400), noise95(800), noise95(500), noise95(1000), noise95(100)]).toEqual([7, 4, 6, 3, 30])
  })

  it('of one draw and of a sum of one agree, and the sum of many grows with the root of the number', () => {
    for (const milli of [100, 200, 400, 800]) expect(noise95OfSum(milli, 1)).toBe(noise95(milli))
    const [few, many] = [noise95OfSum(200, 9), noise95OfSum(200, 36)]
    expect(many / few).toBeGreaterThan(1.9)
    expect(many / few).toBeLessThan(2.1)
  })

  it('of a sum holds for sums of real draws', () => {
    const bits = cryptoBits()
    const band = noise95OfSum(200, 36)
    const runs = 4000
    let inside = 0
    for (let i = 0; i < runs; i++) {
      let sum = 0
      for (let j = 0; j < 36; j++) sum += noiseFor(bits, 200)
      if (Math.abs(sum) <= band) inside += 1
    }
    // 95 % plus or minus 4.5 standard deviations: false alarm below 1 in 100,000.
    expect(inside / runs).toBeGreaterThan(0.95 - 0.0155)
    expect(inside / runs).toBeLessThan(0.965 + 0.0155)
  })

  it('says the guess in human words: even odds at epsilon 0, 74 in 100 at 1', () => {
    expect([guessIn100(0), guessIn100(500), guessIn100(1000), guessIn100(4000)]).toEqual([50, 63, 74, 99])
  })
})
