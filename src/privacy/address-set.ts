import { pseudonymLength } from './pseudonym.ts'

/**
 * A set of 48-bit pseudonyms that can be wiped: no object, text or number of V8's heap ever holds one. Six bytes a slot,
 * at most three quarters of the slots taken, grown by half: never more than 12 bytes an entry, at any size. It grows in
 * 64 segments one by one, so that growing copies little at once.
 */
export interface AddressSet {
  /** Takes the six bytes; false when it was full and did not. */
  add(pseudonym: Uint8Array): boolean
  readonly size: number
  /** Bytes allocated for entries. */
  readonly byteLength: number
  /** Overwrites everything with 0 and lets go of it. */
  wipe(): void
}

interface Segment {
  readonly bytes: ArrayBuffer
  readonly low: Int32Array
  readonly high: Uint16Array
  size: number
}

const segmentCount = 64

/**
 * @param limit most entries; more are refused
 * @param allocate gives zeroed memory outside of V8's heap, also for few bytes; replaced in tests
 */
export function createAddressSet(limit: number, allocate = (length: number) => new ArrayBuffer(length)): AddressSet {
  const segments = Array.from({ length: segmentCount }, () => makeSegment(allocate, 0))
  // An empty slot is all zeros, so the pseudonym that is all zeros is a flag.
  let hasZero = false
  let size = 0

  function addTo(index: number, low: number, high: number): boolean {
    const segment = segments[index]!
    const slot = slotOf(segment, low, high)
    if (slot >= 0 && isTaken(segment, slot)) return true
    if (size >= limit) return false
    size += 1
    if ((segment.size + 1) * 4 > segment.low.length * 3) segments[index] = grown(segment, allocate)
    put(segments[index]!, low, high)
    return true
  }

  return {
    add(pseudonym) {
      const low = pseudonym[0]! | (pseudonym[1]! << 8) | (pseudonym[2]! << 16) | (pseudonym[3]! << 24)
      const high = pseudonym[4]! | (pseudonym[5]! << 8)
      if (low !== 0 || high !== 0) return addTo(high % segmentCount, low, high)
      if (!hasZero && size >= limit) return false
      size += hasZero ? 0 : 1
      hasZero = true
      return true
    },
    get size() {
      return size
    },
    get byteLength() {
      return segments.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
    },
    wipe() {
      for (const [index, { low, high }] of segments.entries()) {
        low.fill(0)
        high.fill(0)
        segments[index] = makeSegment(allocate, 0)
      }
      hasZero = false
      size = 0
    },
  }
}

function makeSegment(allocate: (length: number) => ArrayBuffer, slots: number): Segment {
  const bytes = allocate(slots * pseudonymLength)
  return { bytes, low: new Int32Array(bytes, 0, slots), high: new Uint16Array(bytes, slots * 4, slots), size: 0 }
}

function grown(old: Segment, allocate: (length: number) => ArrayBuffer): Segment {
  const segment = makeSegment(allocate, Math.max(2, Math.ceil(old.low.length * 1.5)))
  for (let slot = 0; slot < old.low.length; slot++) {
    if (isTaken(old, slot)) put(segment, old.low[slot]!, old.high[slot]!)
  }
  old.low.fill(0)
  old.high.fill(0)
  return segment
}

/** Where a pseudonym is, or the empty slot where it would be; -1 while there are no slots. */
function slotOf(segment: Segment, low: number, high: number): number {
  const { length } = segment.low
  if (length === 0) return -1
  // Pseudonyms are as good as random, so a part of one is all the hash that is needed.
  let slot = (low >>> 1) % length
  while (isTaken(segment, slot) && (segment.low[slot] !== low || segment.high[slot] !== high)) {
    slot = slot + 1 === length ? 0 : slot + 1
  }
  return slot
}

function isTaken({ low, high }: Segment, slot: number): boolean {
  return low[slot] !== 0 || high[slot] !== 0
}

function put(segment: Segment, low: number, high: number): void {
  const slot = slotOf(segment, low, high)
  segment.low[slot] = low
  segment.high[slot] = high
  segment.size += 1
}
