import { second } from '../base/duration.ts'
import { createEidSource } from '../base/eddystone-eid.ts'
import { createEidTable } from './eid-table.ts'

/** What makes a tag known: its key and what its clock shows. */
export interface TagKey {
  /** 16 bytes; copied. */
  readonly identityKey: Uint8Array
  /** Its identifier changes every 2^exponent seconds. */
  readonly exponent: number
  /** Seconds of its clock at monotonic ms `at`. */
  readonly counter: number
  readonly at: number
  /** Seconds since its clock was last known: it may have drifted meanwhile. */
  readonly age: number
}

/**
 * The tags of shoppers who agreed, and what each of them says at this moment: the identifier of now, and those before and
 * after. Its clock is followed as it is heard. Whoever plays an old identifier again is heard for three quanta at most.
 */
export interface TagBook {
  /** @returns its number, until `remove` */
  add(key: TagKey): number
  /** Its key and everything it could say are overwritten. */
  remove(tag: number): void
  /** The tag that says the eight bytes at `offset`, or -1. @param at monotonic ms */
  find(data: Uint8Array, offset: number, at: number): number
  /** Moves on what tags will say. Call about once a second. */
  refresh(at: number): void
  /** Seconds of a tag's clock, as it was followed. */
  counterOf(tag: number, at: number): number
  readonly size: number
  readonly bytes: number
  /** Identifiers of known tags that came too late. */
  readonly replayed: number
}

const wrap = 2 ** 32
const usualWidth = 1
/** After this long a tag is looked for further from where its clock should be. */
const longUnheard = 60 * 24 * 3600
const wideWidth = 4
/** Crystals of tags are good for 150 in a million; what a clock may have lost is taken back no faster. */
const drift = 200e-6
/** Clocks are told in whole seconds; so much may be lost besides. */
const rounding = 2

/** @param expected how many tags there are likely to be */
export function createTagBook(expected = 16): TagBook {
  const table = createEidTable(expected * (2 * usualWidth + 1))
  let capacity = Math.max(16, expected)
  let keys = new Uint8Array(capacity * 16)
  let exponents = new Uint8Array(capacity)
  let widths = new Uint8Array(capacity)
  /** Tag's clock less ours, seconds. */
  let offsets = new Float64Array(capacity)
  let centredAt = new Float64Array(capacity)
  /** The quantum around which the table holds identifiers, and the newest one heard. */
  let bases = new Uint32Array(capacity)
  let latest = new Uint32Array(capacity)
  const free: number[] = []
  let used = 0
  let replayed = 0
  const eid = new Uint8Array(8)

  function grow(): void {
    const more = <T extends Uint8Array | Float64Array | Uint32Array>(old: T, made: T): T => {
      made.set(old as never)
      old.fill(0)
      return made
    }
    capacity *= 2
    keys = more(keys, new Uint8Array(capacity * 16))
    exponents = more(exponents, new Uint8Array(capacity))
    widths = more(widths, new Uint8Array(capacity))
    offsets = more(offsets, new Float64Array(capacity))
    centredAt = more(centredAt, new Float64Array(capacity))
    bases = more(bases, new Uint32Array(capacity))
    latest = more(latest, new Uint32Array(capacity))
  }

  function quantumOf(tag: number, at: number): number {
    return Math.floor(wrapped(at / second + offsets[tag]!) / 2 ** exponents[tag]!)
  }

  /** Of each quantum from `from` on: what the tag says in it goes into the table, or out of it. */
  function change(tag: number, from: number, count: number, isIn: boolean): void {
    if (count <= 0) return
    const exponent = exponents[tag]!
    const source = createEidSource(keys.subarray(tag * 16, tag * 16 + 16), exponent)
    for (let i = 0; i < count; i++) {
      source.write(wrapped((from + i) * 2 ** exponent), eid)
      const value = ((tag << 8) | ((from + i) & 0xff)) >>> 0
      if (isIn) table.put(wordAt(eid, 0), wordAt(eid, 4), value)
      else table.remove(wordAt(eid, 0), wordAt(eid, 4), value)
    }
    source.forget()
    eid.fill(0)
  }

  function place(tag: number, base: number, width: number): void {
    bases[tag] = base
    widths[tag] = width
    change(tag, base - width, 2 * width + 1, true)
  }

  function lift(tag: number): void {
    change(tag, bases[tag]! - widths[tag]!, 2 * widths[tag]! + 1, false)
  }

  function moveTo(tag: number, quantum: number): void {
    const [base, width] = [bases[tag]!, widths[tag]!]
    if (quantum === base) return
    const steps = quantum - base
    if (steps < 0 || steps > 2 * width) {
      lift(tag)
      return place(tag, quantum, width)
    }
    change(tag, base - width, steps, false)
    change(tag, base + width + 1, steps, true)
    bases[tag] = quantum
  }

  /** It was heard in quantum `heard`: follows its clock, forwards at once and back no faster than clocks drift. */
  function follow(tag: number, heard: number, at: number): void {
    const span = 2 ** exponents[tag]!
    const clock = wrapped(at / second + offsets[tag]!)
    const [start, end] = [heard * span, (heard + 1) * span - 1]
    if (clock < start) offsets[tag]! += start - clock
    else if (clock > end + 1) offsets[tag]! -= Math.min(clock - end, (drift * (at - centredAt[tag]!)) / second)
    centredAt[tag] = at
    latest[tag] = Math.max(latest[tag]!, heard)
    if (widths[tag] !== usualWidth) {
      lift(tag)
      place(tag, quantumOf(tag, at), usualWidth)
    } else moveTo(tag, quantumOf(tag, at))
  }

  return {
    add({ identityKey, exponent, counter, at, age }) {
      if (free.length === 0 && used === capacity) grow()
      const tag = free.pop() ?? used++
      keys.set(identityKey.subarray(0, 16), tag * 16)
      exponents[tag] = exponent
      offsets[tag] = counter - at / second
      centredAt[tag] = at - (age + rounding / drift) * second
      latest[tag] = 0
      place(tag, quantumOf(tag, at), age > longUnheard ? wideWidth : usualWidth)
      return tag
    },
    remove(tag) {
      lift(tag)
      keys.fill(0, tag * 16, tag * 16 + 16)
      widths[tag] = 0
      free.push(tag)
    },
    find(data, offset, at) {
      const low = wordAt(data, offset + 4)
      if (!table.mayHold(low)) return -1
      const value = table.find(wordAt(data, offset), low)
      if (value < 0) return -1
      const tag = value >>> 8
      // The nearest quantum with these last bits: none in the table is further than a few from the base.
      const heard = bases[tag]! + (((value - bases[tag]!) << 24) >> 24)
      if (heard < latest[tag]! - 1) {
        replayed++
        return -1
      }
      follow(tag, heard, at)
      return tag
    },
    refresh(at) {
      for (let tag = 0; tag < used; tag++) if (widths[tag] !== 0) moveTo(tag, quantumOf(tag, at))
    },
    counterOf: (tag, at) => Math.floor(wrapped(at / second + offsets[tag]!)),
    get size() {
      return used - free.length
    },
    get bytes() {
      const own = [keys, exponents, widths, offsets, centredAt, bases, latest]
      return own.reduce((sum, array) => sum + array.byteLength, table.bytes)
    },
    get replayed() {
      return replayed
    },
  }
}

function wrapped(seconds: number): number {
  return ((seconds % wrap) + wrap) % wrap
}

function wordAt(data: Uint8Array, at: number): number {
  return ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0
}
