import type { Hear } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import { agrees, createFramer, type FrameDecoder, more, none, word } from './framer.ts'

// Benewake TF-Luna, TFmini-S and -Plus: 59 59 | distance LE2 | strength LE2 | temperature LE2 | sum of the first eight.
export const tfLunaHeader = [0x59, 0x59]
export const tfLunaFrameLength = 9

/** Decodes TF-Luna frames into distances in mm, null where the sensor did not get its light back. */
export function createTfLunaDecoder(settings: Pick<SensorOf<'tf-luna'>, 'id' | 'unit'>, hear: Hear): FrameDecoder {
  const sensor = settings.id
  const scale = settings.unit === 'cm' ? 10 : 1
  return createFramer({
    first: tfLunaHeader[0]!,
    longest: tfLunaFrameLength,
    frameAt(bytes, start, end, at) {
      const length = tfLunaFrameAt(bytes, start, end)
      if (length > 0) hear({ kind: 'distance', sensor, at, millimetres: millimetresAt(bytes, start, scale) })
      return length
    },
  })
}

/** Length of the TF-Luna frame at `start`, or `none` or `more`. */
export function tfLunaFrameAt(bytes: Uint8Array, start: number, end: number): number {
  if (!agrees(bytes, start, end, tfLunaHeader)) return none
  if (end - start < tfLunaFrameLength) return more
  let sum = 0
  for (let i = start; i < start + 8; i++) sum += bytes[i]!
  return (sum & 0xff) === bytes[start + 8] ? tfLunaFrameLength : none
}

// Too little light (below 100) or too much (65535) makes the distance meaningless, as the vendor's manual says.
function millimetresAt(bytes: Uint8Array, start: number, scale: number): number | null {
  const distance = word(bytes, start + 2)
  const strength = word(bytes, start + 4)
  return distance === 0 || strength < 100 || strength === 65_535 ? null : distance * scale
}

/** All fields of the frame at the start of `bytes`: distance in the sensor's own unit, temperature in degrees Celsius. */
export function readTfLuna(bytes: Uint8Array) {
  return { distance: word(bytes, 2), strength: word(bytes, 4), temperature: word(bytes, 6) / 8 - 256 }
}
