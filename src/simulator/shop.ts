import type { RecordedEvent } from '../drivers/recording.ts'
import type { SensorSettings } from '../drivers/settings.ts'
import { endOf, isSimulated, lineOf, type ShopPlan, startOf } from './day.ts'
import { createDays } from './days.ts'
import type { OpenHours } from './people.ts'
import { createVirtualRadar, framesPerSecond, type RadarFaults, usualFaults } from './radar.ts'
import { type Direction, type Line, placeAt, type Walk } from './walks.ts'

export interface VirtualShopOptions {
  /** The same seed gives the same shop, to the byte. */
  readonly seed: number
  /** Sensors of a kind that is not simulated stay silent and never come up. */
  readonly sensors: readonly SensorSettings[]
  readonly peoplePerDay: number
  /** How busy one day after the other is beside `peoplePerDay`, then from the first again; default is all the same. */
  readonly rhythm?: readonly number[]
  /** Seconds after local midnight; opening does not go over midnight. */
  readonly opening: OpenHours
  /** Zones that people walk through once they are inside; all others are doors. */
  readonly areas?: readonly string[]
  /** Seconds after local midnight at which the shop's time begins; default is when it opens. */
  readonly startsAt?: number
  /** Times at which a sensor is unplugged: it says that it is down, and nothing else. */
  readonly outages?: readonly Outage[]
  readonly radarFaults?: RadarFaults
  /** What people carry past the radios. */
  readonly phones?: NonNullable<ShopPlan['phones']>
}

export interface Outage {
  readonly sensor: string
  readonly from: number
  readonly to: number
}

/** What happened, whatever the sensors saw of it. */
export interface TruthCrossing {
  readonly t: number
  readonly sensor: string
  readonly zone: string
  readonly direction: Direction
}

/** Somebody in front of a sensor, in mm as it sees them; x to its right, y away from it. */
export interface Figure {
  readonly id: string
  readonly sensor: string
  readonly x: number
  readonly y: number
}

/** A shop full of people who are nobody. All times are seconds since it began; nothing depends on how it is asked. */
export interface VirtualShop {
  /** What the hardware emits in [from, to), by time and then by sensor. */
  eventsBetween(from: number, to: number): readonly RecordedEvent[]
  /** Who really crossed in [from, to), by time. */
  truthBetween(from: number, to: number): readonly TruthCrossing[]
  figuresAt(t: number): readonly Figure[]
  /** The counting line of each simulated sensor, to draw. */
  readonly lines: ReadonlyMap<string, Line>
}

export function createVirtualShop(options: VirtualShopOptions): VirtualShop {
  const { seed, opening, areas = [], startsAt = opening.from, outages = [], radarFaults = usualFaults } = options
  const sensors = options.sensors.filter(({ kind }) => isSimulated(kind))
  const zones = new Map(sensors.map(({ id, zone }) => [id, zone]))
  const { peoplePerDay, rhythm = [1], phones = {} } = options
  const days = createDays({ seed, sensors, peoplePerDay, rhythm, opening, areas, phones }, startsAt)
  const radars = sensors
    .filter(({ kind }) => kind === 'ld2450')
    .map(({ id }) => ({ id, radar: createVirtualRadar(seed, id, radarFaults) }))
  const states = sensors.flatMap(({ id }) => statesOf(id, outages))

  function walksBetween(from: number, to: number): readonly Walk[] {
    return days.walksAround(from, to).filter((walk) => startOf(walk) < to && endOf(walk) >= from)
  }

  function framesBetween(from: number, to: number): readonly RecordedEvent[] {
    const walks = walksBetween(from - radarFaults.ghostLasts, to)
    return radars.flatMap(({ id, radar }) => {
      const passing = walks.filter((walk) => walk.sensor === id)
      return frameNumbers(from, to).map((number): RecordedEvent => {
        const t = number / framesPerSecond
        const now = passing.filter((walk) => startOf(walk) <= t && t <= endOf(walk) + radarFaults.ghostLasts)
        return { t, sensor: id, kind: 'bytes', bytes: radar.frame(number, now) }
      })
    })
  }

  return {
    eventsBetween(from, to) {
      const changes = states.filter(({ t }) => from <= t && t < to)
      const heard = [...days.toldBetween(from, to), ...framesBetween(from, to)]
      return [...changes, ...heard.filter(({ t, sensor }) => !isOut(outages, sensor, t))].sort(inOrder)
    },
    truthBetween(from, to) {
      const crossings = walksBetween(from, to).flatMap(({ sensor, crossings }) =>
        crossings.map(({ t, direction }) => ({ t, sensor, zone: zones.get(sensor)!, direction })),
      )
      return crossings.filter(({ t }) => from <= t && t < to).sort((one, other) => one.t - other.t)
    },
    figuresAt(t) {
      return walksBetween(t, t + 1).flatMap((walk) => {
        const place = placeAt(walk, t)
        return place ? [{ id: walk.id, sensor: walk.sensor, ...place }] : []
      })
    },
    lines: new Map(sensors.filter(({ kind }) => kind !== 'ble').map((settings) => [settings.id, lineOf(settings)])),
  }
}

function frameNumbers(from: number, to: number): readonly number[] {
  const first = frameAt(from)
  return Array.from({ length: Math.max(0, frameAt(to) - first) }, (_, index) => first + index)
}

/** The first frame not before `t`; 0.7 x 10 is a little more than 7. */
function frameAt(t: number): number {
  return Math.ceil(t * framesPerSecond - 1e-6)
}

function statesOf(sensor: string, outages: readonly Outage[]): readonly RecordedEvent[] {
  const changes = outages.filter((outage) => outage.sensor === sensor).flatMap(({ from, to }) => [from, to])
  return [0, ...changes].map((t) => ({ t, sensor, kind: 'state', state: isOut(outages, sensor, t) ? 'down' : 'up' }))
}

function isOut(outages: readonly Outage[], sensor: string, t: number): boolean {
  return outages.some((outage) => outage.sensor === sensor && outage.from <= t && t < outage.to)
}

function inOrder(one: RecordedEvent, other: RecordedEvent): number {
  return one.t - other.t || (one.sensor < other.sensor ? -1 : Number(one.sensor > other.sensor))
}
