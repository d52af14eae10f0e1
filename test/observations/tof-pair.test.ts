import { describe, expect, it } from 'vitest'
import type { Observation } from '../../src/observations/observation.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { tofLuna } from './sensors.ts'

type Moment = readonly [from: number, to: number, millimetres: number | null]

/** Both range finders at 100 Hz facing a wall two metres away, noise of 1 cm, with `outer` and `inner` blocked at times. */
function play(outer: readonly Moment[], inner: readonly Moment[], end: number) {
  const said: Observation[] = []
  const sensors = [tofLuna('a', { inner: 'b' }), tofLuna('b')]
  const observers = createObservers(sensors, (observation) => said.push(observation))
  const random = createRandom(end, 'tof')
  const rangeAt = (moments: readonly Moment[], at: number) => {
    const moment = moments.find(([from, to]) => from <= at && at < to)
    if (moment?.[2] === null) return null
    return Math.round(moment ? moment[2] : random.normal(2000, 10))
  }
  for (let at = 0; at < end; at += 10) {
    observers.observe({ kind: 'distance', sensor: 'a', at, millimetres: rangeAt(outer, at) })
    observers.observe({ kind: 'distance', sensor: 'b', at: at + 3, millimetres: rangeAt(inner, at) })
    if (at % 1000 === 0) observers.tick(at)
  }
  observers.tick(end + 2000)
  return said
}

const directions = (said: readonly Observation[]) => said.flatMap((o) => (o.kind === 'crossing' ? [o.direction] : []))

describe('two range finders', () => {
  it('count as a beam pair, under the name and zone of the outer one', () => {
    const said = play([[5000, 5300, 600]], [[5150, 5450, 600]], 8000)
    expect(said).toEqual([
      { kind: 'crossing', sensor: 'a', zone: 'entrance', direction: 'in', people: 1, at: expect.closeTo(5450, -1) },
    ])
    expect(directions(play([[5150, 5450, 600]], [[5000, 5300, 600]], 8000))).toEqual(['out'])
  })

  it('take nothing beyond 85 % of the usual distance for a person', () => {
    expect(directions(play([[5000, 5300, 1750]], [[5150, 5450, 1750]], 8000))).toEqual([])
    expect(directions(play([[5000, 5300, 1650]], [[5150, 5450, 1650]], 8000))).toEqual(['in'])
  })

  it('count nobody in the first second, when the usual distance is not known yet', () => {
    expect(directions(play([[300, 600, 600]], [[450, 750, 600]], 3000))).toEqual([])
  })

  it('keep their level while the range is invalid', () => {
    const outer: Moment[] = [
      [5000, 5100, 600],
      [5100, 5200, null],
      [5200, 5300, 600],
    ]
    expect(directions(play(outer, [[5150, 5450, 600]], 8000))).toEqual(['in'])
  })

  it('follow a wall that moved farther away', () => {
    const wall: Moment[] = [[3000, 40_000, 3000]]
    const outer: Moment[] = [[30_000, 30_300, 2400], ...wall]
    const inner: Moment[] = [[30_150, 30_450, 2400], ...wall]
    expect(directions(play(outer, inner, 35_000))).toEqual(['in'])
  })

  it('of which one sees nothing for a minute are obstructed, not before an empty door', () => {
    const said = play([[5000, 80_000, null]], [], 90_000)
    expect(said.map((o) => o.kind === 'trouble' && [o.sensor, o.trouble, o.at])).toEqual([
      ['a', 'obstructed', expect.closeTo(65_000, -2)],
      ['b', 'obstructed', expect.closeTo(65_000, -2)],
      ['a', null, 80_000],
      ['b', null, 80_000],
    ])
    expect(
      directions(
        play(
          [
            [5000, 80_000, null],
            [84_000, 84_300, 600],
          ],
          [[84_150, 84_450, 600]],
          90_000,
        ),
      ),
    ).toEqual(['in'])
  })

  it('tell of both that they are obstructed', () => {
    const troubles = play([[5000, 80_000, 600]], [], 90_000).filter((o) => o.kind === 'trouble')
    expect(troubles.map((o) => o.kind === 'trouble' && [o.sensor, o.trouble])).toEqual([
      ['a', 'obstructed'],
      ['b', 'obstructed'],
      ['a', null],
      ['b', null],
    ])
  })
})

describe('a range finder alone', () => {
  it('tells presence only, once somebody stayed for half a second', () => {
    const said: Observation[] = []
    const observers = createObservers([tofLuna('a')], (observation) => said.push(observation))
    for (let at = 0; at < 10_000; at += 10) {
      const isThere = (at >= 3000 && at < 3300) || (at >= 5000 && at < 7000)
      observers.observe({ kind: 'distance', sensor: 'a', at, millimetres: isThere ? 700 : 2000 })
    }
    expect(said.map((o) => o.kind === 'occupied' && [o.occupied, o.at])).toEqual([
      [true, 5500],
      [false, 7500],
    ])
  })
})
