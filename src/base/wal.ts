import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { systemCode } from './errors.ts'
import { mendBit } from './mend.ts'

/**
 * SQLite takes a write-ahead log up to its first frame whose checksum does not hold, and says nothing of what follows:
 * after a power cut that is right, after a flipped bit it undoes commits that were promised. A flipped bit can be told
 * from a torn write, and mostly be set right: exactly one change makes the checksum hold.
 */
export type WalState = 'whole' | 'mended' | 'broken'

const headerLength = 32
const frameHeaderLength = 24
const versionNumber = 3007000

type Sum = readonly [number, number]

/** Call before the database is opened. 'broken': commits were lost that were on the disk. */
export function mendWal(file: string): WalState {
  const wal = readQuietly(file)
  if (wal.length < headerLength) return 'whole'
  const headerFix = isHeader(wal) ? [] : mendBit(wal.subarray(0, headerLength), isHeader)
  if (headerFix === 'many' || headerFix === 'none') return wal.length > headerLength ? 'broken' : 'whole'
  const flips = [...headerFix]
  const pageSize = wal.readUInt32BE(8)
  let sum = sumAt(wal, 24)
  for (let at = headerLength; at + frameHeaderLength + pageSize <= wal.length; at += frameHeaderLength + pageSize) {
    const frame = wal.subarray(at, at + frameHeaderLength + pageSize)
    const isFrame = (one: Buffer) => hasSalts(wal, one) && holds(wal, one, sum)
    if (!isFrame(frame)) {
      if (!mayBeMended(wal, frame)) break
      const fix = mendBit(frame, isFrame)
      // One changed bit, and no telling which, since the highest bits of its words look alike to the checksum in places. A
      // torn write is nowhere near any checksum.
      if (fix === 'many') return 'broken'
      if (fix === 'none') return goesOn(wal, at, pageSize) ? 'broken' : finish(file, wal, flips)
      flips.push(...fix.map((byte) => at + byte))
    }
    sum = sumAt(frame, 16)
  }
  return finish(file, wal, flips)
}

function finish(file: string, wal: Buffer, flips: readonly number[]): WalState {
  if (flips.length === 0) return 'whole'
  const handle = openSync(file, 'r+')
  try {
    for (const at of flips) writeSync(handle, wal, at, 1, at)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  return 'mended'
}

function isHeader(header: Buffer): boolean {
  const pageSize = header.readUInt32BE(8)
  if (header.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1 || header.readUInt32BE(4) !== versionNumber) return false
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) return false
  return equal(checksum(header, header.subarray(0, 24), [0, 0]), sumAt(header, 24))
}

function hasSalts(wal: Buffer, frame: Buffer): boolean {
  return wal.compare(frame, 8, 16, 16, 24) === 0
}

/** A frame of an earlier round has other salts altogether: there the log ends. */
function mayBeMended(wal: Buffer, frame: Buffer): boolean {
  const changed = wal.readBigUInt64BE(16) ^ frame.readBigUInt64BE(8)
  return (changed & (changed - 1n)) === 0n
}

function holds(wal: Buffer, frame: Buffer, before: Sum): boolean {
  const sum = checksum(wal, frame.subarray(0, 8), before)
  return equal(checksum(wal, frame.subarray(frameHeaderLength), sum), sumAt(frame, 16))
}

/** Does a frame behind the bad one hang on it? Then it was written after it, and what is bad is no torn write. */
function goesOn(wal: Buffer, at: number, pageSize: number): boolean {
  const length = frameHeaderLength + pageSize
  const [bad, next] = [wal.subarray(at, at + length), wal.subarray(at + length, at + 2 * length)]
  return next.length === length && hasSalts(wal, next) && holds(wal, next, sumAt(bad, 16))
}

function sumAt(bytes: Buffer, at: number): Sum {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
}

function equal(a: Sum, b: Sum): boolean {
  return a[0] === b[0] && a[1] === b[1]
}

/** As https://sqlite.org/fileformat2.html#checksum_algorithm has it; the last bit of the magic tells the byte order. */
function checksum(wal: Buffer, bytes: Buffer, before: Sum): Sum {
  const isBig = (wal[3]! & 1) === 1
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let [first, second] = before
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + words.getUint32(at, !isBig) + second) >>> 0
    second = (second + words.getUint32(at + 4, !isBig) + first) >>> 0
  }
  return [first, second]
}

function readQuietly(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.of()
    throw error
  }
}
