import { describe, expect, it } from 'vitest'
import type { Point } from '../../src/observations/crossing.ts'
import { isInside } from '../../src/observations/zones.ts'
import { createRandom } from '../../src/simulator/random.ts'

const square: readonly Point[] = [
  [0, 0],
  [1000, 0],
  [1000, 1000],
  [0, 1000],
]

describe('a polygon', () => {
  it('holds what is in it, and not what is beside it', () => {
    expect(isInside(square, 500, 500)).toBe(true)
    for (const [x, y] of [
      [-1, 500],
      [1001, 500],
      [500, -1],
      [500, 1001],
    ] as const) {
      expect(isInside(square, x, y)).toBe(false)
    }
  })

  it('holds its edges and corners', () => {
    for (const [x, y] of square) expect(isInside(square, x, y)).toBe(true)
    expect([isInside(square, 500, 0), isInside(square, 1000, 500), isInside(square, 0, 999)]).toEqual([
      true,
      true,
      true,
    ])
  })

  it('does not hold what lies in line with an edge', () => {
    expect([isInside(square, 1500, 0), isInside(square, -500, 1000), isInside(square, 0, 1001)]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('may have a bay', () => {
    const bay: readonly Point[] = [...square.slice(0, 3), [500, 500], [0, 1000]]
    expect(isInside(bay, 500, 700)).toBe(false)
    expect(isInside(bay, 500, 500)).toBe(true)
    expect(isInside(bay, 100, 800)).toBe(true)
    expect(isInside(bay, 900, 800)).toBe(true)
  })

  it('of no corners holds nothing', () => {
    expect(isInside([], 0, 0)).toBe(false)
  })

  it('agrees with the sides of all its edges when it is convex, in either order of its corners', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = createRandom(seed, 'polygon')
      const corners = random.below(8) + 3
      const polygon = Array.from({ length: corners }, (_, i): Point => {
        const angle = (2 * Math.PI * (i + random.between(0, 0.9))) / corners
        return [Math.round(3000 * Math.cos(angle)), Math.round(3000 * Math.sin(angle))]
      })
      for (let trial = 0; trial < 50; trial++) {
        const [x, y] = [random.between(-3500, 3500), random.between(-3500, 3500)]
        const isLeftOfAll = polygon.every(([ax, ay], i) => {
          const [bx, by] = polygon[(i + 1) % corners]!
          return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
        })
        expect(isInside(polygon, x, y)).toBe(isLeftOfAll)
        expect(isInside([...polygon].reverse(), x, y)).toBe(isLeftOfAll)
      }
    }
  })
})
