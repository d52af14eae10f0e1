import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/simulator/random.ts'
import {
  createWalk,
  type Direction,
  type Line,
  leftOf,
  type Manner,
  placeAt,
  type Walk,
} from '../../src/simulator/walks.ts'

const line: Line = [
  [-1000, 3000],
  [1500, 2000],
]

function walks(manner: Manner, direction: Direction): readonly Walk[] {
  return Array.from({ length: 200 }, (_, seed) => {
    const plan = { id: String(seed), sensor: 'door', line, manner, direction, at: 60, turnsWithin: [300, 900] as const }
    return createWalk(createRandom(seed, manner, direction), plan)
  })
}

const leftAt = (walk: Walk, t: number) => leftOf(walk.line, placeAt(walk, t)!)

describe('a walk', () => {
  it('through goes from the left of the line to its right for in, and the other way for out', () => {
    for (const [direction, side] of [
      ['in', 1],
      ['out', -1],
    ] as const) {
      for (const walk of walks('through', direction)) {
        expect(walk.crossings.map((crossing) => crossing.direction)).toEqual([direction])
        expect(side * leftAt(walk, walk.stations[0]!.t)).toBeCloseTo(3000, 6)
        expect(side * leftAt(walk, walk.stations.at(-1)!.t - 1e-6)).toBeCloseTo(-3000, 1)
      }
    }
  })

  it('is over the line, between its ends, when the truth says so', () => {
    for (const manner of ['through', 'turns-after'] as const) {
      for (const walk of walks(manner, 'in')) {
        for (const { t } of walk.crossings) {
          const { x, y } = placeAt(walk, t)!
          expect(Math.abs(leftAt(walk, t))).toBeLessThan(1e-6)
          expect([x > -1000, x < 1500, y > 2000, y < 3000]).toEqual([true, true, true, true])
        }
        expect(walk.crossings[0]!.t).toBeCloseTo(60, 9)
      }
    }
  })

  it('that turns round after the line is one in and one out, and goes as far behind it as it was asked to', () => {
    for (const walk of walks('turns-after', 'out')) {
      expect(walk.crossings.map((crossing) => crossing.direction)).toEqual(['out', 'in'])
      const farthest = Math.max(...walk.stations.map((station) => leftOf(line, station)))
      expect(farthest).toBeGreaterThanOrEqual(300)
      expect(farthest).toBeLessThanOrEqual(900)
    }
  })

  it('that turns round before the line never crosses it', () => {
    for (const walk of walks('turns-before', 'in')) {
      expect(walk.crossings).toEqual([])
      expect(Math.min(...walk.stations.map((station) => leftOf(line, station)))).toBeGreaterThanOrEqual(300)
    }
  })

  it('goes at a human pace, without leaps', () => {
    for (const walk of walks('through', 'in')) {
      const [begin, end] = [walk.stations[0]!.t, walk.stations.at(-1)!.t]
      for (let t = begin; t + 0.1 < end; t += 0.1) {
        const [from, to] = [placeAt(walk, t)!, placeAt(walk, t + 0.1)!]
        const speed = Math.hypot(to.x - from.x, to.y - from.y) / 0.1
        expect(speed).toBeGreaterThan(400)
        expect(speed).toBeLessThan(2700)
      }
    }
  })

  it('is nowhere before it begins and after it ended', () => {
    const [walk] = walks('through', 'in')
    expect(placeAt(walk!, walk!.stations[0]!.t - 0.01)).toBeUndefined()
    expect(placeAt(walk!, walk!.stations.at(-1)!.t + 0.01)).toBeUndefined()
  })
})
