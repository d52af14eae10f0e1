import { randomInt } from 'node:crypto'
import { addressLength } from './device-path.ts'
import type { Memory } from './memory.ts'
import { noRssi } from './scratch.ts'

/** What is known of a device besides its address. */
export const deviceFlag = {
  known: 1,
  random: 2,
  paired: 4,
  bonded: 8,
  trusted: 16,
  connected: 32,
  blocked: 64,
} as const
/** Somebody set the device up: BlueZ must not forget it. */
export const keptFlags =
  deviceFlag.paired | deviceFlag.bonded | deviceFlag.trusted | deviceFlag.connected | deviceFlag.blocked

/** The devices in BlueZ's tree that were heard of late, by address. All of it lies outside the heap and is overwritten. */
export interface Devices {
  /** The slot of the address in the first six bytes of `bytes`, or -1. A slot holds until the next add or remove. */
  find(bytes: Uint8Array): number
  /** Adds it, or sets its flags; returns its slot, or -1 when the table is full. */
  put(bytes: Uint8Array, flags: number, second: number): number
  flags(slot: number): number
  /** Its place in the memory of what was advertised. */
  place(slot: number): number
  setFlags(slot: number, flags: number): void
  heard(slot: number, second: number): void
  /** dBm, as it was set last; noRssi before. */
  strength(slot: number): number
  setStrength(slot: number, dBm: number): void
  remove(slot: number): void
  /**
   * Shows every device that was last heard at `second` or before; what `visit` answers true for is removed. The six bytes
   * of the address are at the start of `address`, until `visit` returns.
   */
  removeOlder(second: number, visit: (address: Uint8Array, flags: number, heard: number) => boolean): void
  clear(): void
  readonly size: number
}

/**
 * Open addressing with at most half of the slots in use. Parts of addresses are signed 32-bit numbers throughout: an
 * unsigned one above 2^31 would become an object on the heap.
 */
export function createDevices(capacity: number, memory: Memory): Devices {
  const bits = Math.ceil(Math.log2(2 * capacity))
  const slots = 2 ** bits
  const last = slots - 1
  const low = new Int32Array(slots)
  const high = new Uint16Array(slots)
  const flags = new Uint8Array(slots)
  const heard = new Uint32Array(slots)
  const places = new Uint32Array(slots)
  const strengths = new Int8Array(slots)
  // Never on the heap: arrays of at most 64 bytes would be.
  const shown = new Uint8Array(128)
  // Seeded, or somebody could choose addresses that all fall into one place.
  const seed = randomInt(2 ** 32) | 0
  let size = 0

  function home(lower: number, higher: number): number {
    const mixed = Math.imul(lower ^ seed, 0x9e3779b1) ^ Math.imul(higher + 1, 0x85ebca6b)
    return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> (32 - bits)
  }

  function slotOf(bytes: Uint8Array): number {
    const lower = lowerPart(bytes)
    const higher = (bytes[0]! << 8) | bytes[1]!
    let slot = home(lower, higher)
    while (flags[slot] !== 0 && (low[slot] !== lower || high[slot] !== higher)) slot = (slot + 1) & last
    return slot
  }

  function place(slot: number, bytes: Uint8Array): void {
    low[slot] = lowerPart(bytes)
    high[slot] = (bytes[0]! << 8) | bytes[1]!
    places[slot] = memory.take()
    strengths[slot] = noRssi
    size++
  }

  /** Closes the gap at `hole`, so that what collided with it is still found. */
  function remove(slot: number): void {
    memory.free(places[slot]!)
    let hole = slot
    for (let next = (hole + 1) & last; flags[next] !== 0; next = (next + 1) & last) {
      const wanted = home(low[next]!, high[next]!)
      if (((next - wanted) & last) < ((next - hole) & last)) continue
      move(next, hole)
      hole = next
    }
    low[hole] = high[hole] = flags[hole] = heard[hole] = places[hole] = strengths[hole] = 0
    size--
  }

  function move(from: number, to: number): void {
    low[to] = low[from]!
    high[to] = high[from]!
    flags[to] = flags[from]!
    heard[to] = heard[from]!
    places[to] = places[from]!
    strengths[to] = strengths[from]!
  }

  function show(slot: number): Uint8Array {
    const [lower, higher] = [low[slot]!, high[slot]!]
    shown[0] = higher >> 8
    shown[1] = higher
    for (let i = 2; i < addressLength; i++) shown[i] = lower >> (8 * (addressLength - 1 - i))
    return shown
  }

  return {
    find(bytes) {
      const slot = slotOf(bytes)
      return flags[slot] === 0 ? -1 : slot
    },
    put(bytes, set, second) {
      const slot = slotOf(bytes)
      if (flags[slot] === 0) {
        if (size >= capacity) return -1
        place(slot, bytes)
      }
      flags[slot] = set | deviceFlag.known
      heard[slot] = second
      return slot
    },
    flags: (slot) => flags[slot]!,
    place: (slot) => places[slot]!,
    setFlags(slot, set) {
      flags[slot] = set | deviceFlag.known
    },
    heard(slot, second) {
      heard[slot] = second
    },
    strength: (slot) => strengths[slot]!,
    setStrength(slot, dBm) {
      strengths[slot] = dBm
    },
    remove,
    removeOlder(second, visit) {
      for (let slot = 0; slot < slots && size > 0; slot++) {
        while (flags[slot] !== 0 && heard[slot]! <= second && visit(show(slot), flags[slot]!, heard[slot]!))
          remove(slot)
      }
      shown.fill(0)
    },
    clear() {
      for (const part of [low, high, flags, heard, places, strengths]) part.fill(0)
      memory.clear()
      size = 0
    },
    get size() {
      return size
    },
  }
}

function lowerPart(bytes: Uint8Array): number {
  return (bytes[2]! << 24) | (bytes[3]! << 16) | (bytes[4]! << 8) | bytes[5]!
}
