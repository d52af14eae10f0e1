import type { Config } from '../config.ts'
import { areaRadarsOf } from '../drivers/settings-rules.ts'
import type { Policy } from '../privacy/policy.ts'
import type { DwellSeries, OccupancySeries } from '../privacy/release.ts'
import { dwellMilli, wholeShop } from '../privacy/series.ts'

/** What it means to tell how many are inside and how long they stay; nothing where neither is told. */

function occupancyOf({ series }: Policy): OccupancySeries[] {
  return series.filter((one) => one.kind === 'occupancy')
}

function dwellOf({ series }: Policy): DwellSeries[] {
  return series.filter((one) => one.kind === 'dwell')
}

function nameOf({ zones }: Config, zone: string): string {
  return zones.find(({ id }) => id === zone)?.name ?? zone
}

/** What is measured. */
export function stayLines(config: Config, policy: Policy): string[] {
  const radars = areaRadarsOf(config.sensors)
  return dwellOf(policy).map(({ zone }) => {
    return `${nameOf(config, zone)}: how long people stay, timed by ${(radars.get(zone) ?? []).join(' and ')}.`
  })
}

/** How far the noise reaches. */
export function insideBandLines(config: Config, policy: Policy): string[] {
  const inside = occupancyOf(policy).map(({ zone, noise95 }) => {
    const where = zone === wholeShop ? 'The whole shop' : nameOf(config, zone)
    return `  ${where}: how many are inside at the end of a slot, by at most ${noise95} at the end of the day and less before.`
  })
  const stays = dwellOf(policy).map(({ zone, noise95 }) => {
    return `  ${nameOf(config, zone)}: how many stays of a day had one of eight lengths, by at most ${noise95} for each length.`
  })
  return [...inside, ...stays]
}

/** What not to use it for. */
export function insideCareLines(policy: Policy): string[] {
  if (occupancyOf(policy).length === 0) return []
  return [
    'Who is inside is computed from numbers that leave anyway, so it costs nothing more. It is not for fire safety: what the',
    'sensors miss adds up over the day, often to more than the noise.',
  ]
}

/** What staying costs, and what makes it cost more. */
export function stayPriceLines(policy: Policy): string[] {
  const zones = dwellOf(policy).length
  if (zones === 0) return []
  const price = (dwellMilli / 1000).toFixed(1)
  const each = zones > 1 ? ` in each of ${zones} zones` : ''
  return [
    `Of this ${((zones * dwellMilli) / 1000).toFixed(1)} is for one stay${each}: ${price} a stay.`,
    `Whoever the radar loses for more than three seconds and finds again is two stays, and pays ${price} once more.`,
  ]
}
