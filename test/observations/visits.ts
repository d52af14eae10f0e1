import { createLd2450Decoder } from '../../src/drivers/serial/ld2450.ts'
import type { SensorSettings } from '../../src/drivers/settings.ts'
import { createObservers } from '../../src/observations/observers.ts'
import { createVirtualRadar, framesPerSecond, usualFaults } from '../../src/simulator/radar.ts'
import { createRandom, type Random } from '../../src/simulator/random.ts'
import type { Walk } from '../../src/simulator/walks.ts'

/** Stays in front of a radar, with known length. Times in s, places in mm. */

export interface Visits {
  readonly seed: number
  /** How long each is in the area; one after the other, or on average `together` of them at once. */
  readonly lengths: readonly number[]
  readonly together: number
}

const gate = { from: [-1800, 2600], to: [1800, 2600] } as const

/** The area of the shelf: people walk in from the left, stand and shuffle, and walk out to the right. */
export const shelf = [
  [-1000, 1500],
  [1000, 1500],
  [1000, 3700],
  [-1000, 3700],
]

/** The lengths (s) of the stays that were told. */
export function staysOf(visits: Visits): number[] {
  const told: number[] = []
  const aisle = { id: 'aisle', kind: 'ld2450', zone: 'shop', port: '/dev/null', baud: 256_000 }
  const sensor = { ...aisle, areas: [{ zone: 'shelf', polygon: shelf }] } as SensorSettings
  const observers = createObservers([sensor], (observation) => {
    if (observation.kind === 'stay') told.push(observation.lasted / 1000)
  })
  const decoder = createLd2450Decoder({ id: 'aisle' }, observers.observe)
  for (const { t, bytes } of framesOf(visits)) {
    decoder.push(bytes, t * 1000)
    if (Number.isInteger(t)) observers.tick(t * 1000)
  }
  return told
}

/** What the radar sends, t in s. */
export function* framesOf({ seed, lengths, together }: Visits): Generator<{ t: number; bytes: Buffer }> {
  const radar = createVirtualRadar(seed, 'aisle', usualFaults)
  const walks = walksOf(createRandom(seed, 'visits', 0), lengths, together)
  const end = Math.max(...walks.map(({ stations }) => stations.at(-1)!.t)) + 10
  for (let number = 0; number / framesPerSecond < end; number++) {
    const t = number / framesPerSecond
    const around = walks.filter(({ stations }) => stations[0]!.t <= t && t <= stations.at(-1)!.t + 5)
    yield { t, bytes: Buffer.from(radar.frame(number, around)) }
  }
}

function walksOf(random: Random, lengths: readonly number[], together: number): Walk[] {
  let free = 5
  return lengths.map((length, i) => {
    const at = free
    free += Math.max(4, length / together + random.between(5, 15))
    return walkOf(random, `${i}`, at, length)
  })
}

/** `length` s between the two edges of the area. */
function walkOf(random: Random, id: string, at: number, length: number): Walk {
  const stand = { x: random.between(-700, 700), y: random.between(1900, 3300) }
  const shuffles = Math.floor(length / 10)
  const shifts = Array.from({ length: shuffles }, (_, i) => ({
    t: at + ((i + 1) * length) / (shuffles + 1),
    x: stand.x + random.normal(0, 120),
    y: stand.y + random.normal(0, 120),
  }))
  const edge = 1000
  const stations = [
    { t: at - 0.8, x: gate.from[0], y: gate.from[1] },
    { t: at, x: -edge, y: gate.from[1] },
    ...shifts,
    { t: at + length, x: edge, y: gate.to[1] },
    { t: at + length + 0.8, x: gate.to[0], y: gate.to[1] },
  ]
  const line = [gate.from, gate.to] as const
  return { id, sensor: 'aisle', line, stations, crossings: [], depth: 250 }
}
