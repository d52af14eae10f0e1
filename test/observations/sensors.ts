import type { SensorOf, SensorSettings } from '../../src/drivers/settings.ts'

/** Settings of one sensor of each kind, as the loader hands them on. */

export function beamPair(id: string): SensorOf<'beam-pair'> {
  return { id, kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27', broken: 'high', driver: 'auto' }
}

export function tofLuna(id: string, more: Partial<SensorOf<'tf-luna'>> = {}): SensorOf<'tf-luna'> {
  return { id, kind: 'tf-luna', zone: 'entrance', port: `/dev/${id}`, baud: 115_200, unit: 'cm', ...more }
}

export function radar(id: string, more: Partial<SensorOf<'ld2450'>> = {}): SensorOf<'ld2450'> {
  return { id, kind: 'ld2450', zone: 'shoes', port: `/dev/${id}`, baud: 256_000, ...more }
}

export function presenceRadar(id: string): SensorOf<'ld2410'> {
  return { id, kind: 'ld2410', zone: 'shoes', port: `/dev/${id}`, baud: 256_000 }
}

export function counter(id: string): SensorOf<'json-lines'> {
  return { id, kind: 'json-lines', zone: 'entrance', port: `/dev/${id}`, baud: 115_200 }
}

export function bluetooth(id: string): SensorOf<'ble'> {
  return { id, kind: 'ble', zone: 'entrance', adapter: 'hci0' }
}

/** The counting line of most tests: across the field, two metres away. */
export const line: NonNullable<SensorOf<'ld2450'>['line']> = [
  [-1500, 2000],
  [1500, 2000],
]

export const oneOfEach: readonly SensorSettings[] = [
  beamPair('beams'),
  tofLuna('outer', { inner: 'inner' }),
  tofLuna('inner'),
  tofLuna('lone'),
  radar('radar', {
    line,
    areas: [
      {
        zone: 'shoes',
        polygon: [
          [0, 0],
          [2000, 0],
          [0, 4000],
        ],
      },
    ],
  }),
  presenceRadar('presence'),
  counter('counter'),
  bluetooth('radio'),
]
