import type { Decoder } from '../reading.ts'

/** A decoder that also tells how much it understood: the watchdog of a port lives on that. */
export interface FrameDecoder extends Decoder {
  /** Whole frames or valid lines since start. */
  readonly frames: number
}

/** No frame can start here. */
export const none = -1
/** It looks like one so far; the rest has not come yet. */
export const more = 0

/**
 * Looks at `bytes` from `start`, of which all before `end` have come. A whole good frame is heard at `at` and its
 * length returned; otherwise `none` or `more`. Never `more` once `longest` bytes are there.
 */
export type FrameAt = (bytes: Uint8Array, start: number, end: number, at: number) => number

export interface FrameShape {
  /** First byte of every frame. */
  readonly first: number
  /** No frame is longer, in bytes. */
  readonly longest: number
  readonly frameAt: FrameAt
  /** Bytes were skipped since the last good frame. */
  readonly onJunk?: () => void
}

const capacity = 4096

/**
 * Finds frames in a stream split anywhere. After garbage it drops ONE byte and looks again: frames may hold header
 * bytes, so anything hastier loses good ones. Holds 4 KiB and at most one unfinished frame.
 * `dropped` is how many of the longest frames the skipped bytes would have filled.
 */
export function createFramer({ first, longest, frameAt, onJunk }: FrameShape): FrameDecoder {
  const buffer = new Uint8Array(capacity)
  let held = 0
  let frames = 0
  let junk = 0

  function skipFrom(start: number): number {
    const next = buffer.indexOf(first, start + 1)
    const end = next < 0 || next > held ? held : next
    junk += end - start
    onJunk?.()
    return end
  }

  function scan(at: number): void {
    let start = 0
    while (start < held) {
      const length = frameAt(buffer, start, held, at)
      if (length === more) break
      if (length > 0) frames++
      start = length > 0 ? start + length : skipFrom(start)
    }
    buffer.copyWithin(0, start, held)
    held -= start
  }

  return {
    push(bytes, at) {
      for (let from = 0; from < bytes.length; ) {
        const taken = Math.min(capacity - held, bytes.length - from)
        buffer.set(bytes.subarray(from, from + taken), held)
        held += taken
        from += taken
        scan(at)
      }
    },
    get dropped() {
      return Math.ceil(junk / longest)
    },
    get frames() {
      return frames
    },
  }
}

/** Does `bytes` have `expected` at `start`, as far as it has come? */
export function agrees(bytes: Uint8Array, start: number, end: number, expected: readonly number[]): boolean {
  const length = Math.min(expected.length, end - start)
  for (let i = 0; i < length; i++) if (bytes[start + i] !== expected[i]) return false
  return true
}

/** Little-endian 16 bits. */
export function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}
