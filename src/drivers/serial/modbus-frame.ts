import type { SensorOf } from '../settings.ts'
import { more, none } from './framer.ts'

// Modbus over Serial Line V1.02 and Modbus Application Protocol V1.1b3: function codes 03 and 04.
export type Register = SensorOf<'modbus-counter'>['registers'][number]

const table = crcTable()

function crcTable(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
    return crc
  })
}

/** CRC-16/MODBUS of the bytes from `start` to before `end`; sent low byte first. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffff
  for (let i = start; i < end; i++) crc = (crc >> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!
  return crc
}

/** The request that reads one register of `slave`. */
export function modbusRequest(slave: number, { fc, addr, words }: Pick<Register, 'fc' | 'addr' | 'words'>): Uint8Array {
  const request = Uint8Array.of(slave, fc, addr >> 8, addr & 0xff, 0, words, 0, 0)
  const crc = crc16(request, 0, 6)
  request[6] = crc & 0xff
  request[7] = crc >> 8
  return request
}

/** Silence before and after a frame in ms: 3.5 characters of 11 bits, and never below 1.75 ms (clause 2.5.1.1). */
export function frameGap(baud: number): number {
  return Math.max(1.75, (3.5 * 11 * 1000) / baud)
}

/** The longest response that is asked for: two registers. */
export const longestResponse = 9
export const exceptionLength = 5

/** Length of the response or exception of `slave` at `start` with a right CRC, or `none` or `more`. */
export function responseAt(bytes: Uint8Array, start: number, end: number, slave: number): number {
  if (bytes[start] !== slave) return none
  if (end - start < 3) return more
  return frameOf(responseLength(bytes[start + 1]!, bytes[start + 2]!), bytes, start, end)
}

const requestLength = 8

/** The same for a request to `slave`: adapters for two wires often hear their own questions. */
export function requestAt(bytes: Uint8Array, start: number, end: number, slave: number): number {
  if (bytes[start] !== slave || (bytes[start + 1] !== 3 && bytes[start + 1] !== 4)) return none
  return frameOf(requestLength, bytes, start, end)
}

function frameOf(length: number, bytes: Uint8Array, start: number, end: number): number {
  if (length === none) return none
  if (end - start < length) return more
  const crc = crc16(bytes, start, start + length - 2)
  return bytes[start + length - 2] === (crc & 0xff) && bytes[start + length - 1] === crc >> 8 ? length : none
}

function responseLength(fc: number, count: number): number {
  if (fc === 0x83 || fc === 0x84) return exceptionLength
  if (fc !== 3 && fc !== 4) return none
  return count === 2 || count === 4 ? 5 + count : none
}

/** The value of the response at `start`, of one or two registers. */
export function responseValue(bytes: Uint8Array, start: number, wordOrder: Register['wordOrder']): number {
  const first = (bytes[start + 3]! << 8) | bytes[start + 4]!
  if (bytes[start + 2] === 2) return first
  const second = (bytes[start + 5]! << 8) | bytes[start + 6]!
  return wordOrder === 'high-first' ? first * 65_536 + second : second * 65_536 + first
}
