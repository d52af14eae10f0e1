/**
 * Which tag says these eight bytes now: open addressing in typed arrays, so that a million strangers' identifiers cost a
 * look at one byte each and leave nothing on the heap. Identifiers are the output of a cipher, so their own bits place them.
 */
export interface EidTable {
  /** False for nearly everything that was not put: one look at one bit. */
  mayHold(low: number): boolean
  /** The value that was put with it, or -1. Both words as unsigned 32 bits. */
  find(high: number, low: number): number
  /** @param value 32 bits, unsigned */
  put(high: number, low: number, value: number): void
  /** Takes it out, if it is there with that value. */
  remove(high: number, low: number, value: number): void
  readonly size: number
  /** Bytes held. */
  readonly bytes: number
}

const smallest = 1024
const fullest = 0.6

/** @param expected how many are likely; it grows beyond */
export function createEidTable(expected = 0): EidTable {
  let bits = 0
  let mask = 0
  let shift = 0
  let size = 0
  let removed = 0
  // Eight bits a place: most of what strangers say ends here.
  let filter = new Uint32Array(0)
  // A mark of each place, 0 while it is free: small enough to stay in the cache of the processor.
  let marks = new Uint8Array(0)
  let highs = new Uint32Array(0)
  let lows = new Uint32Array(0)
  let values = new Uint32Array(0)
  allot(Math.ceil(Math.log2(Math.max(smallest, expected / fullest))))

  function allot(newBits: number): void {
    const old = { marks, highs, lows, values }
    bits = newBits
    mask = 2 ** bits - 1
    shift = 32 - bits
    size = 0
    removed = 0
    filter = new Uint32Array((mask + 1) / 4)
    marks = new Uint8Array(mask + 1)
    highs = new Uint32Array(mask + 1)
    lows = new Uint32Array(mask + 1)
    values = new Uint32Array(mask + 1)
    for (let at = 0; at < old.marks.length; at++) {
      if (old.marks[at] !== 0) put(old.highs[at]!, old.lows[at]!, old.values[at]!)
    }
    for (const one of [old.highs, old.lows, old.values]) one.fill(0)
  }

  function put(high: number, low: number, value: number): void {
    if (size + 1 > (mask + 1) * fullest) allot(bits + 1)
    admit(low)
    let at = low >>> shift
    while (marks[at] !== 0) at = (at + 1) & mask
    marks[at] = markOf(high)
    highs[at] = high
    lows[at] = low
    values[at] = value
    size++
  }

  function admit(low: number): void {
    const bit = low >>> (shift - 3)
    filter[bit >>> 5]! |= 1 << (bit & 31)
  }

  // A bit may stand for several, so what was taken out leaves it set until all are set anew.
  function refilter(): void {
    removed = 0
    filter.fill(0)
    for (let at = 0; at <= mask; at++) if (marks[at] !== 0) admit(lows[at]!)
  }

  function placeOf(high: number, low: number, value: number): number {
    for (let at = low >>> shift; marks[at] !== 0; at = (at + 1) & mask) {
      if (lows[at] === low && highs[at] === high && values[at] === value) return at
    }
    return -1
  }

  /** Moves back what stands behind a gap and may stand in it, so that no search ends too early. */
  function close(place: number): void {
    let gap = place
    for (let at = (gap + 1) & mask; marks[at] !== 0; at = (at + 1) & mask) {
      const home = lows[at]! >>> shift
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      marks[gap] = marks[at]!
      highs[gap] = highs[at]!
      lows[gap] = lows[at]!
      values[gap] = values[at]!
      gap = at
    }
    marks[gap] = 0
    highs[gap] = 0
    lows[gap] = 0
    values[gap] = 0
  }

  return {
    mayHold(low) {
      const bit = low >>> (shift - 3)
      return (filter[bit >>> 5]! & (1 << (bit & 31))) !== 0
    },
    find(high, low) {
      const mark = markOf(high)
      for (let at = low >>> shift; marks[at] !== 0; at = (at + 1) & mask) {
        if (marks[at] === mark && lows[at] === low && highs[at] === high) return values[at]!
      }
      return -1
    },
    put,
    remove(high, low, value) {
      const at = placeOf(high, low, value)
      if (at < 0) return
      close(at)
      size--
      if (++removed > mask >> 2) refilter()
    },
    get size() {
      return size
    },
    get bytes() {
      return filter.byteLength + marks.byteLength + highs.byteLength + lows.byteLength + values.byteLength
    },
  }
}

function markOf(high: number): number {
  return (high & 0xff) | 1
}
