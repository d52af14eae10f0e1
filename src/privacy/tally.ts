import type { Counts } from './boundary.ts'
import type { Slot } from './calendar.ts'

/** The crossing as the wall sees it: no sensor, no person, only how many through which zone. */
export interface Passage {
  readonly zone: string
  readonly direction: 'in' | 'out'
  readonly people: number
}

/** Exact counts of the slots that are still open. In memory, and as plain integers in the RAM-backed snapshot. */
export interface Tally {
  add(slot: Slot, passage: Passage): void
  counts(slot: Slot, zone: string): Counts
  /** Forgets a slot once its numbers are charged. */
  forget(slot: Slot): void
  forgetBefore(time: number): void
  /** Forgets everything open: it cannot be aligned any more. */
  clear(): void
  /** Plain integers by slot start and zone, for the snapshot. */
  snapshot(): CountsBySlot
  restore(snapshot: CountsBySlot): void
}

/** Exact people in and out, by slot start and zone. */
export type CountsBySlot = Record<string, Record<string, [number, number]>>

export function createTally(): Tally {
  const slots = new Map<number, Map<string, [number, number]>>()

  function cell(start: number, zone: string): [number, number] {
    let zones = slots.get(start)
    if (!zones) {
      zones = new Map()
      slots.set(start, zones)
    }
    let counts = zones.get(zone)
    if (!counts) {
      counts = [0, 0]
      zones.set(zone, counts)
    }
    return counts
  }

  return {
    add(slot, { zone, direction, people }) {
      cell(slot.start, zone)[direction === 'in' ? 0 : 1] += people
    },
    counts(slot, zone) {
      const counts = slots.get(slot.start)?.get(zone)
      return counts ? { in: counts[0], out: counts[1] } : { in: 0, out: 0 }
    },
    forget: (slot) => void slots.delete(slot.start),
    forgetBefore(time) {
      for (const start of slots.keys()) if (start < time) slots.delete(start)
    },
    clear: () => slots.clear(),
    snapshot: () => Object.fromEntries([...slots].map(([start, zones]) => [String(start), Object.fromEntries(zones)])),
    restore(snapshot) {
      for (const [start, zones] of Object.entries(snapshot)) {
        for (const [zone, [people, left]] of Object.entries(zones)) {
          const counts = cell(Number(start), zone)
          counts[0] += people
          counts[1] += left
        }
      }
    },
  }
}

/** Passages that happened before the clock was trusted, to the second, for at most a day. */
export interface Hold {
  add(at: number, passage: Passage): void
  /** Hands everything over in order of time and is empty afterwards. */
  drain(take: (at: number, passage: Passage) => void): void
}

const longestHeld = 86_400

export function createHold(): Hold {
  // Keys arrive in order of time, so the first key is the oldest.
  const seconds = new Map<number, Map<string, Passage>>()
  return {
    add(at, passage) {
      const second = Math.floor(at / 1000)
      const held = seconds.get(second) ?? new Map<string, Passage>()
      seconds.set(second, held)
      const key = `${passage.zone}/${passage.direction}`
      held.set(key, { ...passage, people: passage.people + (held.get(key)?.people ?? 0) })
      for (const old of seconds.keys()) {
        if (old >= second - longestHeld) break
        seconds.delete(old)
      }
    },
    drain(take) {
      for (const [second, held] of seconds) for (const passage of held.values()) take(second * 1000, passage)
      seconds.clear()
    },
  }
}
