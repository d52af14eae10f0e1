import type { Slot } from './calendar.ts'
import type { Counts } from './closing.ts'
import { stayMinutes } from './release.ts'

/** What the wall counts, as it sees it: no sensor, no person, only how many in which zone. */
export type Counted = Passage | Stay

export interface Passage {
  readonly zone: string
  readonly direction: 'in' | 'out'
  readonly people: number
}

export interface Stay {
  readonly zone: string
  /** ms */
  readonly lasted: number
  readonly people: number
}

export function isStay(counted: Counted): counted is Stay {
  return 'lasted' in counted
}

/** Exact counts of the slots that are still open. In memory, and as plain integers in the RAM-backed snapshot. */
export interface Tally {
  add(slot: Slot, counted: Counted): void
  counts(slot: Slot, zone: string): Counts
  /** Stays of each length, by `stayMinutes`. */
  stays(slot: Slot, zone: string): readonly number[]
  /** Forgets a slot once its numbers are charged. */
  forget(slot: Slot): void
  forgetBefore(time: number): void
  /** Forgets everything open: it cannot be aligned any more. */
  clear(): void
  /** Plain integers by slot start and zone, for the snapshot. */
  snapshot(): TallySnapshot
  restore(snapshot: TallySnapshot): void
}

export interface TallySnapshot {
  readonly counts: CountsBySlot
  readonly stays: StaysBySlot
}

/** Exact people in and out, by slot start and zone. */
export type CountsBySlot = Record<string, Record<string, [number, number]>>

/** Exact stays of each length, by slot start and zone. */
export type StaysBySlot = Record<string, Record<string, number[]>>

export function createTally(): Tally {
  const counts = createRows<[number, number]>(() => [0, 0])
  const stays = createRows<number[]>(() => stayMinutes.map(() => 0))
  const both = [counts, stays]

  return {
    add(slot, counted) {
      if (isStay(counted)) stays.at(slot.start, counted.zone)[binOf(counted.lasted)]! += counted.people
      else counts.at(slot.start, counted.zone)[counted.direction === 'in' ? 0 : 1] += counted.people
    },
    counts(slot, zone) {
      const row = counts.find(slot.start, zone)
      return row ? { in: row[0], out: row[1] } : { in: 0, out: 0 }
    },
    stays: (slot, zone) => stays.find(slot.start, zone) ?? stayMinutes.map(() => 0),
    forget: (slot) => both.forEach((rows) => void rows.forget(slot.start)),
    forgetBefore: (time) => both.forEach((rows) => void rows.forgetBefore(time)),
    clear: () => both.forEach((rows) => void rows.forgetBefore(Number.POSITIVE_INFINITY)),
    snapshot: () => ({ counts: counts.all(), stays: stays.all() }),
    restore(snapshot) {
      counts.addAll(snapshot.counts)
      stays.addAll(snapshot.stays)
    },
  }
}

/** The bin of a stay of so many ms. */
function binOf(lasted: number): number {
  return Math.max(
    0,
    stayMinutes.findLastIndex((minutes) => lasted >= minutes * 60_000),
  )
}

/** Rows of integers by slot start and zone. */
function createRows<Row extends number[]>(empty: () => Row) {
  const slots = new Map<number, Map<string, Row>>()

  function at(start: number, zone: string): Row {
    const zones = slots.get(start) ?? new Map<string, Row>()
    slots.set(start, zones)
    const row = zones.get(zone) ?? empty()
    zones.set(zone, row)
    return row
  }

  return {
    at,
    find: (start: number, zone: string) => slots.get(start)?.get(zone),
    forget: (start: number) => slots.delete(start),
    forgetBefore(time: number) {
      for (const start of slots.keys()) if (start < time) slots.delete(start)
    },
    all: () => Object.fromEntries([...slots].map(([start, zones]) => [String(start), Object.fromEntries(zones)])),
    addAll(rows: Record<string, Record<string, Row>>) {
      for (const [start, zones] of Object.entries(rows)) {
        for (const [zone, added] of Object.entries(zones)) {
          const row = at(Number(start), zone)
          for (const [i, people] of added.entries()) row[i]! += people
        }
      }
    },
  }
}

/** What was counted before the clock was trusted, to the second, for at most a day. */
export interface Hold {
  add(at: number, counted: Counted): void
  /** Hands everything over in order of time and is empty afterwards. */
  drain(take: (at: number, counted: Counted) => void): void
}

const longestHeld = 86_400

export function createHold(): Hold {
  // Keys arrive in order of time, so the first key is the oldest.
  const seconds = new Map<number, Map<string, Counted>>()
  return {
    add(at, counted) {
      const second = Math.floor(at / 1000)
      const held = seconds.get(second) ?? new Map<string, Counted>()
      seconds.set(second, held)
      const key = `${counted.zone}/${isStay(counted) ? Math.floor(counted.lasted / 1000) : counted.direction}`
      held.set(key, { ...counted, people: counted.people + (held.get(key)?.people ?? 0) })
      for (const old of seconds.keys()) {
        if (old >= second - longestHeld) break
        seconds.delete(old)
      }
    },
    drain(take) {
      for (const [second, held] of seconds) for (const counted of held.values()) take(second * 1000, counted)
      seconds.clear()
    },
  }
}
