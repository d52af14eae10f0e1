import { describe, expect, it } from 'vitest'
import { cryptoBits, noiseFor } from '../../src/privacy/mechanism.ts'
import { leastPairs, type Pair, peopleLine, studentT975 } from '../../src/privacy/people.ts'
import { seededRandom } from '../support/random.ts'

/** Devices 0, 1, 2, ... and people that are twice as many and 5 more, off by what `wrong` says. */
function pairs(count: number, wrong: (i: number) => number = () => 0): Pair[] {
  return Array.from({ length: count }, (_, i) => ({ devices: i, people: 5 + 2 * i + wrong(i) }))
}

const flip = (i: number) => (i % 2 ? 3 : -3)

describe('devices to people', () => {
  it('follows the line of least squares', () => {
    const guess = peopleLine(pairs(40, flip))!(30)
    expect(guess.estimate).toBe(65)
    expect(guess.low).toBeLessThan(62)
    expect(guess.high).toBeGreaterThan(68)
  })

  // Worked by hand: x = 0..19, y = 5 + 2x -+ 3; slope 2 + 30/665, residual (180 - 30^2/665) / 18, at the mean 9.5.
  it('has the band of the textbook at the middle of its pairs', () => {
    const [slope, residual] = [2 + 30 / 665, (180 - 900 / 665) / 18]
    const reach = 2.10092 * Math.sqrt(residual * (1 + 1 / 20 + 0.25 / 665))
    const middle = 24 - slope / 2
    const guess = peopleLine(pairs(20, flip))!(9)
    expect(guess).toEqual({
      estimate: Math.round(middle),
      low: Math.floor(middle - reach),
      high: Math.ceil(middle + reach),
    })
  })

  it('widens where more come than usual', () => {
    const line = peopleLine(pairs(60, flip))!
    const width = (devices: number) => line(devices).high - line(devices).low
    expect(width(100)).toBeGreaterThan(2.5 * width(20))
  })

  it('says nothing before there are enough pairs', () => {
    expect(peopleLine(pairs(leastPairs - 1))).toBeUndefined()
    expect(peopleLine(pairs(leastPairs))).toBeDefined()
  })

  it('says nothing where devices tell nothing of people', () => {
    const random = seededRandom(7)
    const unrelated = Array.from({ length: 60 }, () => ({ devices: random() * 50, people: random() * 50 }))
    const falling = pairs(40).map(({ devices, people }) => ({ devices, people: -people }))
    const constant = pairs(40).map(({ people }) => ({ devices: 7, people }))
    for (const some of [unrelated, falling, constant]) expect(peopleLine(some)).toBeUndefined()
  })

  it('knows the points of Student to four decimals', () => {
    const table = [
      [18, 2.10092],
      [30, 2.04227],
      [60, 2.0003],
      [120, 1.97993],
    ] as const
    for (const [freedom, point] of table) expect(studentT975(freedom)).toBeCloseTo(point, 4)
  })

  it('holds the truth in nine windows of ten, in a shop with busy Saturdays and noise on both numbers', () => {
    const random = seededRandom(11)
    const bits = cryptoBits()
    const slots = Array.from({ length: 28 * 36 }, (_, i) => {
      const isSaturday = Math.floor(i / 36) % 7 === 5
      const usual = 15 * (1 + Math.sin((Math.PI * (i % 36)) / 36)) * (isSaturday ? 2 : 1)
      const truth = Math.round(usual + (random() - 0.5) * 4 * Math.sqrt(usual))
      const devices = Math.round(truth * (1.5 + random())) + noiseFor(bits, 200, 3)
      return { truth, devices, people: truth + noiseFor(bits, 400) }
    })
    const guesses = slots.flatMap(({ truth, devices }, i) => {
      const line = i % 5 === 0 ? peopleLine(slots.slice(Math.max(0, i - 14 * 36), i)) : undefined
      return line ? [{ truth, ...line(devices) }] : []
    })
    const inside = guesses.filter(({ truth, low, high }) => low <= truth && truth <= high)
    expect(guesses.length).toBeGreaterThan(150)
    expect(inside.length / guesses.length).toBeGreaterThan(0.9)
  })
})
