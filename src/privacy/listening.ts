import type { Slot } from './calendar.ts'
import type { Missing } from './release.ts'
import type { Timeline } from './timeline.ts'

/** Sensor ms by slot start and zone. */
export type AliveBySlot = Record<string, Record<string, number>>

/** Share of the monotonic interval in which the sensors of a zone were alive, 0 to 1. */
export type AliveShare = (zone: string, from: number, to: number) => number

export interface OpenSlot {
  readonly slot: Slot
  readonly zones: readonly string[]
}

/** How well a slot was listened to: by this process, and by earlier ones through the snapshot. */
export interface Listening {
  /** 0 to 1. */
  coverage(slot: Slot, zone: string): number
  /** Why a slot cannot be counted at all; null when it was listened to. */
  missing(slot: Slot): Missing | null
  /** Sensor ms up to `now` of the slots that are not closed yet, for the snapshot; undefined while no slot is known. */
  soFar(open: readonly OpenSlot[] | undefined, now: number): AliveBySlot
  inherit(alive: AliveBySlot): void
  /** Start of the earliest slot that an earlier process listened to; undefined when there is none. */
  earliest(): number | undefined
  forget(slot: Slot): void
  clear(): void
}

export function createListening(timeline: Timeline, aliveShare: AliveShare): Listening {
  let inherited: AliveBySlot = {}

  function aliveMs(slot: Slot, zone: string, until: number): number {
    const from = Math.max(slot.start, timeline.alignedFrom())
    const to = Math.min(slot.end, until)
    const here = from < to ? aliveShare(zone, timeline.unlabel(from), timeline.unlabel(to)) * (to - from) : 0
    return Math.min(here + (inherited[slot.start]?.[zone] ?? 0), slot.end - slot.start)
  }

  function missing(slot: Slot): Missing | null {
    if (inherited[slot.start] || slot.end > timeline.alignedFrom()) return null
    return slot.end <= timeline.startedAt() ? 'lost' : 'clock'
  }

  function byZone(slot: Slot, zones: readonly string[], until: number): Record<string, number> {
    return Object.fromEntries(zones.map((zone) => [zone, aliveMs(slot, zone, until)]))
  }

  return {
    coverage: (slot, zone) => aliveMs(slot, zone, slot.end) / (slot.end - slot.start),
    missing,
    soFar(open, now) {
      if (!open) return inherited
      const heard = open.filter(({ slot }) => missing(slot) === null)
      return Object.fromEntries(heard.map(({ slot, zones }) => [slot.start, byZone(slot, zones, now)]))
    },
    inherit(alive) {
      inherited = { ...alive }
    },
    earliest() {
      const starts = Object.keys(inherited).map(Number)
      return starts.length > 0 ? Math.min(...starts) : undefined
    },
    forget: (slot) => void delete inherited[slot.start],
    clear() {
      inherited = {}
    },
  }
}
