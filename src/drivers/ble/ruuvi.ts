import { type Decoded, rounded, viewOf } from './fields.ts'

const rawV2 = 5
const length = 24

/** Manufacturer data 0499 of a RuuviTag, data format 5 (RAWv2), big-endian; what the tag calls invalid is null. */
export function decodeRuuvi(data: Uint8Array): Decoded | string {
  if (data[0] !== rawV2 || data.length !== length) return 'the Ruuvi data are not of format 5'
  const view = viewOf(data)
  const signed = (at: number, unit: number) => valid(view.getInt16(at), -0x8000, unit)
  const unsigned = (at: number, unit: number) => valid(view.getUint16(at), 0xffff, unit)
  const pressure = unsigned(5, 1)
  const power = view.getUint16(13)
  const [volts, dBm] = [power >> 5, power & 0x1f]
  return {
    format: 'ruuvi',
    temperature: signed(1, 0.005),
    humidity: unsigned(3, 0.0025),
    pressurePascal: pressure === null ? null : pressure + 50_000,
    accelerationMilliG: [7, 9, 11].map((at) => signed(at, 1)),
    batteryMillivolts: volts === 0x7ff ? null : volts + 1600,
    txPower: dBm === 0x1f ? null : 2 * dBm - 40,
    movements: data[15] === 0xff ? null : data[15],
    sequence: unsigned(16, 1),
  }
}

function valid(raw: number, invalid: number, unit: number): number | null {
  return raw === invalid ? null : rounded(raw * unit)
}
