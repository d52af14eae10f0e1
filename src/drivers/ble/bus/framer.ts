import { fixedHeader, messageLength } from './message.ts'

export interface FramerParts {
  /** Messages longer than this are skipped, not held; bytes. */
  readonly longest: number
  /** Gets each whole message where it lies; the bytes are overwritten once it returns. */
  readonly handle: (bytes: Uint8Array, start: number, length: number) => void
}

export interface Framer {
  /** Takes the first `length` bytes, and overwrites them. */
  push(bytes: Uint8Array, length: number): void
  /** Overwrites what is held. */
  wipe(): void
  /** Messages that were too long. */
  readonly oversize: number
  /** No message could start where one had to: the stream cannot be followed any more. */
  readonly isLost: boolean
}

const usual = 16_384

/**
 * Finds the messages of D-Bus in a stream that is split anywhere. A whole message is handled in the buffer it came in;
 * only the unfinished one is held. Both are overwritten as soon as they are handled.
 */
export function createFramer({ longest, handle }: FramerParts): Framer {
  let held = new Uint8Array(usual)
  let count = 0
  let skipping = 0
  let oversize = 0
  let isLost = false

  /** Room for `length` bytes. What was held moves, and its old place is overwritten. */
  function reserve(length: number): void {
    if (length <= held.length) return
    const larger = new Uint8Array(Math.min(longest, Math.max(length, 2 * held.length)))
    larger.set(held.subarray(0, count))
    held.fill(0, 0, count)
    held = larger
  }

  function hold(bytes: Uint8Array, from: number, to: number): void {
    reserve(count + to - from)
    held.set(bytes.subarray(from, to), count)
    count += to - from
  }

  function drop(): void {
    held.fill(0, 0, count)
    count = 0
  }

  /** Goes on with the message that is held; returns how far it came in `bytes`. */
  function resume(bytes: Uint8Array, from: number, end: number): number {
    const total = count < fixedHeader ? fixedHeader : messageLength(held, 0)
    const to = Math.min(end, from + total - count)
    hold(bytes, from, to)
    if (count === fixedHeader) judge()
    if (count >= fixedHeader && count === messageLength(held, 0)) {
      handle(held, 0, count)
      drop()
    }
    return to
  }

  /** The header says how long the message is that is held. */
  function judge(): void {
    const total = messageLength(held, 0)
    if (total < 0) isLost = true
    else if (total > longest) skip(total - count)
    else return reserve(total)
    drop()
  }

  function skip(length: number): void {
    oversize++
    skipping = length
  }

  /** Handles the message at `from`, or holds what there is of it; returns where the next one starts. */
  function next(bytes: Uint8Array, from: number, end: number): number {
    const rest = end - from
    const total = rest < fixedHeader ? fixedHeader : messageLength(bytes, from)
    if (total < 0) isLost = true
    else if (total > longest) skip(total)
    else if (total > rest) {
      hold(bytes, from, end)
      reserve(total)
      return end
    } else {
      handle(bytes, from, total)
      return from + total
    }
    return from
  }

  return {
    push(bytes, length) {
      for (let from = 0; from < length && !isLost; ) {
        if (skipping > 0) {
          const step = Math.min(skipping, length - from)
          skipping -= step
          from += step
        } else if (count > 0) from = resume(bytes, from, length)
        else from = next(bytes, from, length)
      }
      bytes.fill(0, 0, length)
    },
    wipe: drop,
    get oversize() {
      return oversize
    },
    get isLost() {
      return isLost
    },
  }
}
