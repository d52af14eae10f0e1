import { encodeFrame, type Slot } from './ld2450.ts'
import { createRandom, type Random } from './random.ts'
import { placeAt, type Walk } from './walks.ts'

/** LD2450, manual V1.00. */
export const framesPerSecond = 10

/** What an LD2450 gets wrong. Distances in mm, times in s, shares of 1. */
export interface RadarFaults {
  /** Standard deviation of the range, and of the bearing in degrees. */
  readonly rangeNoise: number
  readonly bearingNoise: number
  /** How often a person is missed in a frame, and how often for a stretch of 0.4 s. */
  readonly missed: number
  readonly missedStretch: number
  /** How often someone who stands behind another, within 6 degrees, is missed. */
  readonly hidden: number
  /** Two people nearer than this are one target. */
  readonly merges: number
  /** How often the last place of somebody who left stays in a slot, frozen, and for how long (s) at most. */
  readonly ghosts: number
  readonly ghostLasts: number
  /** How often a frame holds a target that is nobody. */
  readonly clutter: number
}

export const usualFaults: RadarFaults = {
  rangeNoise: 45,
  bearingNoise: 1.5,
  missed: 0.03,
  missedStretch: 0.04,
  hidden: 0.4,
  merges: 350,
  ghosts: 0.15,
  ghostLasts: 4,
  clutter: 0.005,
}

/** A radar in a scene. Its frames depend on the seed, its id, the walks and the frame's number only. */
export interface VirtualRadar {
  /** The frame measured at `number` / `framesPerSecond` seconds, of those who walk there then or did a moment ago. */
  frame(number: number, walks: readonly Walk[]): Uint8Array
}

interface Spot {
  readonly range: number
  /** Radians to the right of straight ahead. */
  readonly bearing: number
  /** mm/s away from the sensor. */
  readonly speed: number
}

const slots = 3
const stretch = 0.4
const [nearest, farthest] = [300, 6000]
const halfField = Math.PI / 3
const shadow = Math.PI / 30
const resolution = 360

export function createVirtualRadar(seed: number, sensor: string, faults: RadarFaults = usualFaults): VirtualRadar {
  const ghosts = new WeakMap<Walk, Ghost | null>()

  function ghostAt(walk: Walk, t: number): Slot | null {
    if (!ghosts.has(walk)) ghosts.set(walk, ghostOf(walk, createRandom(seed, sensor, walk.id), faults))
    const ghost = ghosts.get(walk)
    return ghost && ghost.from < t && t < ghost.to ? ghost.slot : null
  }

  function isSeen(walk: Walk, t: number, random: Random): boolean {
    if (random.chance(faults.missed)) return false
    return !createRandom(seed, sensor, walk.id, Math.floor(t / stretch)).chance(faults.missedStretch)
  }

  return {
    frame(number, walks) {
      const t = number / framesPerSecond
      const random = createRandom(seed, sensor, number)
      const spots = walks.flatMap((walk) => {
        const spot = spotOf(walk, t)
        return spot && isSeen(walk, t, random) ? [spot] : []
      })
      const people = resolved(spots, random, faults).map((spot) => measured(spot, random, faults))
      const left = walks.map((walk) => ghostAt(walk, t)).filter((ghost) => ghost !== null)
      const nobody = random.chance(faults.clutter) ? [measured(anywhere(random), random, faults)] : []
      const filled: (Slot | null)[] = [...people, ...left, ...nobody].slice(0, slots)
      while (filled.length < slots) filled.push(null)
      return encodeFrame(random.shuffled(filled))
    },
  }
}

/** Nearest first. Who is close to another becomes one with them; who is behind another may be hidden. */
function resolved(spots: readonly Spot[], random: Random, faults: RadarFaults): readonly Spot[] {
  const kept: Spot[] = []
  for (const spot of [...spots].sort((one, other) => one.range - other.range)) {
    if (kept.some((other) => distance(spot, other) < faults.merges)) continue
    const isBehind = kept.some((other) => Math.abs(spot.bearing - other.bearing) < shadow)
    if (!(isBehind && random.chance(faults.hidden))) kept.push(spot)
  }
  return kept
}

function measured(spot: Spot, random: Random, faults: RadarFaults): Slot {
  const range = spot.range + random.normal(0, faults.rangeNoise)
  const bearing = spot.bearing + (random.normal(0, faults.bearingNoise) * Math.PI) / 180
  const x = Math.round(range * Math.sin(bearing))
  const y = Math.round(range * Math.cos(bearing))
  return { x, y, speed: Math.round(spot.speed / 10), resolution }
}

/** undefined outside the field: 60 degrees to each side, up to six metres. */
function spotOf(walk: Walk, t: number): Spot | undefined {
  const place = placeAt(walk, t)
  if (!place) return undefined
  const range = Math.hypot(place.x, place.y)
  const bearing = Math.atan2(place.x, place.y)
  if (range < nearest || range > farthest || Math.abs(bearing) > halfField) return undefined
  const before = placeAt(walk, t - 1 / framesPerSecond) ?? place
  return { range, bearing, speed: (range - Math.hypot(before.x, before.y)) * framesPerSecond }
}

function anywhere(random: Random): Spot {
  return { range: random.between(nearest, farthest), bearing: random.between(-halfField, halfField), speed: 0 }
}

function distance(one: Spot, other: Spot): number {
  const between = one.bearing - other.bearing
  return Math.sqrt(one.range ** 2 + other.range ** 2 - 2 * one.range * other.range * Math.cos(between))
}

interface Ghost {
  readonly from: number
  readonly to: number
  readonly slot: Slot
}

/** Some who leave the field, leave their last place behind. */
function ghostOf(walk: Walk, random: Random, faults: RadarFaults): Ghost | null {
  if (!random.chance(faults.ghosts)) return null
  const [begin, end] = [walk.stations[0]!.t, walk.stations.at(-1)!.t]
  for (let t = end; t > begin; t -= 1 / framesPerSecond) {
    const last = spotOf(walk, t)
    if (last) return { from: t, to: t + random.between(0, faults.ghostLasts), slot: measured(last, random, faults) }
  }
  return null
}
