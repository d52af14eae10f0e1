import { describe, expect, it } from 'vitest'
import { createCoverage } from '../../src/observations/coverage.ts'
import type { Alive, Trouble } from '../../src/observations/observation.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { trials } from '../support/need.ts'

const alive = (sensor: string, at: number, value = true): Alive => ({ kind: 'alive', sensor, alive: value, at })
const trouble = (sensor: string, at: number, value: Trouble['trouble'] = 'chatter'): Trouble => ({
  kind: 'trouble',
  sensor,
  trouble: value,
  at,
})

describe('coverage', () => {
  it('of a sensor that never said it is alive is none', () => {
    expect(createCoverage(['a'], 0).aliveShare(['a'], 0, 1000)).toBe(0)
  })

  it('is the share of the time it was alive', () => {
    const coverage = createCoverage(['a'], 0)
    coverage.note(alive('a', 100))
    coverage.note(alive('a', 400, false))
    coverage.note(alive('a', 900))
    expect(coverage.aliveShare(['a'], 0, 1000)).toBe(0.4)
    expect(coverage.aliveShare(['a'], 400, 900)).toBe(0)
    expect(coverage.aliveShare(['a'], 1000, 2000)).toBe(1)
  })

  it('of several sensors is their mean, and an unknown one was never alive', () => {
    const coverage = createCoverage(['a', 'b'], 0)
    coverage.note(alive('a', 0))
    coverage.note(alive('b', 500))
    expect(coverage.aliveShare(['a', 'b'], 0, 1000)).toBe(0.75)
    expect(coverage.aliveShare(['a', 'nobody'], 0, 1000)).toBe(0.5)
    expect(coverage.aliveShare([], 0, 1000)).toBe(0)
  })

  it('is none when trouble fills the whole time, and untouched when it does not', () => {
    const coverage = createCoverage(['a'], 0)
    coverage.note(alive('a', 0))
    coverage.note(trouble('a', 1000, 'obstructed'))
    coverage.note(trouble('a', 1500, 'chatter'))
    coverage.note(trouble('a', 2000, null))
    expect(coverage.aliveShare(['a'], 1000, 2000)).toBe(0)
    expect(coverage.aliveShare(['a'], 999, 2000)).toBe(1)
    expect(coverage.aliveShare(['a'], 1000, 2001)).toBe(1)
  })

  it('agrees with a model that looks at every moment', () => {
    for (let seed = 0; seed < trials(200, 3000); seed++) {
      const random = createRandom(seed, 'coverage')
      const coverage = createCoverage(['a', 'b'], 0)
      const length = 200
      const model = { a: moments(), b: moments() }
      let at = 0
      let forgotten = 0
      while (at < length) {
        const sensor = random.pick(['a', 'b'] as const)
        const isOn = random.chance(0.5)
        if (random.chance(0.6)) {
          coverage.note(alive(sensor, at, isOn))
          model[sensor].alive.fill(isOn, at)
        } else {
          coverage.note(trouble(sensor, at, isOn ? random.pick(['obstructed', 'chatter'] as const) : null))
          model[sensor].trouble.fill(isOn, at)
        }
        if (random.chance(0.05)) {
          forgotten = Math.max(forgotten, random.below(at + 1))
          coverage.forget(forgotten)
        }
        at += random.below(30)
      }
      for (let trial = 0; trial < 20; trial++) {
        const from = forgotten + random.below(length - forgotten)
        const to = from + 1 + random.below(length - from)
        const wanted = random.pick([['a'], ['b'], ['a', 'b']] as const)
        expect(coverage.aliveShare(wanted, from, to)).toBeCloseTo(shareOf(wanted, from, to), 12)
      }

      function moments() {
        return { alive: new Array<boolean>(length).fill(false), trouble: new Array<boolean>(length).fill(false) }
      }
      function shareOf(wanted: readonly ('a' | 'b')[], from: number, to: number): number {
        const shares = wanted.map((sensor) => {
          if (model[sensor].trouble.slice(from, to).every(Boolean)) return 0
          return model[sensor].alive.slice(from, to).filter(Boolean).length / (to - from)
        })
        return shares.reduce((sum, share) => sum + share, 0) / shares.length
      }
    }
  })

  it('takes a time before the last one for the last one', () => {
    const coverage = createCoverage(['a'], 0)
    coverage.note(alive('a', 500))
    coverage.note(alive('a', 200, false))
    expect(coverage.aliveShare(['a'], 0, 1000)).toBe(0)
  })

  it('of forgotten time is none, and what is remembered stays right', () => {
    const coverage = createCoverage(['a'], 0)
    coverage.note(alive('a', 0))
    coverage.forget(600)
    expect(coverage.aliveShare(['a'], 0, 1000)).toBe(0.4)
    expect(coverage.aliveShare(['a'], 600, 1000)).toBe(1)
  })

  it('is not forgotten because a sensor says the same again and again', () => {
    const coverage = createCoverage(['a'], 0)
    for (let at = 0; at < 50_000; at++) coverage.note(alive('a', at))
    expect(coverage.aliveShare(['a'], 0, 50_000)).toBe(1)
  })

  it('remembers a bounded number of changes of a sensor that flaps for ever', () => {
    const coverage = createCoverage(['a'], 0)
    for (let at = 0; at < 200_000; at++) coverage.note(alive('a', at, at % 2 === 0))
    expect(coverage.aliveShare(['a'], 199_000, 200_000)).toBe(0.5)
    expect(coverage.aliveShare(['a'], 0, 100_000)).toBe(0)
  })
})
