import { createDecoder, type SerialSettings } from '../../../src/drivers/decoders.ts'
import type { Reading } from '../../../src/drivers/reading.ts'
import type { SensorOf } from '../../../src/drivers/settings.ts'

const common = { zone: 'entrance', port: '/dev/counter/one' }

/** Settings of each serial kind as the configuration gives them when nothing special is asked for. */
export const settingsOf = {
  ld2450: { id: 'aisle', kind: 'ld2450', baud: 256_000, ...common },
  rd03d: { id: 'aisle', kind: 'rd03d', baud: 256_000, fields: 'auto', ...common },
  ld2410: { id: 'till', kind: 'ld2410', baud: 256_000, ...common },
  'tf-luna': { id: 'door', kind: 'tf-luna', baud: 115_200, unit: 'cm', ...common },
  'json-lines': { id: 'side', kind: 'json-lines', baud: 115_200, ...common },
  'modbus-counter': modbusSettings({}),
} satisfies { [K in SerialSettings['kind']]: SensorOf<K> }

export function modbusSettings(changes: Partial<SensorOf<'modbus-counter'>>): SensorOf<'modbus-counter'> {
  return {
    id: 'stairs',
    kind: 'modbus-counter',
    baud: 9600,
    parity: 'none',
    slave: 1,
    registers: [
      { fc: 3, addr: 0, words: 1, wordOrder: 'high-first', kind: 'total_in', resetOnRead: false },
      { fc: 3, addr: 1, words: 1, wordOrder: 'high-first', kind: 'total_out', resetOnRead: false },
    ],
    pollSeconds: 1,
    peoplePerSecond: 10,
    ...common,
    ...changes,
  }
}

/** A decoder whose readings are kept. */
export function hearing(settings: SerialSettings) {
  const readings: Reading[] = []
  const decoder = createDecoder(settings, (reading) => readings.push(reading))
  return { decoder, readings }
}

/** A decoder whose people are added up as they are heard. */
export function counting(settings: SerialSettings) {
  const people = { in: 0, out: 0 }
  const decoder = createDecoder(settings, (reading) => {
    if (reading.kind !== 'counted') return
    people.in += reading.in
    people.out += reading.out
  })
  return { decoder, people }
}

/** The readings of a whole stream pushed at once. */
export function readingsOf(settings: SerialSettings, bytes: Uint8Array, at = 0): Reading[] {
  const { decoder, readings } = hearing(settings)
  decoder.push(bytes, at)
  return readings
}

/** People counted in all. */
export function peopleIn(readings: readonly Reading[]): { in: number; out: number } {
  const people = { in: 0, out: 0 }
  for (const reading of readings) {
    if (reading.kind !== 'counted') continue
    people.in += reading.in
    people.out += reading.out
  }
  return people
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
}
