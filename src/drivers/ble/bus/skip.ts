import {
  align,
  breakOff,
  type Cursor,
  closeArray,
  openArray,
  readBoolean,
  readSignature,
  readText,
  take,
} from './cursor.ts'

// The specification allows 32 arrays and 32 structures inside each other.
const deepest = 64
const [array, variant, struct, structEnd, entry, entryEnd] = [0x61, 0x76, 0x28, 0x29, 0x7b, 0x7d]
const [boolean, text, path, signature] = [0x62, 0x73, 0x6f, 0x67]

/** Sizes of the types of fixed size, by their code: y n q i u h x t d, and b. */
const fixedSizes = new Uint8Array(128)
for (const [codes, size] of [
  ['y', 1],
  ['nq', 2],
  ['iuhb', 4],
  ['xtd', 8],
] as const) {
  for (const code of codes) fixedSizes[code.charCodeAt(0)] = size
}

/** Skips the value of a variant whose signature was just read. It must be one complete type. */
export function skipVariantValue(cursor: Cursor, depth = 0): void {
  const { textAt, textLength } = cursor
  const end = textAt + textLength
  if (cursor.isBroken || skipType(cursor, cursor.bytes, textAt, end, depth) !== end) breakOff(cursor)
}

/** Skips one value of each type in a signature of ours. */
export function skipTypes(cursor: Cursor, types: Uint8Array): void {
  for (let at = 0; at < types.length && !cursor.isBroken; ) at = skipType(cursor, types, at, types.length, 0)
}

/** Skips one value of the type at `at` of `types`; returns where the next type starts. */
function skipType(cursor: Cursor, types: Uint8Array, at: number, end: number, depth: number): number {
  const code = at < end ? types[at]! : 0
  if (depth > deepest || cursor.isBroken) return failed(cursor, end)
  const size = code < 128 ? fixedSizes[code]! : 0
  if (code === boolean) readBoolean(cursor)
  else if (size > 0) skipFixed(cursor, size)
  else if (code === text || code === path) readText(cursor)
  else if (code === signature) readSignature(cursor)
  else if (code === variant) skipVariant(cursor, depth)
  else if (code === array) return skipArray(cursor, types, at + 1, end, depth)
  else if (code === struct) return skipStruct(cursor, types, at + 1, end, depth)
  else return failed(cursor, end)
  return at + 1
}

function failed(cursor: Cursor, end: number): number {
  breakOff(cursor)
  return end
}

function skipFixed(cursor: Cursor, size: number): void {
  align(cursor, size)
  take(cursor, size)
}

function skipVariant(cursor: Cursor, depth: number): void {
  readSignature(cursor)
  skipVariantValue(cursor, depth + 1)
}

function skipArray(cursor: Cursor, types: Uint8Array, at: number, end: number, depth: number): number {
  const next = typeEnd(types, at, end, true, depth + 1)
  if (next < 0) return failed(cursor, end)
  const code = types[at]!
  const close = openArray(cursor, alignmentOf(code))
  const size = fixedSizes[code]!
  if (size > 0 && code !== boolean) {
    if ((close - cursor.at) % size !== 0) return failed(cursor, end)
    cursor.at = close
    return next
  }
  while (cursor.at < close && !cursor.isBroken) {
    if (code === entry) skipStruct(cursor, types, at + 1, end, depth + 1)
    else skipType(cursor, types, at, end, depth + 1)
  }
  closeArray(cursor, close)
  return next
}

/** Members up to the closing bracket; `typeEnd` has seen to it for a dict entry that there are two. */
function skipStruct(cursor: Cursor, types: Uint8Array, at: number, end: number, depth: number): number {
  align(cursor, 8)
  const closing = types[at - 1] === entry ? entryEnd : structEnd
  let next = at
  while (next < end && types[next] !== closing && !cursor.isBroken) {
    next = skipType(cursor, types, next, end, depth + 1)
  }
  // An empty structure takes no bytes, so an array of them could last for ever.
  if (next === at || next >= end) return failed(cursor, end)
  return next + 1
}

function alignmentOf(code: number): number {
  if (code === struct || code === entry) return 8
  if (code === text || code === path || code === array) return 4
  return fixedSizes[code]! || 1
}

/** Where the complete type at `at` ends, or -1. A dict entry is a type only of an array. */
function typeEnd(types: Uint8Array, at: number, end: number, isElement: boolean, depth: number): number {
  const code = at < end ? types[at]! : 0
  if (depth > deepest || code >= 128) return -1
  if (fixedSizes[code]! > 0 || code === text || code === path || code === signature || code === variant) return at + 1
  if (code === array) return typeEnd(types, at + 1, end, true, depth + 1)
  if (code === struct) return membersEnd(types, at + 1, end, depth)
  return code === entry && isElement ? entryTypeEnd(types, at + 1, end, depth) : -1
}

function membersEnd(types: Uint8Array, at: number, end: number, depth: number): number {
  let next = at
  while (next >= 0 && next < end && types[next] !== structEnd) next = typeEnd(types, next, end, false, depth + 1)
  return next > at && next < end ? next + 1 : -1
}

/** The key of a dict entry is a basic type. */
function entryTypeEnd(types: Uint8Array, at: number, end: number, depth: number): number {
  const code = at < end ? types[at]! : 0
  const isBasic = code < 128 && (fixedSizes[code]! > 0 || code === text || code === path || code === signature)
  if (!isBasic) return -1
  const next = typeEnd(types, at + 1, end, false, depth + 1)
  return next >= 0 && next < end && types[next] === entryEnd ? next + 1 : -1
}
