import { describe, expect, it } from 'vitest'
import { createRollingMedian } from '../../src/observations/rolling-median.ts'
import { createRandom } from '../../src/simulator/random.ts'

describe('a rolling median', () => {
  it('is that of the last values, as sorting them says', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = createRandom(seed, 'median')
      const size = 5 + random.below(30)
      const rolling = createRollingMedian(size)
      const values: number[] = []
      for (let count = 0; count < 120; count++) {
        const value = random.below(20)
        values.push(value)
        rolling.push(value)
        const last = values.slice(-size).sort((one, other) => one - other)
        if (last.length >= Math.max(3, size / 10)) expect(rolling.median()).toBe(last[last.length >> 1])
      }
    }
  })

  it('is unknown until a tenth of the values, and three at least, are there', () => {
    const rolling = createRollingMedian(50)
    for (let count = 0; count < 4; count++) rolling.push(7)
    expect(rolling.median()).toBeNull()
    rolling.push(7)
    expect(rolling.median()).toBe(7)
  })
})
