import { brotliDecompressSync, constants, inflateRawSync, type ZlibOptions } from 'node:zlib'
import { systemCode } from '../base/errors.ts'
import { textRunsIn } from './text-runs.ts'

/** Content that was found packed in other content. */
export interface Packed {
  readonly kind: string
  /** Where its packing begins. */
  readonly offset: number
  readonly content: Buffer
  /** Set when not all of it could be unpacked because of its size. */
  readonly isCut: boolean
}

/** Longest stream that is looked into, packed and unpacked: a bomb must not fill the memory of the box. */
export const mostPacked = 8 * 2 ** 20
const mostUnpacked = 32 * 2 ** 20
/** A stream that breaks earlier than this was none. What breaks later, in a free page say, is searched up to there. */
const trialBytes = 512

/**
 * Whatever is packed in this content: streams of deflate behind a gzip, zlib or zip header anywhere; base64 and hex. With
 * `isWhole` also brotli and bare deflate, which nothing marks, so that only a whole file or message may be one.
 */
export function* packedIn(content: Buffer, isWhole: boolean): Generator<Packed> {
  for (const { kind, offset, from } of streamsIn(content)) {
    yield* unpacked(kind, offset, content.subarray(from), unflate)
  }
  if (isWhole) yield* unpacked('deflate', 0, content, unflate)
  if (isWhole) yield* unpacked('brotli', 0, content, unbrotli)
  for (const run of textRunsIn(content)) yield { ...run, isCut: false }
}

interface Stream {
  readonly kind: string
  readonly offset: number
  /** Where the deflate data begin. */
  readonly from: number
}

// The usual window of 32 KiB at the four levels that RFC 1950 knows.
const zlibHeaders = [0x01, 0x5e, 0x9c, 0xda].map((level) => Buffer.from([0x78, level]))
const gzipHeader = Buffer.from([0x1f, 0x8b, 8])
const zipHeader = Buffer.from('PK\x03\x04')

function* streamsIn(content: Buffer): Generator<Stream> {
  for (const offset of placesOf(gzipHeader, content)) {
    yield { kind: 'gzip', offset, from: endOfGzipHeader(content, offset) }
  }
  for (const offset of placesOf(zipHeader, content)) {
    if (offset + 30 > content.length) continue
    const names = content.readUInt16LE(offset + 26) + content.readUInt16LE(offset + 28)
    yield { kind: 'zip', offset, from: offset + 30 + names }
  }
  for (const header of zlibHeaders) {
    for (const offset of placesOf(header, content)) yield { kind: 'zlib', offset, from: offset + 2 }
  }
}

function* placesOf(header: Buffer, content: Buffer): Generator<number> {
  for (let at = content.indexOf(header); at >= 0; at = content.indexOf(header, at + 1)) yield at
}

/** RFC 1952 2.3: what follows the first ten bytes depends on the flags. */
function endOfGzipHeader(content: Buffer, offset: number): number {
  const flags = content[offset + 3] ?? 0
  let at = offset + 10
  const afterZero = () => {
    const zero = content.indexOf(0, at)
    at = zero < 0 ? content.length : zero + 1
  }
  if (flags & 4 && at + 2 <= content.length) at += 2 + content.readUInt16LE(at)
  if (flags & 8) afterZero()
  if (flags & 16) afterZero()
  return flags & 2 ? at + 2 : at
}

type Unpack = (packed: Buffer) => Buffer

/** Without the checksum at the end, so that what is damaged or cut off later is still read up to there. */
const unflate: Unpack = (packed) => inflateRawSync(packed, partly(constants.Z_SYNC_FLUSH))
const unbrotli: Unpack = (packed) => brotliDecompressSync(packed, partly(constants.BROTLI_OPERATION_FLUSH))

function partly(finishFlush: number): ZlibOptions {
  return { finishFlush, maxOutputLength: mostUnpacked }
}

function unpacked(kind: string, offset: number, packed: Buffer, unpack: Unpack): Packed[] {
  if (packed.length === 0 || attempt(unpack, packed.subarray(0, trialBytes)) === 'broken') return []
  const input = packed.subarray(0, mostPacked)
  const whole = attempt(unpack, input)
  const content = typeof whole === 'string' ? longestPart(unpack, input) : whole
  if (content.length === 0) return []
  return [{ kind, offset, content, isCut: whole === 'too-long' || goesOn(unpack, input, content) }]
}

/** A stream that has ended does not care whether its input is cut a little earlier. */
function goesOn(unpack: Unpack, input: Buffer, content: Buffer): boolean {
  if (input.length < mostPacked) return false
  const shorter = attempt(unpack, input.subarray(0, -trialBytes))
  return typeof shorter !== 'string' && shorter.length < content.length
}

function attempt(unpack: Unpack, input: Buffer): Buffer | 'broken' | 'too-long' {
  try {
    return unpack(input)
  } catch (error) {
    return systemCode(error) === 'ERR_BUFFER_TOO_LARGE' ? 'too-long' : 'broken'
  }
}

/** The most that can be unpacked from the beginning, found by halving. */
function longestPart(unpack: Unpack, input: Buffer): Buffer {
  let [good, bad] = [0, input.length]
  let longest: Buffer = Buffer.alloc(0)
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    const part = attempt(unpack, input.subarray(0, middle))
    if (typeof part === 'string') bad = middle
    else [good, longest] = [middle, part]
  }
  return longest
}
