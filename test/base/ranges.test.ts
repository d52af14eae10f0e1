import { describe, expect, test } from 'vitest'
import { areRanges, covers, gapsOf, type Range, withoutRange, withRange } from '../../src/base/ranges.ts'
import { seededRandom } from '../support/random.ts'

test('sets of ranges do what sets of numbers do', () => {
  const random = seededRandom(7)
  const below = (limit: number) => Math.floor(random() * limit)
  for (let round = 0; round < 200; round++) {
    const numbers = new Set<number>()
    let ranges: Range[] = []
    for (let step = 0; step < 20; step++) {
      const first = below(40)
      const range: Range = [first, first + below(8)]
      const isAdding = random() < 0.6
      ranges = isAdding ? withRange(ranges, range) : withoutRange(ranges, range)
      for (let n = range[0]; n <= range[1]; n++) isAdding ? numbers.add(n) : numbers.delete(n)
      const all = Array.from({ length: 50 }, (_, n) => n)
      expect(all.filter((n) => covers(ranges, n))).toEqual(all.filter((n) => numbers.has(n)))
      expect(all.filter((n) => covers(gapsOf(ranges, [0, 49]), n))).toEqual(all.filter((n) => !numbers.has(n)))
      expect(areRanges(ranges, 0, 49)).toBe(true)
    }
  }
})

test('numbers in a row are one range', () => {
  expect(
    withRange(
      [
        [1, 2],
        [6, 7],
      ],
      [3, 5],
    ),
  ).toEqual([[1, 7]])
})

describe('what is no set of ranges is refused', () => {
  test.each<[string, Range[]]>([
    [
      'out of order',
      [
        [5, 6],
        [1, 2],
      ],
    ],
    [
      'overlapping',
      [
        [1, 3],
        [3, 4],
      ],
    ],
    ['backwards', [[4, 3]]],
    ['too low', [[-1, 3]]],
    ['too high', [[1, 99]]],
  ])('%s', (_, ranges) => {
    expect(areRanges(ranges, 0, 10)).toBe(false)
  })
})
