import { second } from '../base/duration.ts'
import { isCovered } from './boundary.ts'
import type { Slot } from './calendar.ts'
import type { Closing, Exact } from './closing.ts'
import { coverageOfSum, type Draft, mostCommonMissing, sentWindows, sumSoFar } from './draft.ts'
import type { Charged, Journal } from './journal.ts'
import { feedOf, type Listening } from './listening.ts'
import type { Phones } from './phones.ts'
import type { Plan } from './plan.ts'
import type { Policy } from './policy.ts'
import { isDrawn, type Series, stayMinutes } from './release.ts'
import { openReleasedPairs } from './released-pairs.ts'
import type { RunningDay } from './running-day.ts'
import type { DueSlot, Schedule } from './schedule.ts'
import type { Tally } from './tally.ts'
import type { DayVisitors } from './visitors.ts'

/** Makes drafts of slots that are over, from what was counted and how well it was heard. */
export interface Drafter {
  /**
   * One for each series, and for each day that ends with the slot. Call in the first commit and in order of time:
   * it adds to the running day.
   */
  of(due: DueSlot): Draft[]
  /** Charged by a process that died before it drew: said as lost, never drawn again. */
  lost(charged: Charged): Draft
  /** What the boundary needs to draw it. Call after the windows of its day were drawn. */
  closing(charged: Charged, draft: Draft): Closing
  /** Its number is drawn or was before: what was kept of its day goes. Inside the commit that makes it so. */
  forget(draft: Draft): void
  /** What was kept of the days before goes: they will not be drawn any more. */
  forgetBefore(day: string): void
}

export interface DrafterParts {
  readonly plan: Plan
  readonly journal: Journal
  readonly runningDay: RunningDay
  readonly schedule: Schedule
  readonly listening: Listening
  readonly tally: Tally
  readonly phones: Phones
  readonly visitors: DayVisitors
  /** `{store}/{gateway}`, the head of every id. */
  readonly origin: string
  /** Fixed delay of this gateway, ms. */
  readonly delay: number
}

type Sums = Pick<Closing, 'windows' | 'windowMilli' | 'coverage' | 'missing'>

/** A draft of which it is not known yet what was counted. */
type Started = Pick<Draft, 'series' | 'slot' | 'policy' | 'leavesAt'>

const leavesAfter = 30 * second

