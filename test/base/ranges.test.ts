import { describe, expect, it } from 'vitest'
import { areRanges, covers, gapsOf, type Range, withoutRange, withRange } from '../../src/base/ranges.ts'
import { seededRandom } from '../support/random.ts'

describe('sets of whole numbers', () => {
  it('agree with a plain set under random adding and removing', () => {
    const random = seededRandom(3)
    const under = (n: number) => Math.floor(random() * n)
    for (let trial = 0; trial < 60; trial += 1) {
      let ranges: readonly Range[] = []
      const plain = new Set<number>()
      for (let step = 0; step < 20; step += 1) {
        const first = 1 + under(40)
        const range: Range = [first, first + under(8)]
        const isAdded = random() < 0.6
        ranges = isAdded ? withRange(ranges, range) : withoutRange(ranges, range)
        for (let n = range[0]; n <= range[1]; n += 1) isAdded ? plain.add(n) : plain.delete(n)
        expect(areRanges(ranges, 1, 50)).toBe(true)
        for (let n = 0; n <= 50; n += 1) expect(covers(ranges, n)).toBe(plain.has(n))
        const gaps = gapsOf(ranges, [1, 50])
        for (let n = 1; n <= 50; n += 1) expect(covers(gaps, n)).toBe(!plain.has(n))
      }
    }
  })

  it('know an empty whole', () => expect(gapsOf([], [1, 0])).toEqual([]))

  it.each<[readonly Range[]]>([
    [[[3, 2]]],
    [[[0, 2]]],
    [[[5, 11]]],
    [
      [
        [4, 6],
        [6, 7],
      ],
    ],
    [
      [
        [4, 6],
        [1, 2],
      ],
    ],
  ])('do not take %j for ranges between 1 and 10', (ranges) => expect(areRanges(ranges, 1, 10)).toBe(false))
})
