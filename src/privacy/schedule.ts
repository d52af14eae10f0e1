import { type Calendar, createCalendar, nextDay, type Slot } from './calendar.ts'
import type { Plan } from './plan.ts'
import type { Policy } from './policy.ts'

/** A slot with the policy of its day. */
export interface DueSlot {
  readonly slot: Slot
  readonly policy: Policy
  /** The day's last: its day is due too. */
  readonly isLast: boolean
}

/** Days and slots under the policies of the plan. Times in wall ms. */
export interface Schedule {
  dayAt(time: number): string
  slotAt(time: number): Slot | undefined
  calendarOn(day: string): Calendar
  /** The slots of its day up to `slot` between which the shop did not close. */
  openingOf(slot: Slot): Slot[]
  /** Slots that start at `cursor` or later and have begun at `until`; in order. */
  begun(cursor: number, until: number): Generator<DueSlot>
  /** Those of them that are over, grace included, at `until`. */
  due(cursor: number, until: number): Generator<DueSlot>
  /** When the next slot at or after `cursor` is due; undefined when the shop stays closed for a year. */
  nextDue(cursor: number): number | undefined
}

/** @param grace ms after its end in which a slot still takes what arrives late */
export function createSchedule(plan: Plan, grace: number): Schedule {
  const calendars = new Map<string, Calendar>()
  let current: Slot | undefined

  function calendarOf(policy: Policy): Calendar {
    const kept = calendars.get(policy.hash)
    if (kept) return kept
    const calendar = createCalendar(policy.timezone, policy.opening, policy.windowSeconds)
    calendars.set(policy.hash, calendar)
    return calendar
  }

  const calendarOn = (day: string) => calendarOf(plan.policyOn(day))

  // The UTC date picks the policy whose time zone then says the local date.
  const dayAt = (time: number) => calendarOn(new Date(time).toISOString().slice(0, 10)).dayOf(time)

  function* begun(cursor: number, until: number): Generator<DueSlot> {
    const last = dayAt(until)
    let from = cursor
    for (let day = dayAt(cursor); day <= last; day = nextDay(day)) {
      const policy = plan.policyOn(day)
      const slots = calendarOf(policy).slotsOf(day)
      for (const slot of slots) {
        // After a change of time zone two local days can lie over each other.
        if (slot.start < from) continue
        if (slot.start > until) return
        from = slot.end
        yield { slot, policy, isLast: slot === slots.at(-1) }
      }
    }
  }

  return {
    dayAt,
    calendarOn,
    slotAt(time) {
      if (current && current.start <= time && time < current.end) return current
      current = calendarOn(dayAt(time)).slotAt(time)
      return current
    },
    openingOf(slot) {
      const until = calendarOn(slot.day)
        .slotsOf(slot.day)
        .filter(({ start }) => start <= slot.start)
      return until.slice(until.findLastIndex(({ start }, i) => start !== until[i - 1]?.end))
    },
    begun,
    *due(cursor, until) {
      for (const each of begun(cursor, until)) {
        if (each.slot.end + grace > until) return
        yield each
      }
    },
    nextDue(cursor) {
      for (let day = dayAt(cursor), tries = 0; tries < 366; day = nextDay(day), tries++) {
        const slot = calendarOn(day)
          .slotsOf(day)
          .find((one) => one.start >= cursor)
        if (slot) return slot.end + grace
      }
      return undefined
    },
  }
}