export function createDrafter(parts: DrafterParts): Drafter {
  const { plan, journal, runningDay, schedule, listening, tally, phones, visitors } = parts
  const pairs = openReleasedPairs(journal, plan)

  function windowDraft(of: Started): Draft {
    const heard = heardOf(of)
    const { slot, series, policy } = of
    const counts = heard.missing ? { in: 0, out: 0 } : tally.counts(slot, series.zone)
    const isDayDrawn = policy.series.some((one) => one.kind === 'day' && one.zone === series.zone && one.drawn)
    if (isDayDrawn) runningDay.add(slot.day, series.zone, { ...counts, aliveMs: heard.coverage * lengthOf(slot) })
    return { ...of, ...heard, counts }
  }

  function phonesDraft(of: Started): Draft {
    return { ...of, ...heardOf(of), counts: { devices: phones.devices(of.slot, of.series.zone) } }
  }

  function heardOf({ series, slot }: Started): Pick<Draft, 'missing' | 'coverage'> {
    const feed = feedOf(series)
    const missing = isRestored(slot.day) ? 'restored' : listening.missing(slot, feed)
    return { missing, coverage: missing ? 0 : listening.coverage(slot, feed) }
  }

  function dayDraft(of: Started): Draft {
    return ofWholeDay(of, runningDay.total(of.slot.day, of.series.zone) ?? nobody)
  }

  /** Also where nothing is told yet: the day's last slot tells what all added. */
  function dwellDrafts(of: Started, isLast: boolean): Draft[] {
    const { slot, series } = of
    const { missing, coverage } = heardOf(of)
    const stays = missing ? noStays : tally.stays(slot, series.zone)
    runningDay.stays.add(slot.day, series.zone, { stays, aliveMs: coverage * lengthOf(slot) })
    return isLast ? [ofWholeDay(of, runningDay.stays.total(slot.day, series.zone)!)] : []
  }

  /** Who was here is noted as they are seen, so that each slot adds only how well it was heard. */
  function visitorsDrafts(of: Started, isLast: boolean): Draft[] {
    const { slot, series } = of
    runningDay.visitors.add(slot.day, series.zone, { aliveMs: heardOf(of).coverage * lengthOf(slot) })
    if (!isLast) return []
    const heard = runningDay.visitors.total(slot.day, series.zone)!
    const came = visitors.on(slot.day)
    return [ofWholeDay(of, heard === 'lost' || came === undefined ? 'lost' : { visitors: came, ...heard })]
  }

  function ofWholeDay(of: Started, total: (Exact & { aliveMs: number }) | 'lost'): Draft {
    const { day } = of.slot
    const calendar = schedule.calendarOn(day)
    const openMs = calendar.slotsOf(day).reduce((sum, slot) => sum + lengthOf(slot), 0)
    const { aliveMs, ...counts } = total === 'lost' ? nobody : total
    const missing = isRestored(day) ? 'restored' : total === 'lost' ? 'lost' : null
    return { ...of, slot: { day, ...calendar.dayWindow(day) }, counts, missing, coverage: aliveMs / openMs }
  }

  function isRestored(day: string): boolean {
    const until = journal.restoredUntil()
    return until !== undefined && day < until
  }

  /** What the boundary makes of windows that were sent: a day, or how many are inside. */
  function sums({ series, slot, policy, missing, coverage }: Draft): Sums {
    const sent = (zone: string) => sentWindows(journal.payloads(`footfall/${zone}`, slot.day))
    if (series.kind === 'occupancy' && !missing) return sumSoFar(schedule.openingOf(slot), series.of.map(sent))
    const windows = series.kind === 'day' ? sent(series.zone) : []
    const slots = schedule.calendarOn(slot.day).slotsOf(slot.day).length
    const whole = isDrawn(series) || missing ? coverage : coverageOfSum(windows, slots)
    const reason = missing ?? (isCovered(whole) ? null : mostCommonMissing(windows))
    return { windows, windowMilli: windowMilliOf(policy, series.zone), coverage: whole, missing: reason }
  }

  return {
    of({ slot, policy, isLast }) {
      const leavesAt = slot.end + leavesAfter + parts.delay
      const each = <T>(kind: Series['kind'], make: (of: Started) => T) =>
        policy.series.filter((series) => series.kind === kind).map((series) => make({ series, slot, policy, leavesAt }))
      return [
        ...each('footfall', windowDraft),
        ...each('phones', phonesDraft),
        // Made from this slot's windows, which are drawn before it.
        ...each('occupancy', (of): Draft => ({ ...of, counts: null, missing: null, coverage: 1 })),
        ...each('dwell', (of) => dwellDrafts(of, isLast)).flat(),
        ...each('visitors', (of) => visitorsDrafts(of, isLast)).flat(),
        ...(isLast ? each('day', dayDraft) : []),
      ]
    },
    lost(charged) {
      const policy = plan.policyOn(charged.slot.day)
      const series = policy.series.find((one) => one.name === charged.series)!
      return { series, slot: charged.slot, policy, counts: null, missing: 'lost', coverage: 0, leavesAt: 0 }
    },
    closing({ seq }, draft) {
      const { series, slot, policy } = draft
      const made = sums(draft)
      const peopleLine = series.kind === 'phones' && !made.missing ? pairs.line(series, slot) : undefined
      return { ...draft, ...made, peopleLine, seq, origin: parts.origin, policy: policy.hash }
    },
    forget({ series: { kind, zone }, slot: { day } }) {
      if (kind === 'day') runningDay.forget(day, zone)
      else if (kind === 'dwell') runningDay.stays.forget(day, zone)
      else if (kind === 'visitors') {
        runningDay.visitors.forget(day, zone)
        visitors.forget(day)
      }
    },
    forgetBefore(day) {
      runningDay.forgetBefore(day)
      visitors.forgetBefore(day)
    },
  }
}

const noStays = stayMinutes.map(() => 0)
const nobody = { in: 0, out: 0, aliveMs: 0 }

function lengthOf({ start, end }: Slot): number {
  return end - start
}

/** Thousandths of epsilon of each number of a zone's windows. */
function windowMilliOf({ series }: Policy, zone: string): number | undefined {
  const windows = series.find((one) => one.kind === 'footfall' && one.zone === zone)
  return windows && Math.round(windows.epsilon * 1000)
}
