/**
 * Where one stands in the bytes of a message of D-Bus. Whatever does not fit makes it broken and moves it to the end, so
 * that every loop over it ends; nothing throws. It holds places, never what stands there: no address becomes an object.
 */
export interface Cursor {
  bytes: Uint8Array
  /** Where the message starts: alignment counts from here. */
  base: number
  at: number
  end: number
  isLittle: boolean
  isBroken: boolean
  /** The text or signature read last: where, and how long, bytes. */
  textAt: number
  textLength: number
}

// D-Bus Specification, "Valid signatures" and "Marshaling".
const longestArray = 2 ** 26

export function createCursor(bytes: Uint8Array): Cursor {
  return { bytes, base: 0, at: 0, end: bytes.length, isLittle: true, isBroken: false, textAt: 0, textLength: 0 }
}

export function breakOff(cursor: Cursor): void {
  cursor.isBroken = true
  cursor.at = cursor.end
  cursor.textLength = 0
}

/** Moves on to a multiple of `size` (1, 2, 4, 8); what is skipped must be zero. */
export function align(cursor: Cursor, size: number): void {
  const { base, bytes, end } = cursor
  const next = base + ((cursor.at - base + size - 1) & -size)
  if (next > end) return breakOff(cursor)
  for (let at = cursor.at; at < next; at++) if (bytes[at] !== 0) return breakOff(cursor)
  cursor.at = next
}

/** Takes `length` bytes and says where they start. */
export function take(cursor: Cursor, length: number): number {
  const { at } = cursor
  if (length > cursor.end - at) breakOff(cursor)
  else cursor.at = at + length
  return at
}

export function readByte(cursor: Cursor): number {
  const at = take(cursor, 1)
  return cursor.isBroken ? 0 : cursor.bytes[at]!
}

/** Unsigned 16 bits. */
export function readShort(cursor: Cursor): number {
  align(cursor, 2)
  const at = take(cursor, 2)
  if (cursor.isBroken) return 0
  const { bytes, isLittle } = cursor
  return isLittle ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!
}

/** Unsigned 32 bits. */
export function readLong(cursor: Cursor): number {
  align(cursor, 4)
  const at = take(cursor, 4)
  return cursor.isBroken ? 0 : longAt(cursor.bytes, at, cursor.isLittle)
}

export function longAt(bytes: Uint8Array, at: number, isLittle: boolean): number {
  const value = isLittle
    ? (bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!
    : (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  return value >>> 0
}

/** A BOOLEAN is 0 or 1, nothing else. */
export function readBoolean(cursor: Cursor): boolean {
  const value = readLong(cursor)
  if (value > 1) breakOff(cursor)
  return value === 1
}

/** A STRING or OBJECT_PATH: its place goes to textAt and textLength; what it says is not looked at. */
export function readText(cursor: Cursor): void {
  readSpan(cursor, readLong(cursor))
}

export function readSignature(cursor: Cursor): void {
  readSpan(cursor, readByte(cursor))
}

function readSpan(cursor: Cursor, length: number): void {
  const at = take(cursor, length + 1)
  if (cursor.isBroken || cursor.bytes[at + length] !== 0) return breakOff(cursor)
  cursor.textAt = at
  cursor.textLength = length
}

/** Enters an array of elements that align to `size`; returns where it ends. Leave it with closeArray. */
export function openArray(cursor: Cursor, size: number): number {
  const length = readLong(cursor)
  align(cursor, size)
  if (length > longestArray || length > cursor.end - cursor.at) breakOff(cursor)
  return cursor.isBroken ? cursor.end : cursor.at + length
}

/** The last element must end where the array does. */
export function closeArray(cursor: Cursor, end: number): void {
  if (cursor.at !== end) breakOff(cursor)
}

/** Is the text that was read last `expected`? */
export function textIs(cursor: Cursor, expected: Uint8Array): boolean {
  return isAt(cursor.bytes, cursor.textAt, cursor.textLength, expected)
}

/** Are the `length` bytes at `at` just `expected`? */
export function isAt(bytes: Uint8Array, at: number, length: number, expected: Uint8Array): boolean {
  return length === expected.length && startsAt(bytes, at, expected)
}

/** Does `expected` stand at `at`? */
export function startsAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}

/** Fixed words of the protocol as bytes, to compare with. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
