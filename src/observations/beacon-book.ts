import { minute } from '../base/duration.ts'
import type { BeaconSettings } from '../drivers/settings.ts'
import type { Telemetry } from './observation.ts'

/** The last that each of the shop's own devices said of itself, for `health`. Devices of staff are not in it. */
export interface BeaconBook {
  note(telemetry: Telemetry): void
  /** In the order of the configuration, as of monotonic ms `at`. */
  report(at: number): BeaconReport[]
}

export interface BeaconReport {
  readonly id: string
  /** Whole minutes since it was heard; null when it was not since the start. */
  readonly minutesSilent: number | null
  readonly batteryPercent: number | null
  readonly batteryMillivolts: number | null
  readonly temperature: number | null
  readonly humidity: number | null
}

/** What fits into `health`; a device out of order may say anything. */
const ranges = {
  batteryPercent: { least: 0, most: 100, digits: 0 },
  batteryMillivolts: { least: 0, most: 65_535, digits: 0 },
  temperature: { least: -400, most: 400, digits: 2 },
  humidity: { least: 0, most: 100, digits: 2 },
}

type Measure = keyof typeof ranges

export function createBeaconBook(beacons: readonly Pick<BeaconSettings, 'id' | 'staff'>[]): BeaconBook {
  const ids = beacons.filter(({ staff }) => !staff).map(({ id }) => id)
  const last = new Map<string, Telemetry>()

  return {
    note(telemetry) {
      // An advert tells a part only; what it does not tell is as it was.
      if (ids.includes(telemetry.beacon)) last.set(telemetry.beacon, { ...last.get(telemetry.beacon), ...telemetry })
    },
    report(at) {
      return ids.map((id) => {
        const told = last.get(id)
        const value = (measure: Measure) => inRange(told?.[measure], measure)
        return {
          id,
          minutesSilent: told ? Math.max(0, Math.floor((at - told.at) / minute)) : null,
          batteryPercent: value('batteryPercent'),
          batteryMillivolts: value('batteryMillivolts'),
          temperature: value('temperature'),
          humidity: value('humidity'),
        }
      })
    },
  }
}

function inRange(value: number | undefined, measure: Measure): number | null {
  const { least, most, digits } = ranges[measure]
  if (value === undefined || !(value >= least && value <= most)) return null
  return Number(value.toFixed(digits))
}
