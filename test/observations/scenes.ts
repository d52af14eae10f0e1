import { createLd2450Decoder } from '../../src/drivers/serial/ld2450.ts'
import type { SensorSettings } from '../../src/drivers/settings.ts'
import type { Observation } from '../../src/observations/observation.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { createVirtualRadar, framesPerSecond, type RadarFaults, usualFaults } from '../../src/simulator/radar.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { createWalk, type Line, type Manner, type Walk } from '../../src/simulator/walks.ts'

export interface Count {
  in: number
  out: number
}

/** One walk past a radar: one to three people who reach the line within `within` seconds of each other. */
export interface Scene {
  readonly seed: number
  readonly people: number
  readonly line: Line
  readonly within: number
  readonly faults?: RadarFaults
}

/** Across the field in front of the sensor, and along its axis: the two ways to mount one. */
export const lines: readonly Line[] = [
  [
    [-1500, 2000],
    [1500, 2000],
  ],
  [
    [0, 1000],
    [0, 4500],
  ],
]

/** 85 % walk through, 8 % turn round before the line, 7 % go through and come straight back. */
export function walksOf({ seed, people, line, within }: Scene): readonly Walk[] {
  const random = createRandom(seed, 'scene', people)
  return Array.from({ length: people }, (_, index) => {
    const chance = random.unit()
    const manner: Manner = chance < 0.85 ? 'through' : chance < 0.93 ? 'turns-before' : 'turns-after'
    return createWalk(random, {
      id: `${seed}/${index}`,
      sensor: 'aisle',
      line,
      manner,
      direction: random.pick(['in', 'out'] as const),
      at: 8 + random.between(0, within),
      turnsWithin: manner === 'turns-before' ? [500, 1200] : [600, 1500],
    })
  })
}

export function truthOf(walks: readonly Walk[]): Count {
  const count = { in: 0, out: 0 }
  for (const walk of walks) for (const { direction } of walk.crossings) count[direction]++
  return count
}

/** Plays the radar's own bytes, 10 frames a second, through the decoder and the observers. */
export function countedBy(scene: Scene, walks: readonly Walk[]): Count {
  const counted = { in: 0, out: 0 }
  const settings = {
    id: 'aisle',
    kind: 'ld2450',
    zone: 'shop',
    port: '/dev/null',
    baud: 256_000,
    line: copy(scene.line),
  }
  const observers = createObservers([settings as SensorSettings], (observation: Observation) => {
    if (observation.kind === 'crossing') counted[observation.direction] += observation.people
  })
  const decoder = createLd2450Decoder({ id: 'aisle' }, observers.observe)
  const radar = createVirtualRadar(scene.seed, 'aisle', scene.faults ?? usualFaults)
  const end = Math.max(...walks.map((walk) => walk.stations.at(-1)!.t)) + 2
  for (let number = 0; number / framesPerSecond < end; number++) {
    decoder.push(radar.frame(number, walks), (number * 1000) / framesPerSecond)
  }
  return counted
}

function copy([first, second]: Line): [[number, number], [number, number]] {
  return [
    [first[0], first[1]],
    [second[0], second[1]],
  ]
}
