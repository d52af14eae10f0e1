import { ascii, startsAt } from './cursor.ts'
import { hexDigit } from './device-path.ts'

/** What follows the first eight digits of the UUIDs that are short for 16 or 32 bits (Core Specification Vol 3, B 2.5.1). */
const base = ascii('-0000-1000-8000-00805f9b34fb')
const [textLength, shortDigits, dash] = [36, 8, 0x2d]

/** Bytes that the UUID in the text at `at` takes on air: 2, 4 or 16; 0 when it is none. */
export function uuidSize(bytes: Uint8Array, at: number, length: number): 0 | 2 | 4 | 16 {
  if (length !== textLength || !isUuid(bytes, at)) return 0
  if (!startsAt(bytes, at + shortDigits, base)) return 16
  return pair(bytes, at) === 0 && pair(bytes, at + 2) === 0 ? 2 : 4
}

/** Writes it as on air, least significant byte first. It must be one: see uuidSize. */
export function writeUuid(bytes: Uint8Array, at: number, size: 2 | 4 | 16, into: Uint8Array, to: number): void {
  let from = at + (size === 2 ? shortDigits / 2 : 0)
  for (let i = size - 1; i >= 0; i--) {
    if (bytes[from] === dash) from++
    into[to + i] = pair(bytes, from)
    from += 2
  }
}

function isUuid(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < textLength; i++) {
    const isDash = i === 8 || i === 13 || i === 18 || i === 23
    if (isDash ? bytes[at + i] !== dash : digit(bytes[at + i]!) < 0) return false
  }
  return true
}

function pair(bytes: Uint8Array, at: number): number {
  return (digit(bytes[at]!) << 4) | digit(bytes[at + 1]!)
}

/** BlueZ writes UUIDs in small letters. */
function digit(code: number): number {
  return code >= 0x61 && code <= 0x66 ? code - 0x61 + 10 : hexDigit(code)
}
