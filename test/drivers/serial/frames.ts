import { crc16 } from '../../../src/drivers/serial/modbus-frame.ts'

/** Frames as the sensors send them, written apart from the decoders. */

export function tfLunaFrame(distance: number, strength = 1000): Uint8Array {
  const frame = Uint8Array.of(0x59, 0x59, distance & 0xff, distance >> 8, strength & 0xff, strength >> 8, 0x70, 0x09, 0)
  frame[8] = frame.reduce((sum, byte) => sum + byte, 0) & 0xff
  return frame
}

export function ld2410Frame(state: number, centimetres = 150): Uint8Array {
  const [low, high] = [centimetres & 0xff, centimetres >> 8]
  // biome-ignore format: one line a part of the frame
  return Uint8Array.of(
    0xf4, 0xf3, 0xf2, 0xf1, 13, 0,
    2, 0xaa, state, low, high, 60, low, high, 40, low, high,
    0x55, 0x00, 0xf8, 0xf7, 0xf6, 0xf5,
  )
}

/** An RD-03D or LD2450 frame with one target; `fields` are the raw last two of it. */
export function radarFrame(x: number, y: number, fields: readonly [number, number]): Uint8Array {
  const frame = new DataView(new ArrayBuffer(30))
  frame.setUint32(0, 0xaaff0300)
  const raw = (value: number) => (value < 0 ? -value : 0x8000 | value)
  for (const [index, value] of [raw(x), raw(y), ...fields].entries()) frame.setUint16(4 + 2 * index, value, true)
  frame.setUint16(28, 0x55cc)
  return new Uint8Array(frame.buffer)
}

export function modbusResponse(words: readonly number[], { slave = 1, fc = 3 } = {}): Uint8Array {
  return withCrc([slave, fc, 2 * words.length, ...words.flatMap((word) => [word >> 8, word & 0xff])])
}

export function modbusException(code: number, { slave = 1, fc = 3 } = {}): Uint8Array {
  return withCrc([slave, fc | 0x80, code])
}

function withCrc(bytes: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(bytes), 0, bytes.length)
  return Uint8Array.of(...bytes, crc & 0xff, crc >> 8)
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export interface Line {
  seq: number
  t: number
  ev: 'in' | 'out' | 'hb'
  n?: number
  in?: number
  out?: number
  dev?: string
}

export function jsonLine({ seq, t, dev = 'side', ...rest }: Line): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ v: 1, dev, seq, t, ...rest })}\n`)
}
