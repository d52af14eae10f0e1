import { describe, expect, it } from 'vitest'
import { seal } from '../../src/base/sealed.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import type { SensorSettings } from '../../src/drivers/settings.ts'
import type { Observation } from '../../src/observations/observation.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { createRandom, type Random } from '../../src/simulator/random.ts'
import { trials } from '../support/need.ts'
import { beamPair, bluetooth, counter, oneOfEach, presenceRadar, tofLuna } from './sensors.ts'

function watched(...sensors: SensorSettings[]) {
  const said: Observation[] = []
  return { said, observers: createObservers(sensors, (observation) => said.push(observation)) }
}

const state = (sensor: string, at: number, value: 'up' | 'down'): Reading => ({
  kind: 'state',
  sensor,
  at,
  state: value,
})
const edge = (at: number, line: 'outer' | 'inner', level: 0 | 1): Reading => ({
  kind: 'edge',
  sensor: 'door',
  at,
  line,
  level,
})
const walkIn = (at: number) => [
  edge(at, 'outer', 1),
  edge(at + 100, 'inner', 1),
  edge(at + 200, 'outer', 0),
  edge(at + 300, 'inner', 0),
]

describe('observers', () => {
  it('tell that a sensor is alive when it comes up and not alive when it goes, once each', () => {
    const { observers, said } = watched(beamPair('door'))
    for (const [at, value] of [
      [5, 'up'],
      [6, 'up'],
      [9, 'down'],
      [12, 'down'],
    ] as const) {
      observers.observe(state('door', at, value))
    }
    expect(said).toEqual([
      { kind: 'alive', sensor: 'door', alive: true, at: 5 },
      { kind: 'alive', sensor: 'door', alive: false, at: 9 },
    ])
  })

  it('take two range finders for alive only while both are: one alone counts nobody', () => {
    const { observers, said } = watched(tofLuna('a', { inner: 'b' }), tofLuna('b'))
    observers.observe(state('a', 1, 'up'))
    expect(said).toEqual([])
    observers.observe(state('b', 2, 'up'))
    observers.observe(state('a', 3, 'down'))
    expect(said.map((o) => o.kind === 'alive' && [o.sensor, o.alive, o.at])).toEqual([
      ['a', true, 2],
      ['b', true, 2],
      ['a', false, 3],
      ['b', false, 3],
    ])
  })

  it('tell what a beam pair meant before it went away, and nothing of what was under way', () => {
    const { observers, said } = watched(beamPair('door'))
    observers.observe(state('door', 0, 'up'))
    for (const reading of walkIn(1000)) observers.observe(reading)
    observers.observe(edge(2000, 'outer', 1))
    observers.observe(edge(2100, 'inner', 1))
    observers.observe(state('door', 2200, 'down'))
    observers.observe(state('door', 2300, 'up'))
    observers.observe(edge(2400, 'outer', 0))
    observers.observe(edge(2500, 'inner', 0))
    observers.tick(9000)
    expect(said.filter((o) => o.kind === 'crossing')).toEqual([expect.objectContaining({ direction: 'in', at: 1300 })])
  })

  it('take a repeated "up" for no news: what is under way goes on', () => {
    const { observers, said } = watched(beamPair('door'))
    observers.observe(state('door', 0, 'up'))
    const [first, ...rest] = walkIn(1000)
    observers.observe(first!)
    observers.observe(state('door', 1050, 'up'))
    for (const reading of rest) observers.observe(reading)
    observers.tick(9000)
    expect(said.filter((o) => o.kind === 'crossing')).toHaveLength(1)
  })

  it('keep the troubles that are not over', () => {
    const { observers } = watched(beamPair('door'))
    observers.observe(edge(0, 'outer', 1))
    observers.tick(70_000)
    expect(observers.troubles()).toEqual([{ kind: 'trouble', sensor: 'door', trouble: 'obstructed', at: 60_000 }])
    observers.observe(edge(71_000, 'outer', 0))
    observers.tick(80_000)
    expect(observers.troubles()).toEqual([])
  })

  it('tell crossings of a counter that counts by itself, in both directions', () => {
    const { observers, said } = watched(counter('side'))
    observers.observe({ kind: 'counted', sensor: 'side', at: 7, in: 3, out: 1 })
    observers.observe({ kind: 'counted', sensor: 'side', at: 8, in: 0, out: -2 })
    expect(said).toEqual([
      { kind: 'crossing', sensor: 'side', zone: 'entrance', direction: 'in', people: 3, at: 7 },
      { kind: 'crossing', sensor: 'side', zone: 'entrance', direction: 'out', people: 1, at: 7 },
    ])
  })

  it('tell a presence radar that changes its mind, and that nobody is there when it goes away', () => {
    const { observers, said } = watched(presenceRadar('rest'))
    observers.observe(state('rest', 0, 'up'))
    for (const [at, present] of [
      [1, true],
      [2, true],
      [3, false],
      [4, true],
    ] as const) {
      observers.observe({ kind: 'presence', sensor: 'rest', at, present })
    }
    observers.observe(state('rest', 5, 'down'))
    expect(said.flatMap((o) => (o.kind === 'occupied' ? [[o.occupied, o.at]] : []))).toEqual([
      [true, 1],
      [false, 3],
      [true, 4],
      [false, 5],
    ])
  })

  it('count adverts and drop them', () => {
    const { observers, said } = watched(bluetooth('radio'))
    const advert = seal({ address: new Uint8Array(6), type: 'random', rssi: -60, data: new Uint8Array() } as const)
    for (let at = 0; at < 3; at++) observers.observe({ kind: 'advert', sensor: 'radio', at, advert })
    expect([observers.tally().adverts, said]).toEqual([3, []])
  })

  it('ignore a sensor they do not know', () => {
    const { observers, said } = watched(beamPair('door'))
    observers.observe(state('cellar', 0, 'up'))
    expect(said).toEqual([])
  })

  it('stand a range finder alone that names itself, nobody, or one already taken', () => {
    const { observers, said } = watched(
      tofLuna('a', { inner: 'a' }),
      tofLuna('b', { inner: 'nobody' }),
      tofLuna('c', { inner: 'd' }),
      tofLuna('d'),
      tofLuna('e', { inner: 'd' }),
    )
    for (const sensor of ['a', 'b', 'e']) observers.observe(state(sensor, 0, 'up'))
    expect(said.map((o) => o.sensor)).toEqual(['a', 'b', 'e'])
  })
})

