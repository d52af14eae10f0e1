import type { SensorSettings } from '../drivers/settings.ts'
import { type OpenHours, turnBacks, visitsOfDay } from './people.ts'
import type { PhonesPlan } from './phones.ts'
import { createRandom, type Random } from './random.ts'
import { createWalk, type Direction, type Line, type Manner, type Walk } from './walks.ts'

/** Who comes to the shop, and through which sensors. */
export interface ShopPlan {
  readonly seed: number
  readonly sensors: readonly SensorSettings[]
  readonly peoplePerDay: number
  /** How busy one day after the other is beside `peoplePerDay`, then from the first again. */
  readonly rhythm: readonly number[]
  readonly opening: OpenHours
  /** Zones that people walk through once they are inside; all others are doors. */
  readonly areas: readonly string[]
  /** What people carry past the radios. */
  readonly phones?: Pick<PhonesPlan, 'staff' | 'refusing' | 'refusal' | 'passersBy'>
}

/** Where somebody is met who has no counting line of their own: across the field, two metres away. */
const usualLine: Line = [
  [-1500, 2000],
  [1500, 2000],
]

/** The counting line of a sensor, in mm as it sees it; one without a line has the usual one. */
export function lineOf(settings: SensorSettings): Line {
  return ('line' in settings && settings.line) || usualLine
}

// How near to a line people turn round (mm). A beam tells a step into it from a step through it, a radar needs room.
const turns: Record<Manner, { readonly beam: readonly [number, number]; readonly radar: readonly [number, number] }> = {
  through: { beam: [0, 0], radar: [0, 0] },
  'turns-before': { beam: [20, 400], radar: [500, 1200] },
  'turns-after': { beam: [300, 1200], radar: [700, 1500] },
}

/** All walks of one day past all sensors, by their start. Its midnight lies at `midnight` seconds. */
export function walksOfDay(plan: ShopPlan, day: number, midnight: number): readonly Walk[] {
  const random = createRandom(plan.seed, 'day', day)
  const sensors = plan.sensors.filter(({ kind }) => isSimulated(kind) && kind !== 'ble')
  const doors = sensors.filter(({ zone }) => !plan.areas.includes(zone))
  const aisles = sensors.filter(({ zone }) => plan.areas.includes(zone))
  return [...visits(random, plan, doors, aisles), ...turningBack(random, plan, doors)]
    .map((step, index) => walkOf(random, { ...step, at: midnight + step.at }, `${day}/${index}`))
    .sort((one, other) => startOf(one) - startOf(other))
}

/** The kinds whose bytes, edges or adverts the virtual shop can write. */
export function isSimulated(kind: SensorSettings['kind']): boolean {
  return kind === 'beam-pair' || kind === 'ld2450' || kind === 'json-lines' || kind === 'ble'
}

export function startOf(walk: Walk): number {
  return walk.stations[0]!.t
}

export function endOf(walk: Walk): number {
  return walk.stations.at(-1)!.t
}

/** Somebody at a sensor, at a moment. */
interface Step {
  readonly sensor: SensorSettings
  readonly direction: Direction
  readonly at: number
  readonly manner: Manner
}

type Sensors = readonly SensorSettings[]

/** In by one door, past some of the aisles and back, out by one door. */
function* visits(random: Random, plan: ShopPlan, doors: Sensors, aisles: Sensors): Generator<Step> {
  if (doors.length === 0) return
  for (const { members, arrives, leaves } of visitsOfDay(random, plan.peoplePerDay, plan.opening)) {
    yield* group(random, random.pick(doors), 'in', arrives, members)
    for (const aisle of aisles) {
      if (!random.chance(0.6)) continue
      const [there, back] = [random.between(arrives, leaves), random.between(arrives, leaves)]
      yield* group(random, aisle, 'in', Math.min(there, back), members)
      yield* group(random, aisle, 'out', Math.max(there, back), members)
    }
    yield* group(random, random.pick(doors), 'out', leaves, members)
  }
}

/** On each other's heels: half a second to two seconds apart. */
function* group(random: Random, sensor: SensorSettings, direction: Direction, first: number, members: number) {
  let at = first
  for (let member = 0; member < members; member++) {
    yield { sensor, direction, at, manner: 'through' } satisfies Step
    at += random.between(0.5, 2)
  }
}

function* turningBack(random: Random, { peoplePerDay, opening }: ShopPlan, doors: Sensors): Generator<Step> {
  if (doors.length === 0) return
  for (const at of turnBacks(random, peoplePerDay, opening)) {
    const manner = random.pick(['turns-before', 'turns-after'] as const)
    yield { sensor: random.pick(doors), direction: 'in', at, manner }
  }
}

function walkOf(random: Random, { sensor, direction, at, manner }: Step, id: string): Walk {
  const turnsWithin = turns[manner][sensor.kind === 'beam-pair' ? 'beam' : 'radar']
  return createWalk(random, { id, sensor: sensor.id, line: lineOf(sensor), manner, direction, at, turnsWithin })
}
