import { readSync } from 'node:fs'

/** What the shadow hears: bytes as a sensor or BlueZ sends them, the edges of a beam, or that it must wait. */
export interface Fed {
  /** ms since the shadow began. */
  readonly t: number
  readonly kind: FedKind
  /** Place of the sensor in the configuration. */
  readonly sensor: number
  readonly bytes: Uint8Array
}

/** `pass`: only time passes; `tell`: say that everything up to here was heard and has settled. */
export type FedKind = (typeof kinds)[number]
const kinds = ['edge', 'bytes', 'bus', 'pass', 'tell'] as const

const headerSize = 8
const longest = 65_535

/** One piece as it goes through the pipe: kind, sensor, t, length, bytes. */
export function encodeFed({ t, kind, sensor, bytes }: Fed): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt8(kinds.indexOf(kind), 0)
  header.writeUInt8(sensor, 1)
  header.writeUInt32LE(t, 2)
  header.writeUInt16LE(bytes.length, 6)
  return Buffer.concat([header, bytes])
}

/** A text of any length, for what comes first. */
export function encodeOrder(text: string): Buffer {
  const content = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(content.length)
  return Buffer.concat([length, content])
}

export interface FeedReader {
  order(): string
  /** The next piece, true until the one after it; undefined at the end. It waits, and the process with it. */
  next(): Fed | undefined
}

/**
 * Reads a pipe without Node's streams, which would leave each piece in memory: there is one buffer, and it is
 * overwritten. Else the search of the memory would find what the feeding left, not what the gateway keeps.
 */
export function openFeedReader(file: number): FeedReader {
  const header = Buffer.alloc(headerSize)
  const buffer = Buffer.alloc(longest)

  function fill(into: Buffer): boolean {
    for (let held = 0; held < into.length; ) {
      const read = readSync(file, into, held, into.length - held, null)
      if (read === 0) return false
      held += read
    }
    return true
  }

  return {
    order() {
      fill(header.subarray(0, 4))
      const content = Buffer.alloc(header.readUInt32LE(0))
      fill(content)
      return content.toString()
    },
    next() {
      buffer.fill(0)
      if (!fill(header)) return undefined
      const bytes = buffer.subarray(0, header.readUInt16LE(6))
      if (!fill(bytes)) return undefined
      return { t: header.readUInt32LE(2), kind: kinds[header.readUInt8(0)]!, sensor: header.readUInt8(1), bytes }
    },
  }
}
