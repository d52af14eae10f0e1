import type { RecordedEvent } from '../drivers/recording.ts'
import { beamEdges } from './beams.ts'
import { counterLines, type Totals } from './counter.ts'
import { type ShopPlan, walksOfDay } from './day.ts'
import { advertsOfDay } from './phones.ts'
import type { Walk } from './walks.ts'

export interface Days {
  /** The walks of the days that [from, to) touches. */
  walksAround(from: number, to: number): readonly Walk[]
  /** What beams and counters tell in [from, to), by time; radars are asked frame by frame. */
  toldBetween(from: number, to: number): readonly RecordedEvent[]
}

/** In seconds since the shop's time began, in order. */
interface Day {
  readonly walks: readonly Walk[]
  readonly told: readonly RecordedEvent[]
}

const dayLength = 86_400
const daysKept = 3

/**
 * Days are made when they are asked for and made again, the same, if that is long ago. Time begins `startsAt` seconds
 * after the first midnight.
 */
export function createDays(shop: ShopPlan, startsAt: number): Days {
  const kept = new Map<number, Day>()
  // What each counter had counted when a day began; a day can be made once all before it have been.
  const totalsBefore: ReadonlyMap<string, Totals>[] = [new Map()]

  function make(number: number): Day {
    const { rhythm } = shop
    const plan = { ...shop, peoplePerDay: Math.round(shop.peoplePerDay * rhythm[number % rhythm.length]!) }
    const from = number * dayLength - startsAt
    const walks = walksOfDay(plan, number, from)
    const span = { from: Math.max(0, from), to: from + dayLength }
    const totals = new Map<string, Totals>()
    const told = plan.sensors.flatMap(({ id, kind }): readonly RecordedEvent[] => {
      const passing = walks.filter((walk) => walk.sensor === id)
      if (kind === 'beam-pair') return edgeEvents(plan.seed, id, passing)
      if (kind === 'ble') return advertsOfDay({ ...plan, ...plan.phones }, id, number, from)
      if (kind !== 'json-lines') return []
      const counted = counterLines(id, passing, span.from, span.to, totalsBefore[number]?.get(id) ?? { in: 0, out: 0 })
      totals.set(id, counted.totals)
      return counted.lines.map(({ t, text }) => ({
        t: rounded(t),
        sensor: id,
        kind: 'bytes',
        bytes: Buffer.from(text),
      }))
    })
    totalsBefore[number + 1] = totals
    return { walks, told: told.sort((one, other) => one.t - other.t) }
  }

  function dayOf(number: number): Day {
    const known = kept.get(number)
    if (known) return known
    if (totalsBefore[number] === undefined) dayOf(number - 1)
    const day = make(number)
    kept.set(number, day)
    if (kept.size > daysKept) kept.delete(kept.keys().next().value!)
    return day
  }

  function between(from: number, to: number): readonly Day[] {
    const first = Math.floor((Math.max(0, from) + startsAt) / dayLength)
    const last = Math.ceil((to + startsAt) / dayLength) - 1
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => dayOf(first + index))
  }

  return {
    walksAround: (from, to) => between(from, to).flatMap(({ walks }) => walks),
    toldBetween: (from, to) =>
      between(from, to).flatMap(({ told }) => told.slice(indexOf(told, from), indexOf(told, to))),
  }
}

/** How many events come before `t`. */
function indexOf(events: readonly RecordedEvent[], t: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.t < t) low = middle + 1
    else high = middle
  }
  return low
}

function edgeEvents(seed: number, sensor: string, walks: readonly Walk[]): readonly RecordedEvent[] {
  return beamEdges(seed, sensor, walks).map(({ t, line, level }) => ({
    t: rounded(t),
    sensor,
    kind: 'edge',
    line,
    level,
  }))
}

/** To a tenth of a millisecond. */
function rounded(t: number): number {
  return Math.round(t * 10_000) / 10_000
}
