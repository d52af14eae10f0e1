import type { DriverHealth } from '../drivers/reading.ts'
import type { BeaconReport } from './beacon-book.ts'

/** What `health` says of sensors and of the shop's own devices; nothing that a shopper can change. */
export interface DeviceHealth {
  readonly sensors: { id: string; state: DriverHealth['state']; scan?: 'monitor' | 'discovery' }[]
  /** Absent in a shop without devices of its own. */
  readonly beacons?: BeaconReport[]
}

export function deviceHealth(sensors: readonly DriverHealth[], beacons: readonly BeaconReport[]): DeviceHealth {
  const told = sensors.map(({ sensor, state, scan }) => ({ id: sensor, state, ...(scan ? { scan } : {}) }))
  return beacons.length > 0 ? { sensors: told, beacons: [...beacons] } : { sensors: told }
}
