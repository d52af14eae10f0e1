import { describe, expect, it } from 'vitest'
import type { Target } from '../../src/drivers/reading.ts'
import { assign } from '../../src/observations/assignment.ts'
import { coastTime, createTracks, type Track } from '../../src/observations/tracks.ts'
import { createRandom } from '../../src/simulator/random.ts'

const target = (x: number, y: number): Target => ({ x, y, speed: 0, resolution: 360 })

function watched() {
  const moved: Track[] = []
  const lost: (readonly [Track, number])[] = []
  const tracks = createTracks({ moved: (track) => moved.push(track), lost: (track, at) => lost.push([track, at]) })
  const confirmed = () => tracks.all.filter((track) => track.isConfirmed)
  return { tracks, moved, lost, confirmed }
}

describe('matching', () => {
  /** Every partial matching, the plain way. */
  function best(costs: readonly (readonly number[])[]): readonly [number, number] {
    let result: readonly [number, number] = [0, 0]
    const visit = (row: number, taken: readonly number[], matches: number, total: number) => {
      if (matches > result[0] || (matches === result[0] && total < result[1])) result = [matches, total]
      if (row === costs.length) return
      visit(row + 1, taken, matches, total)
      for (const [column, cost] of costs[row]!.entries()) {
        if (cost < Number.POSITIVE_INFINITY && !taken.includes(column)) {
          visit(row + 1, [...taken, column], matches + 1, total + cost)
        }
      }
    }
    visit(0, [], 0, 0)
    return result
  }

  it('finds as many matches as possible, and among those the cheapest', () => {
    for (let seed = 0; seed < 2000; seed++) {
      const random = createRandom(seed, 'costs')
      const columns = random.below(6)
      const costs = Array.from({ length: random.below(4) }, () =>
        Array.from({ length: columns }, () => (random.chance(0.3) ? Number.POSITIVE_INFINITY : random.below(50))),
      )
      const matches = assign(costs.length, columns, (row, column) => costs[row]![column]!)
      const used = matches.filter((match) => match >= 0)
      const total = matches.reduce((sum, match, row) => sum + (match < 0 ? 0 : costs[row]![match]!), 0)
      expect(new Set(used).size).toBe(used.length)
      expect([used.length, total]).toEqual(best(costs))
    }
  })

  it('rather moves both a little than one not at all and loses the other', () => {
    const costs = [
      [0, 5],
      [1, Number.POSITIVE_INFINITY],
    ]
    expect(assign(2, 2, (row, column) => costs[row]![column]!)).toEqual([1, 0])
  })
})

describe('tracks', () => {
  it('believe in somebody seen in three of five frames', () => {
    const { tracks, confirmed } = watched()
    for (const [frame, seen] of [true, false, true, false, true].entries()) {
      expect(confirmed()).toHaveLength(0)
      tracks.frame(seen ? [target(10 * frame, 2000)] : [], frame * 100)
    }
    expect(confirmed()).toHaveLength(1)
  })

  it('forget what was seen in two of five', () => {
    const { tracks, lost } = watched()
    for (const [frame, seen] of [true, false, false, true, false].entries()) {
      tracks.frame(seen ? [target(10 * frame, 2000)] : [], frame * 100)
    }
    expect(lost).toHaveLength(1)
    expect(tracks.all).toHaveLength(0)
  })

  it('keep somebody unseen for 0.7 s, and not longer', () => {
    const { tracks, lost, confirmed } = watched()
    for (let frame = 0; frame < 5; frame++) tracks.frame([target(0, 2000 + 120 * frame)], frame * 100)
    tracks.tick(400 + coastTime)
    expect(confirmed()).toHaveLength(1)
    tracks.tick(401 + coastTime)
    expect(lost).toEqual([[expect.objectContaining({ isConfirmed: true }), 401 + coastTime]])
  })

  it('find somebody again who walked on unseen', () => {
    const { tracks, moved } = watched()
    const seen = [0, 1, 2, 3, 4, 5, 6, 11, 12]
    for (const frame of seen) tracks.frame([target(0, 4000 - 130 * frame)], frame * 100)
    expect(new Set(moved).size).toBe(1)
  })

  it('keep three people apart whose slots are renumbered in each frame, also while two of them meet', () => {
    const random = createRandom(3, 'slots')
    const { tracks, moved, confirmed } = watched()
    for (let frame = 0; frame < 40; frame++) {
      const people = [target(-1500 + 75 * frame, 1500), target(1500 - 75 * frame, 2100), target(0, 4500 - 60 * frame)]
      tracks.frame(random.shuffled(people), frame * 100)
    }
    expect(new Set(moved).size).toBe(3)
    const places = confirmed().map(({ x, y }) => [Math.round(x / 100), Math.round(y / 100)])
    expect(places.sort((one, other) => one[0]! - other[0]!)).toEqual([
      [-14, 21],
      [0, 22],
      [14, 15],
    ])
  })

  it('learn how fast somebody walks', () => {
    const { tracks } = watched()
    for (let frame = 0; frame < 20; frame++) tracks.frame([target(100 * frame - 1000, 3000 - 50 * frame)], frame * 100)
    expect(tracks.all[0]!.vx).toBeCloseTo(1, 3)
    expect(tracks.all[0]!.vy).toBeCloseTo(-0.5, 3)
  })

  it('let go of a ghost whose coordinates are frozen', () => {
    const { tracks } = watched()
    for (let frame = 0; frame < 40; frame++) tracks.frame([target(700, 1800)], frame * 100)
    expect(tracks.all).toHaveLength(0)
  })

  it('are one for somebody whom the radar tells in all three slots', () => {
    const { tracks } = watched()
    for (let frame = 0; frame < 20; frame++) {
      const walker = target(300, 3000 - 100 * frame)
      tracks.frame([walker, walker, walker], frame * 100)
      expect(tracks.all).toHaveLength(1)
    }
  })

  it('hold on to somebody who stands still, measured a little differently each time', () => {
    const random = createRandom(4, 'still')
    const { tracks, moved, confirmed } = watched()
    for (let frame = 0; frame < 100; frame++) {
      tracks.frame([target(Math.round(random.normal(0, 30)), Math.round(random.normal(2000, 30)))], frame * 100)
    }
    expect(new Set(moved).size).toBe(1)
    expect(confirmed()).toHaveLength(1)
  })

  it('survive two frames that arrive at once, and times that fall', () => {
    const { tracks, moved, confirmed } = watched()
    for (const [frame, at] of [0, 100, 300, 300, 400, 350, 600, 700].entries()) {
      tracks.frame([target(0, 3000 - 100 * frame)], at)
    }
    expect(new Set(moved).size).toBe(1)
    expect(Number.isFinite(confirmed()[0]!.vy)).toBe(true)
  })

  it('ignore empty slots and what no radar can see', () => {
    const { tracks } = watched()
    const odd = [target(0, 0), target(7000, 100), target(0, 9000), target(Number.NaN, 1000), target(10, -5)]
    for (const one of odd) tracks.frame([one], 0)
    expect(tracks.all).toHaveLength(0)
  })
})
