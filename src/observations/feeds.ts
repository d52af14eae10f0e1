import type { SensorSettings } from '../drivers/settings.ts'

/** Can this sensor count crossings? A lone tf-luna and an ld2410 only tell that somebody is there. */
export function isCounting(sensor: SensorSettings, all: readonly SensorSettings[]): boolean {
  switch (sensor.kind) {
    case 'beam-pair':
    case 'json-lines':
    case 'modbus-counter':
      return true
    case 'ld2450':
    case 'rd03d':
      return sensor.line !== undefined
    case 'tf-luna':
      return sensor.inner !== undefined || all.some((other) => other.kind === 'tf-luna' && other.inner === sensor.id)
    case 'ld2410':
    case 'ble':
      return false
  }
}

/** The sensors whose hearing decides the coverage of each zone. */
export function feedsOf(sensors: readonly SensorSettings[]): ReadonlyMap<string, readonly string[]> {
  const feeds = new Map<string, string[]>()
  for (const sensor of sensors) {
    if (isCounting(sensor, sensors)) feeds.set(sensor.zone, [...(feeds.get(sensor.zone) ?? []), sensor.id])
  }
  return feeds
}
