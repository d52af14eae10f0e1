import { noise95, noise95OfSum } from './band.ts'
import type { DwellSeries, FootfallSeries, OccupancySeries } from './release.ts'
import type { Zone } from './settings.ts'

/** The series of people that a policy declares, and their prices. Those of phones: phones-price.ts. */

/** What decides them beside the zones. */
export interface Rules {
  readonly releasesOut: boolean
  /** Is it told how many are inside? */
  readonly tellsInside: boolean
  readonly fine: boolean
  readonly windowSeconds: number
  readonly windowsPerDay: number
}

/** Thousandths of epsilon a number. Doors: contract.md 1, table of profiles; areas: 0.2 in each direction. */
const door = { window: 400, day: 100 }
const areaWindow = 200

/** Thousandths of epsilon that one stay in one zone pays. */
export const dwellMilli = 500

/** In the topic of what is told of all doors together; no zone may have this name where that is told. */
export const wholeShop = 'shop'

const common = { unit: 'zone-visit', mechanism: 'discrete-laplace' } as const

export function footfallSeries(zone: Zone, rules: Rules): FootfallSeries[] {
  const { windowSeconds, windowsPerDay, releasesOut } = rules
  const { window, day } = milli(zone, rules)
  const footfall = { epsilon: window / 1000, noise95: noise95(window), windowsPerDay: 0, windowSeconds, drawn: true }
  // An area's day is the sum of its windows and costs nothing more, so its band is that of the sum.
  const ofDay =
    day === 0
      ? { epsilon: window / 1000, noise95: noise95OfSum(window, windowsPerDay) }
      : { epsilon: day / 1000, noise95: noise95(day) }
  // The order of the keys is part of every policy's hash.
  const { unit, mechanism } = common
  const ofZone = { zone: zone.id, unit, mechanism, releasesOut }
  return [
    { name: `footfall/${zone.id}`, kind: 'footfall', ...ofZone, ...footfall },
    { name: `day/${zone.id}`, kind: 'day', ...ofZone, ...ofDay, windowsPerDay, windowSeconds: 86_400, drawn: day > 0 },
  ]
}

/** One for all doors together, and one for each area. */
export function occupancySeries(zones: readonly Zone[], rules: Rules): OccupancySeries[] {
  const doors = zones.filter(({ kind }) => kind === 'door')
  const areas = zones.filter(({ kind }) => kind === 'area')
  const ofDoors = doors.length > 0 ? [occupancyOf(wholeShop, doors, rules)] : []
  return [...ofDoors, ...areas.map((area) => occupancyOf(area.id, [area], rules))]
}

function occupancyOf(zone: string, parts: readonly Zone[], rules: Rules): OccupancySeries {
  const { windowSeconds, windowsPerDay } = rules
  const { window } = milli(parts[0]!, rules)
  const summed = 2 * parts.length * windowsPerDay
  const blur = { epsilon: window / 1000, noise95: noise95OfSum(window, summed) }
  const of = parts.map(({ id }) => id)
  return { name: `occupancy/${zone}`, kind: 'occupancy', zone, windowSeconds, ...common, ...blur, of }
}

export function dwellSeries(zone: string): DwellSeries {
  const blur = { epsilon: dwellMilli / 1000, noise95: noise95(dwellMilli) }
  return { name: `dwell/${zone}`, kind: 'dwell', zone, windowSeconds: 86_400, ...common, ...blur }
}

function milli(zone: Zone, { fine }: Pick<Rules, 'fine'>): { window: number; day: number } {
  if (zone.kind === 'area') return { window: areaWindow, day: 0 }
  const factor = fine ? 2 : 1
  return { window: door.window * factor, day: door.day * factor }
}

/** Enter once through some door, pass every area once, leave: each zone costs in each released direction. */
export function crossingMilli(zones: readonly Zone[], rules: Pick<Rules, 'releasesOut' | 'fine'>): number {
  const directions = rules.releasesOut ? 2 : 1
  const cost = (zone: Zone) => {
    const { window, day } = milli(zone, rules)
    return (window + day) * directions
  }
  const doors = zones.filter((zone) => zone.kind === 'door').map(cost)
  const areas = zones.filter((zone) => zone.kind === 'area').map(cost)
  return Math.max(0, ...doors) + areas.reduce((sum, each) => sum + each, 0)
}
