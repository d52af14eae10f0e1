import type { Slot } from './calendar.ts'
import type { Missing } from './release.ts'
import type { Timeline } from './timeline.ts'

/** Sensor ms by slot start and zone. */
export type AliveBySlot = Record<string, Record<string, number>>

/** Share of the monotonic interval in which the sensors of a zone were alive, 0 to 1. */
export type AliveShare = (zone: string, from: number, to: number) => number

/** How well a slot was listened to: by this process, and by earlier ones through the snapshot. */
export interface Listening {
  /** 0 to 1. */
  coverage(slot: Slot, zone: string): number
  /** Why a slot cannot be counted at all; null when it was listened to. */
  missing(slot: Slot): Missing | null
  /** Sensor ms of the slots that are open at `now`, for the snapshot. */
  soFar(open: Slot | undefined, now: number, zones: readonly string[]): AliveBySlot
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

  return {
    coverage: (slot, zone) => aliveMs(slot, zone, slot.end) / (slot.end - slot.start),
    missing(slot) {
      if (inherited[slot.start] || slot.end > timeline.alignedFrom()) return null
      return slot.end <= timeline.startedAt() ? 'lost' : 'clock'
    },
    soFar(open, now, zones) {
      if (!open) return inherited
      const part = Object.fromEntries(zones.map((zone) => [zone, aliveMs(open, zone, now)]))
      return { ...inherited, [open.start]: part }
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
