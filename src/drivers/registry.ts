import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { createBeamPairDriver } from './gpio/beam-pair.ts'
import type { Driver } from './reading.ts'
import { createSerialDriver } from './serial/port.ts'
import type { SensorOf, SensorSettings } from './settings.ts'

export interface DriverParts {
  readonly clock: Clock
  readonly log: Log
}

/** The driver of a sensor, by its kind. Nothing is opened yet. */
export function createDriver(settings: SensorSettings, parts: DriverParts): Driver {
  switch (settings.kind) {
    case 'beam-pair':
      return createBeamPairDriver(settings, parts)
    case 'ld2450':
    case 'rd03d':
    case 'ld2410':
    case 'tf-luna':
    case 'json-lines':
    case 'modbus-counter':
      return createSerialDriver(settings, parts)
    case 'ble':
      return createRadioNotDriven(settings, parts)
  }
}

/** A radio is configured but this version does not listen to it: said once, and in health for as long as it runs. */
function createRadioNotDriven({ id, adapter }: SensorOf<'ble'>, { clock, log }: DriverParts): Driver {
  const reason = `This version does not listen to Bluetooth: take the sensor out, or leave ${adapter} for a later one.`
  return {
    sensor: id,
    async open(hear) {
      log.warn({ sensor: id }, reason)
      hear({ kind: 'state', sensor: id, at: clock.monotonic(), state: 'down', reason })
    },
    async close() {},
    health: () => ({ sensor: id, state: 'not-driven', reason, dropped: 0 }),
  }
}
