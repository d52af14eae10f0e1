import type { Opening } from './settings.ts'

/** One fixed slot of time, in ms since 1970 UTC; `day` is the store's local date. */
export interface Slot {
  readonly day: string
  readonly start: number
  readonly end: number
}

/** The store's days and slots. All arguments and results are ms since 1970 UTC or local dates 'YYYY-MM-DD'. */
export interface Calendar {
  dayOf(time: number): string
  /** Local midnight to local midnight: 23, 24 or 25 hours. */
  dayWindow(day: string): { start: number; end: number }
  /** Every slot of that day's opening hours, widened to whole windows, in order. Empty when closed. */
  slotsOf(day: string): readonly Slot[]
  /** The slot that holds `time`, if the shop is open then. */
  slotAt(time: number): Slot | undefined
  /** The most slots any day of the opening hours can have. */
  readonly mostSlots: number
}

const weekdays = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa']

/** @param windowSeconds a divisor of 3600, so that slots are aligned to the hour of the store's clock */
export function createCalendar(timezone: string, opening: Opening, windowSeconds: number): Calendar {
  const zone = createZone(timezone)
  const length = windowSeconds * 1000
  const cache = new Map<string, readonly Slot[]>()

  function slotsOf(day: string): readonly Slot[] {
    const kept = cache.get(day)
    if (kept) return kept
    if (cache.size > 32) cache.clear()
    const slots = makeSlots(day)
    cache.set(day, slots)
    return slots
  }

  function makeSlots(day: string): readonly Slot[] {
    const starts = new Set<number>()
    const step = windowSeconds / 60
    for (const [from, to] of intervalsOf(opening, day)) {
      const end = zone.instant(day, Math.ceil(to / step) * step)
      for (let start = zone.instant(day, Math.floor(from / step) * step); start < end; start += length)
        starts.add(start)
    }
    return [...starts].sort((a, b) => a - b).map((start) => ({ day, start, end: start + length }))
  }

  return {
    dayOf: zone.dayOf,
    dayWindow: (day) => ({ start: zone.instant(day, 0), end: zone.instant(nextDay(day), 0) }),
    slotsOf,
    slotAt: (time) => findSlot(slotsOf(zone.dayOf(time)), time, length),
    mostSlots: mostSlots(opening, windowSeconds),
  }
}

function findSlot(slots: readonly Slot[], time: number, length: number): Slot | undefined {
  const first = slots[0]
  if (!first) return undefined
  const guess = slots[Math.floor((time - first.start) / length)]
  if (guess && guess.start <= time && time < guess.end) return guess
  return slots.find((slot) => slot.start <= time && time < slot.end)
}

/** The end of the opening hours that hold `time`, as far as its day goes; undefined while the shop is closed. */
export function closingAt(calendar: Calendar, time: number): number | undefined {
  const slots = calendar.slotsOf(calendar.dayOf(time))
  const at = slots.findIndex(({ start, end }) => start <= time && time < end)
  return at < 0 ? undefined : slots.find(({ end }, i) => i >= at && slots[i + 1]?.start !== end)?.end
}

/** The local date after `day`. */
export function nextDay(day: string): string {
  return new Date(Date.UTC(...dateParts(day)) + 86_400_000).toISOString().slice(0, 10)
}

function dateParts(day: string): [number, number, number] {
  return [Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10))]
}

/** Opening intervals of a local date in minutes after midnight. A date beats a weekday; a day not named is closed. */
export function intervalsOf(opening: Opening, day: string): readonly [number, number][] {
  if (typeof opening === 'string') return parseHours(opening)
  const dated = opening[day]
  if (dated !== undefined) return parseHours(dated)
  const weekday = new Date(Date.UTC(...dateParts(day))).getUTCDay()
  // In {mo-fr: ..., th: ...} people mean Thursday to win, so single days come first.
  const named = opening[weekdays[weekday]!]
  if (named !== undefined) return parseHours(named)
  for (const [key, hours] of Object.entries(opening)) if (covers(key, weekday)) return parseHours(hours)
  return []
}

// 'fr-mo' wraps round the week.
function covers(key: string, weekday: number): boolean {
  const [from, to = from] = key.split('-').map((name) => weekdays.indexOf(name))
  if (from === undefined || to === undefined || from < 0 || to < 0) return false
  return from <= to ? from <= weekday && weekday <= to : weekday >= from || weekday <= to
}

function parseHours(hours: string): readonly [number, number][] {
  if (hours === 'closed') return []
  return hours.split(',').map((interval) => {
    const [from, to] = interval.split('-')
    return [minutesOf(from!), minutesOf(to!)]
  })
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

function mostSlots(opening: Opening, windowSeconds: number): number {
  const texts = typeof opening === 'string' ? [opening] : Object.values(opening)
  return Math.max(
    0,
    ...texts.map((hours) => parseHours(hours).reduce((sum, one) => sum + slotsIn(one, windowSeconds), 0)),
  )
}

/** Slots of one interval, in minutes after midnight; one hour more where the clocks can be set back inside it. */
function slotsIn([from, to]: readonly [number, number], windowSeconds: number): number {
  const step = windowSeconds / 60
  const meetsNight = from < latestTransition
  return Math.ceil(to / step) - Math.floor(from / step) + (meetsNight ? 60 / step : 0)
}

// Clocks are set back by four in the morning wherever summer time is kept.
const latestTransition = 5 * 60

interface Zone {
  dayOf(time: number): string
  instant(day: string, minutes: number): number
}

function createZone(timezone: string): Zone {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const offsets = new Map<number, number>()

  // Offsets change at whole quarters of an hour UTC only, so one look-up serves 15 minutes.
  function offset(time: number): number {
    const quarter = Math.floor(time / 900_000)
    const kept = offsets.get(quarter)
    if (kept !== undefined) return kept
    if (offsets.size > 512) offsets.clear()
    const part = Object.fromEntries(
      format.formatToParts(quarter * 900_000).map(({ type, value }) => [type, Number(value)]),
    )
    const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!)
    offsets.set(quarter, local - quarter * 900_000)
    return local - quarter * 900_000
  }

  return {
    dayOf: (time) => new Date(time + offset(time)).toISOString().slice(0, 10),
    // A time that summer time skips becomes the moment the clocks jump; one that happens twice is the first.
    instant(day, minutes) {
      const local = Date.UTC(...dateParts(day)) + minutes * 60_000
      const early = local - offset(local - 43_200_000)
      const late = local - offset(local + 43_200_000)
      if (early + offset(early) === local) return early
      if (late + offset(late) === local) return late
      return transition(Math.min(early, late), Math.max(early, late))
    },
  }

  function transition(from: number, to: number): number {
    for (let time = Math.floor(from / 900_000) * 900_000; time <= to; time += 900_000) {
      if (offset(time) !== offset(time - 900_000)) return time
    }
    return to
  }
}
