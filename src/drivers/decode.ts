import { more } from './serial/framer.ts'
import { ld2410FrameAt, ld2410Header, readLd2410 } from './serial/ld2410.ts'
import { radarFrameAt, radarHeader, readTarget as readLd2450Target, targetsAt } from './serial/ld2450.ts'
import { crc16, exceptionLength } from './serial/modbus-frame.ts'
import { readTarget as readRd03dTarget } from './serial/rd03d.ts'
import { readTfLuna, tfLunaFrameAt, tfLunaHeader } from './serial/tf-luna.ts'

type Decoded = Record<string, unknown>

interface Format {
  /** The bytes a frame starts with, in words and digits. */
  readonly start: readonly number[]
  readonly frameAt: (bytes: Uint8Array, start: number, end: number) => number
  readonly read: (frame: Uint8Array) => Decoded
}

const formats: Readonly<Partial<Record<string, Format>>> = {
  ld2450: {
    start: radarHeader,
    frameAt: radarFrameAt,
    read: (frame) => ({ targets: targetsAt(frame, 0, readLd2450Target) }),
  },
  rd03d: {
    start: radarHeader,
    frameAt: radarFrameAt,
    // One frame cannot show the order of the last two fields; this is what real units were seen to send.
    read: (frame) => ({ targets: targetsAt(frame, 0, (b, slot) => readRd03dTarget(b, slot, 'resolution-first')) }),
  },
  ld2410: { start: ld2410Header, frameAt: ld2410FrameAt, read: (frame) => ({ ...readLd2410(frame) }) },
  'tf-luna': { start: tfLunaHeader, frameAt: tfLunaFrameAt, read: readTfLuna },
}

/** The kinds of frame that `decodeFrame` knows. */
export const frameKinds: readonly string[] = [...Object.keys(formats), 'modbus']

/**
 * The first whole frame of a kind in `bytes` as JSON, for `drempel decode`: lengths and units as the sensor sends
 * them. Bytes around the frame are counted as `skipped`. Without one: `{ format: 'unknown', reason }`. Never throws.
 */
export function decodeFrame(kind: string, bytes: Uint8Array): Decoded {
  if (bytes.length === 0) return unknown('there are no bytes')
  if (kind === 'modbus') return decodeModbus(bytes)
  const format = Object.hasOwn(formats, kind) ? formats[kind] : undefined
  if (!format) return unknown(`the kind is none of ${frameKinds.join(', ')}`)
  for (let start = 0; start < bytes.length; start++) {
    const length = format.frameAt(bytes, start, bytes.length)
    if (length > 0) return found(kind, format.read(bytes.slice(start, start + length)), bytes.length - length)
  }
  return unknown(whyNot(format, bytes))
}

function found(kind: string, fields: Decoded, skipped: number): Decoded {
  return { format: kind, ...fields, ...(skipped > 0 ? { skipped } : {}) }
}

function unknown(reason: string): Decoded {
  return { format: 'unknown', reason }
}

function whyNot({ start: header, frameAt }: Format, bytes: Uint8Array): string {
  const start = indexOfAll(bytes, header)
  if (start < 0) return `no frame starts here: ${hex(header)} was not found`
  return frameAt(bytes, start, bytes.length) === more
    ? 'the frame is cut off'
    : 'the frame does not end as it should: its length, checksum or last bytes are wrong'
}

function indexOfAll(bytes: Uint8Array, wanted: readonly number[]): number {
  return Buffer.from(bytes).indexOf(Buffer.from(wanted))
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

// Modbus Application Protocol V1.1b3, clause 7.
const exceptions: Readonly<Partial<Record<number, string>>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  6: 'server device busy',
}

/** A response, an exception or a request to read registers, whole and alone: Modbus has no header to look for. */
function decodeModbus(bytes: Uint8Array): Decoded {
  const end = bytes.length - 2
  if (end < 3) return unknown('the frame is cut off')
  if (crc16(bytes, 0, end) !== (bytes[end]! | (bytes[end + 1]! << 8))) return unknown('the CRC is wrong')
  const slave = bytes[0]!
  const fc = bytes[1]!
  const head = { format: 'modbus', slave, function: fc & 0x7f }
  if (fc & 0x80 && bytes.length === exceptionLength) {
    const code = bytes[2]!
    return { ...head, exception: code, meaning: exceptions[code] ?? 'not in the standard' }
  }
  if (fc !== 3 && fc !== 4) return unknown(`function code ${fc} is neither 3 nor 4`)
  if (bytes[2] === end - 3 && end % 2 === 1) return { ...head, registers: words(bytes, 3, end) }
  if (bytes.length === 8) {
    const [address, count] = words(bytes, 2, end)
    return { ...head, address, count }
  }
  return unknown('the length does not fit a read of registers')
}

function words(bytes: Uint8Array, start: number, end: number): number[] {
  const values: number[] = []
  for (let i = start; i < end; i += 2) values.push((bytes[i]! << 8) | bytes[i + 1]!)
  return values
}
