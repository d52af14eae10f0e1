import { describe, expect, it } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createDecoder } from '../../src/drivers/decoders.ts'
import { createDriver } from '../../src/drivers/registry.ts'
import { type SensorSettings, sensorSchemas } from '../../src/drivers/settings.ts'
import { settingsOf } from './serial/hearing.ts'

const parts = { clock: manualClock(0), log: silentLog, beacons: [], hearsPeople: false, resetAdapter() {} }
const beams = { outer: 'GPIO17', inner: 'GPIO27', broken: 'high', driver: 'auto' } as const
const all: SensorSettings[] = [
  { id: 'door', kind: 'beam-pair', zone: 'entrance', ...beams },
  ...Object.values(settingsOf),
  { id: 'radio', kind: 'ble', zone: 'entrance', adapter: 'hci0' },
]

describe('the list of drivers', () => {
  it('has one for each kind of sensor, which does nothing until it is opened', async () => {
    expect(all.map(({ kind }) => kind).sort()).toEqual(Object.keys(sensorSchemas).sort())
    for (const settings of all) {
      const driver = createDriver(settings, parts)
      expect(driver.health()).toMatchObject({ sensor: settings.id, dropped: 0, reason: expect.any(String) })
      expect(driver.health().state).not.toBe('up')
      await driver.close()
      await driver.close()
    }
  })
})

describe('the decoder of a sensor that sends no bytes', () => {
  it('drops whatever is pushed', () => {
    const decoder = createDecoder(all[0]!, () => expect.fail('it heard something'))
    decoder.push(Uint8Array.of(1, 2, 3), 0)
    expect(decoder.dropped).toBe(1)
  })
})
