import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { createRadioDriver, type RadioParts } from './ble/radio.ts'
import { createBeamPairDriver } from './gpio/beam-pair.ts'
import type { Driver } from './reading.ts'
import { createSerialDriver } from './serial/port.ts'
import type { SensorSettings } from './settings.ts'

export interface DriverParts extends RadioParts {
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
      return createRadioDriver(settings, parts)
  }
}