describe('any readings in any order', () => {
  const kinds = ['edge', 'targets', 'presence', 'distance', 'counted', 'advert', 'state'] as const
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e308, -0]
  const advert = seal({ address: new Uint8Array(6), type: 'random', rssi: -60, data: new Uint8Array() } as const)

  function randomReading(random: Random): Reading {
    const number = (low: number, high: number) => (random.chance(0.05) ? random.pick(odd) : random.between(low, high))
    const heard = {
      sensor: random.chance(0.02) ? 'nobody' : random.pick(oneOfEach).id,
      at: random.chance(0.01) ? random.pick([Number.NaN, Number.NEGATIVE_INFINITY]) : random.between(0, 3_600_000),
    }
    const kind = random.pick(kinds)
    switch (kind) {
      case 'edge':
        return { kind, ...heard, line: random.pick(['outer', 'inner'] as const), level: random.pick([0, 1] as const) }
      case 'targets': {
        const target = () => ({
          x: number(-7000, 7000),
          y: number(-1000, 9000),
          speed: number(-99, 99),
          resolution: 360,
        })
        return { kind, ...heard, targets: Array.from({ length: random.below(6) }, target) }
      }
      case 'presence':
        return { kind, ...heard, present: random.chance(0.5) }
      case 'distance':
        return { kind, ...heard, millimetres: random.chance(0.1) ? null : number(0, 8000) }
      case 'counted':
        return { kind, ...heard, in: number(-2, 5), out: Math.round(number(-2, 5)) }
      case 'advert':
        return { kind, ...heard, advert }
      case 'state':
        return { kind, ...heard, state: random.pick(['up', 'down'] as const) }
    }
  }

  it('throw nothing, and every crossing is of whole people at a finite time', () => {
    const random = createRandom(1, 'chaos')
    const { observers, said } = watched(...oneOfEach)
    for (let count = 0; count < trials(100_000, 1_000_000); count++) {
      observers.observe(randomReading(random))
      if (count % 100 === 0) observers.tick(random.between(0, 3_600_000))
    }
    const crossings = said.filter((o) => o.kind === 'crossing')
    expect(crossings.length).toBeGreaterThan(0)
    expect(said.every((o) => Number.isFinite(o.at))).toBe(true)
    expect(crossings.every((o) => o.kind === 'crossing' && Number.isSafeInteger(o.people) && o.people > 0)).toBe(true)
  })
})
