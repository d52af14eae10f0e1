import { describe, expect, it } from 'vitest'
import { noise95, noise95OfBlend } from '../../src/privacy/band.ts'
import { blendedDay, noise95OfBlendedDay, spread } from '../../src/privacy/consistency.ts'
import { noiseFor } from '../../src/privacy/mechanism.ts'
import { trials } from '../support/need.ts'
import { seededBits, seededRandom } from '../support/random.ts'

const epsilon = { window: 400, day: 100 }
const windowsOf = (ins: readonly (number | null)[], outs: readonly (number | null)[] = ins) =>
  ins.map((one, i) => ({ start: `${i}`, in: one, out: outs[i]! }))

describe('a day and its windows', () => {
  it('end up nearer to whichever is surer: the fewer windows, the nearer to their sum', () => {
    const one = blendedDay(windowsOf([0]), { in: 100, out: 100 }, epsilon)!
    const many = blendedDay(windowsOf(Array(96).fill(0)), { in: 100, out: 100 }, epsilon)!
    // n v / (V + n v) with v = 12.3 and V = 199.8, times 100.
    expect([one.in, many.in]).toEqual([6, 86])
  })

  it('are integers that add up exactly, also below 0', () => {
    const random = seededRandom(5)
    const number = () => Math.floor((random() - 0.6) * 90)
    for (let run = 0; run < trials(2000, 20_000); run++) {
      const windows = windowsOf(Array.from({ length: 1 + Math.floor(random() * 60) }, number))
      const day = blendedDay(windows, { in: number() * 9, out: number() * 9 }, epsilon)!
      const moved = spread(windows, day)
      for (const way of ['in', 'out'] as const) {
        expect(moved.reduce((sum, one) => sum + one[way]!, 0)).toBe(day[way])
        expect(moved.every((one) => Number.isSafeInteger(one[way]) && !Object.is(day[way], -0))).toBe(true)
        // All move by the same amount, but for rounding.
        const shifts = moved.map((one, i) => one[way]! - windows[i]![way]!)
        expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThanOrEqual(1)
      }
    }
  })

  it('are left alone where a window or the day is missing', () => {
    expect(blendedDay(windowsOf([3, null, 4]), { in: 9, out: 9 }, epsilon)).toBeUndefined()
    expect(blendedDay(windowsOf([3, 5], [3, null]), { in: 9, out: 9 }, epsilon)).toBeUndefined()
    expect(blendedDay(windowsOf([3, 4]), { in: null, out: null }, epsilon)).toBeUndefined()
    expect(blendedDay([], { in: 9, out: 9 }, epsilon)).toBeUndefined()
  })

  it('know nothing of who goes out where that is not released', () => {
    expect(blendedDay(windowsOf([3, 4], [null, null]), { in: 7, out: null }, epsilon)).toMatchObject({
      in: 7,
      out: null,
    })
  })
})

describe('the band of a blended day', () => {
  it('is that of the drawn number or of the sum at the ends, and below both in between', () => {
    expect(noise95OfBlend({ epsilonMilli: 400, draws: 36 }, 100, 0)).toBe(41)
    expect([1, 36, 48, 96].map((windows) => noise95OfBlendedDay(windows, epsilon))).toEqual([7, 24, 25, 27])
    expect(noise95OfBlendedDay(36, epsilon)).toBeLessThan(noise95(100))
  })

  it('holds 95 of 100 real blends, and one less does not', () => {
    const bits = seededBits(9)
    const runs = trials(4000, 40_000)
    const windows = 12
    const band = noise95OfBlendedDay(windows, epsilon)
    let [within, below] = [0, 0]
    for (let run = 0; run < runs; run++) {
      const drawn = noiseFor(bits, epsilon.day)
      const sent = windowsOf(Array.from({ length: windows }, () => noiseFor(bits, epsilon.window)))
      const off = Math.abs(blendedDay(sent, { in: drawn, out: drawn }, epsilon)!.in!)
      if (off <= band) within += 1
      if (off < band) below += 1
    }
    // Seeded; three standard deviations.
    expect(within / runs).toBeGreaterThan(0.95 - 0.0105)
    expect(within / runs).toBeLessThan(0.965 + 0.0105)
    expect(below / runs).toBeLessThan(0.95 + 0.0105)
  })
})
