import { describe, expect, it } from 'vitest'
import type { Target } from '../../src/drivers/reading.ts'
import type { SensorOf } from '../../src/drivers/settings.ts'
import type { Observation } from '../../src/observations/observation.ts'
import { createRadar } from '../../src/observations/radar.ts'
import { createRandom } from '../../src/simulator/random.ts'

type Settings = SensorOf<'ld2450'>

const aisle: Settings = { id: 'aisle', kind: 'ld2450', zone: 'shoes', port: '/dev/null', baud: 256_000 }
const line: NonNullable<Settings['line']> = [
  [-1500, 2000],
  [1500, 2000],
]
const target = (x: number, y: number): Target => ({ x, y, speed: 0, resolution: 360 })

function watched(settings: Settings) {
  const said: Observation[] = []
  let ambiguous = 0
  const radar = createRadar({ settings, observe: (o) => said.push(o), noteAmbiguous: () => void ambiguous++ })
  const frames = (from: number, people: readonly (readonly Target[])[]) => {
    for (const [index, targets] of people.entries()) {
      radar.observe({ kind: 'targets', sensor: 'aisle', at: from + 100 * index, targets })
    }
  }
  const directions = () => said.flatMap((o) => (o.kind === 'crossing' ? [o.direction] : []))
  return { radar, said, frames, directions, ambiguous: () => ambiguous }
}

const ahead = (from: number, to: number, x = 0) =>
  Array.from({ length: Math.abs(to - from) / 100 + 1 }, (_, i) => [target(x, from + Math.sign(to - from) * 100 * i)])

describe('a radar with a line', () => {
  it('tells a crossing of its zone once the other side is certain', () => {
    const { frames, said } = watched({ ...aisle, line })
    frames(1000, ahead(3000, 1000))
    expect(said).toEqual([
      { kind: 'crossing', sensor: 'aisle', zone: 'shoes', direction: 'in', people: 1, at: expect.any(Number) },
    ])
  })

  it('counts two who pass each other on it, slots renumbered in each frame', () => {
    const { frames, directions } = watched({ ...aisle, line })
    const random = createRandom(1, 'slots')
    const near = ahead(3000, 1000, -600)
    const away = ahead(1000, 3000, 600)
    frames(
      0,
      near.map((one, i) => random.shuffled([...one, ...away[i]!])),
    )
    expect(directions().sort()).toEqual(['in', 'out'])
  })

  it('holds a crossing back until the track is somebody', () => {
    const { frames, directions } = watched({ ...aisle, line })
    frames(0, [[target(0, 2300)], [target(0, 1740)]])
    expect(directions()).toEqual([])
    frames(200, [[target(0, 1300)]])
    expect(directions()).toEqual(['in'])
  })

  it('takes who vanishes at walking speed to have walked on, and notes the doubt', () => {
    const { radar, frames, directions, ambiguous } = watched({ ...aisle, line })
    frames(0, ahead(3500, 2100))
    expect(directions()).toEqual([])
    radar.tick(5000)
    expect([directions(), ambiguous()]).toEqual([['in'], 1])
  })

  it('does not take who vanishes standing to have crossed', () => {
    const { radar, frames, directions, ambiguous } = watched({ ...aisle, line })
    frames(0, ahead(3500, 2200))
    const random = createRandom(2, 'standing')
    const still = Array.from({ length: 40 }, () => [target(random.below(20), 2200 + random.below(20))])
    frames(1400, still)
    radar.tick(9000)
    expect([directions(), ambiguous()]).toEqual([[], 1])
  })

  it('begins anew when the sensor went away', () => {
    const { radar, frames, directions } = watched({ ...aisle, line })
    frames(0, ahead(3000, 2300))
    radar.observe({ kind: 'state', sensor: 'aisle', at: 800, state: 'down' })
    frames(900, ahead(1700, 1000))
    radar.tick(5000)
    expect(directions()).toEqual([])
  })
})

describe('a radar with areas', () => {
  const areas: NonNullable<Settings['areas']> = [
    {
      zone: 'left',
      polygon: [
        [-3000, 0],
        [0, 0],
        [0, 4000],
        [-3000, 4000],
      ],
    },
    {
      zone: 'right',
      polygon: [
        [0, 0],
        [3000, 0],
        [3000, 4000],
        [0, 4000],
      ],
    },
  ]

  it('tells when somebody comes into one, and when the last one left', () => {
    const { radar, frames, said } = watched({ ...aisle, areas })
    frames(
      0,
      Array.from({ length: 20 }, (_, i) => [target(-950 + 100 * i, 2000)]),
    )
    radar.tick(5000)
    expect(said.flatMap((o) => (o.kind === 'occupied' ? [[o.zone, o.occupied]] : []))).toEqual([
      ['left', true],
      ['left', false],
      ['right', true],
      ['right', false],
    ])
  })

  it('tells that nobody is there when the sensor goes away', () => {
    const { radar, frames, said } = watched({ ...aisle, areas })
    frames(0, ahead(3000, 2000, 500))
    radar.observe({ kind: 'state', sensor: 'aisle', at: 2000, state: 'down' })
    expect(said.at(-1)).toMatchObject({ zone: 'right', occupied: false, at: 2000 })
  })
})

it('a radar with neither line nor areas tells whether anybody is before it', () => {
  const { radar, frames, said } = watched(aisle)
  frames(0, ahead(3000, 2000))
  radar.tick(5000)
  expect(said.map((o) => o.kind === 'occupied' && [o.zone, o.occupied])).toEqual([
    ['shoes', true],
    ['shoes', false],
  ])
})
