import type { Slot } from './calendar.ts'
import { subWindowMs } from './phones-price.ts'
import type { Missing, Series } from './release.ts'
import type { Timeline } from './timeline.ts'

/** Sensor ms by slot start and name of the feed. */
export type AliveByFeed = Record<string, Record<string, number>>

/** Share of the monotonic interval in which the sensors of a feed were alive, 0 to 1. */
export type AliveShare = (feed: string, from: number, to: number) => number

/** The sensors that a series goes by. */
export interface Feed {
  /**
   * The zone, for what counts people in it; `phones/{zone}` for its radios, `dwell/{zone}` for the radar that watches it,
   * `visitors/shop` for all radios together.
   */
  readonly name: string
  /**
   * Is what it hears kept where it cannot be labelled yet, and where the process dies? Of addresses nothing is; nobody's
   * agreement can be judged without a clock, so of visitors nothing is either.
   */
  readonly isKept: boolean
}

// No zone can be called so.
export const visitorsFeed = 'visitors/shop'

export function feedOf(series: Series): Feed {
  if (series.kind === 'phones') return { name: series.name, isKept: false }
  if (series.kind === 'visitors') return { name: visitorsFeed, isKept: false }
  return { name: series.kind === 'dwell' ? series.name : series.zone, isKept: true }
}

/** Those of all series that go by sensors: occupancy goes by released windows. */
export function feedsOf(series: readonly Series[]): Feed[] {
  return series.filter(({ kind }) => kind !== 'occupancy').map(feedOf)
}

export interface OpenSlot {
  readonly slot: Slot
  readonly feeds: readonly Feed[]
}

/** How well a slot was listened to: by this process, and by earlier ones through the snapshot. */
export interface Listening {
  /** 0 to 1. */
  coverage(slot: Slot, feed: Feed): number
  /** Why a slot cannot be counted at all; null when it was listened to. */
  missing(slot: Slot, feed: Feed): Missing | null
  /** Sensor ms up to `now` of the slots that are not closed yet, for the snapshot; undefined while no slot is known. */
  soFar(open: readonly OpenSlot[] | undefined, now: number): AliveByFeed
  inherit(alive: AliveByFeed): void
  /** Start of the earliest slot that an earlier process listened to; undefined when there is none. */
  earliest(): number | undefined
  forget(slot: Slot): void
  clear(): void
}

export function createListening(timeline: Timeline, aliveShare: AliveShare): Listening {
  let inherited: AliveByFeed = {}

  const heardFrom = ({ isKept }: Feed) => (isKept ? timeline.alignedFrom() : timeline.labelledFrom())

  function aliveMs(slot: Slot, feed: Feed, until: number): number {
    const from = Math.max(slot.start, heardFrom(feed))
    const to = Math.min(slot.end, until)
    const here = from < to ? aliveShare(feed.name, timeline.unlabel(from), timeline.unlabel(to)) * (to - from) : 0
    return Math.min(here + (inherited[slot.start]?.[feed.name] ?? 0), slot.end - slot.start)
  }

  function missing(slot: Slot, feed: Feed): Missing | null {
    if (inherited[slot.start]?.[feed.name] !== undefined || slot.end > heardFrom(feed)) return null
    return slot.end <= timeline.startedAt() ? 'lost' : 'clock'
  }

  /** What the next process can take over: of an open sub-window nothing, so it was not heard. */
  function lasting({ slot, feeds }: OpenSlot, now: number): [number, Record<string, number>][] {
    const endedUntil = Math.floor(now / subWindowMs) * subWindowMs
    const heard = feeds.filter((feed) => missing(slot, feed) === null)
    if (heard.length === 0) return []
    const alive = heard.map((feed) => [feed.name, aliveMs(slot, feed, feed.isKept ? now : endedUntil)])
    return [[slot.start, Object.fromEntries(alive)]]
  }

  return {
    coverage: (slot, feed) => aliveMs(slot, feed, slot.end) / (slot.end - slot.start),
    missing,
    soFar: (open, now) => (open ? Object.fromEntries(open.flatMap((one) => lasting(one, now))) : inherited),
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
