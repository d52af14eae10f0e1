import { describe, expect, it } from 'vitest'
import { createDwell, patience } from '../../src/observations/dwell.ts'
import type { Observation } from '../../src/observations/observation.ts'
import type { Track } from '../../src/observations/tracks.ts'
import { stayMinutes } from '../../src/privacy/release.ts'
import { trials } from '../support/need.ts'
import { staysOf } from './visits.ts'

/** A zone of two metres around the origin. */
function watched() {
  const told: { lasted: number; at: number }[] = []
  const observe = (observation: Observation) => {
    if (observation.kind === 'stay') told.push({ lasted: observation.lasted, at: observation.at })
  }
  const dwell = createDwell({ sensor: 'aisle', zone: 'shelf', observe }, (x, y) => Math.hypot(x, y) <= 2000)
  return { dwell, told }
}

type Body = { -readonly [K in keyof Track]: Track[K] }

function somebody(x = 0, isConfirmed = true): Body {
  return { x, y: 0, vx: 0, vy: 0, isConfirmed }
}

describe('a stay', () => {
  it('lasts from first to last seen inside, and is told once nobody can take it up again', () => {
    const { dwell, told } = watched()
    const track = somebody(-3000)
    dwell.moved(track, 0)
    track.x = 0
    for (let at = 1000; at <= 61_000; at += 1000) dwell.moved(track, at)
    track.x = 3000
    dwell.moved(track, 62_000)
    dwell.tick(61_000 + patience)
    expect(told).toEqual([])
    dwell.tick(61_001 + patience)
    expect(told).toEqual([{ lasted: 60_000, at: 61_001 + patience }])
  })

  it('goes on over a step outside, but not over a longer walk', () => {
    const { dwell, told } = watched()
    const track = somebody()
    for (const [at, x] of [
      [0, 0],
      [1000, 2500],
      [3000, 0],
      [9000, 2500],
      [20_000, 0],
      [21_000, 0],
    ] as const) {
      track.x = x
      dwell.moved(track, at)
    }
    dwell.lost(track)
    dwell.tick(30_000)
    expect(told.map(({ lasted }) => lasted)).toEqual([3000, 1000])
  })

  it.each([
    ['near and soon', 500, 2000, [5000]],
    ['too far', 1500, 2000, [1000, 2000]],
    ['too late', 500, 1100 + patience, [1000, 5000 - 1100 - patience]],
  ])('that breaks is taken up by who turns up %s', (_, x, at, lengths) => {
    const { dwell, told } = watched()
    const before = somebody()
    dwell.moved(before, 0)
    dwell.moved(before, 1000)
    dwell.lost(before)
    const after = somebody(x, false)
    dwell.moved(after, at)
    after.isConfirmed = true
    dwell.moved(after, at === 2000 ? at + 200 : at)
    dwell.moved(after, at === 2000 && lengths.length > 1 ? 4000 : 5000)
    dwell.lost(after)
    dwell.tick(20_000)
    expect(told.map(({ lasted }) => lasted)).toEqual(lengths)
  })

  it('is none of a flicker that never was somebody', () => {
    const { dwell, told } = watched()
    const ghost = somebody(0, false)
    dwell.moved(ghost, 0)
    dwell.moved(ghost, 100)
    dwell.lost(ghost)
    dwell.tick(60_000)
    expect(told).toEqual([])
  })
})

describe('stays before a virtual radar', () => {
  const visits = trials(8, 40)
  const seconds = [30, 90, 210, 450, 900]
  const bin = (length: number) => stayMinutes.findLastIndex((minutes) => length >= minutes * 60)

  function measured(together: number) {
    let [stays, right] = [0, 0]
    for (const [seed, length] of seconds.entries()) {
      const told = staysOf({ seed, lengths: Array<number>(visits).fill(length), together })
      stays += told.length
      right += Math.min(visits, told.filter((one) => bin(one) === bin(length)).length)
    }
    return { each: stays / (visits * seconds.length), right: (100 * right) / (visits * seconds.length) }
  }

  it('are one a visit where one person is there at a time, and several where two hide each other', () => {
    const [alone, together] = [measured(1), measured(2)]
    const text = ({ each, right }: typeof alone) =>
      `${each.toFixed(2)} a visit, ${right.toFixed(0)} % of the right length`
    console.info(`Stays, ${visits * seconds.length} visits\n  alone: ${text(alone)}\n  two at once: ${text(together)}`)
    expect(alone.each).toBeLessThan(1.15)
    expect(alone.right).toBeGreaterThan(90)
    // Each further one costs the visit its price again: README says so.
    expect(together.each).toBeGreaterThan(1.2)
    expect(together.each).toBeLessThan(4)
  })
})
