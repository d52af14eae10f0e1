import { second } from '../base/duration.ts'
import { type Closing, isCovered } from './boundary.ts'
import { coverageOfSum, type Draft, mostCommonMissing, sentWindows } from './draft.ts'
import type { Charged, Journal } from './journal.ts'
import { feedOf, type Listening } from './listening.ts'
import type { Phones } from './phones.ts'
import type { Plan } from './plan.ts'
import { isDrawn } from './release.ts'
import { openReleasedPairs } from './released-pairs.ts'
import type { RunningDay } from './running-day.ts'
import type { DueSlot, Schedule } from './schedule.ts'
import type { Tally } from './tally.ts'

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
}

export interface DrafterParts {
  readonly plan: Plan
  readonly journal: Journal
  readonly runningDay: RunningDay
  readonly schedule: Schedule
  readonly listening: Listening
  readonly tally: Tally
  readonly phones: Phones
  /** `{store}/{gateway}`, the head of every id. */
  readonly origin: string
  /** Fixed delay of this gateway, ms. */
  readonly delay: number
}

/** A draft of which it is not known yet what was counted. */
type Started = Pick<Draft, 'series' | 'slot' | 'policy' | 'leavesAt'>

const leavesAfter = 30 * second

export function createDrafter(parts: DrafterParts): Drafter {
  const { plan, journal, runningDay, schedule, listening, tally, phones } = parts
  const pairs = openReleasedPairs(journal, plan)

  function windowDraft(of: Started): Draft {
    const heard = heardOf(of)
    const { slot, series, policy } = of
    const counts = heard.missing ? { in: 0, out: 0 } : tally.counts(slot, series.zone)
    const isDayDrawn = policy.series.some((one) => one.kind === 'day' && one.zone === series.zone && one.drawn)
    const aliveMs = heard.coverage * (slot.end - slot.start)
    if (isDayDrawn) runningDay.add(slot.day, series.zone, { ...counts, aliveMs })
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
    const { day } = of.slot
    const calendar = schedule.calendarOn(day)
    const openMs = calendar.slotsOf(day).reduce((sum, slot) => sum + slot.end - slot.start, 0)
    const kept = runningDay.total(day, of.series.zone) ?? { in: 0, out: 0, aliveMs: 0 }
    const isLost = kept === 'lost'
    const total = isLost ? { in: 0, out: 0, aliveMs: 0 } : kept
    const missing = isRestored(day) ? 'restored' : isLost ? 'lost' : null
    const slot = { day, ...calendar.dayWindow(day) }
    return { ...of, slot, counts: total, missing, coverage: total.aliveMs / openMs }
  }

  function isRestored(day: string): boolean {
    const until = journal.restoredUntil()
    return until !== undefined && day < until
  }

  return {
    of({ slot, policy, isLast }) {
      const windows = policy.series.filter((series) => series.kind === 'footfall')
      const days = policy.series.filter((series) => series.kind === 'day' && isLast)
      const ofPhones = policy.series.filter((series) => series.kind === 'phones')
      const leavesAt = slot.end + leavesAfter + parts.delay
      return [
        ...windows.map((series) => windowDraft({ series, slot, policy, leavesAt })),
        ...ofPhones.map((series) => phonesDraft({ series, slot, policy, leavesAt })),
        ...days.map((series) => dayDraft({ series, slot, policy, leavesAt })),
      ]
    },
    lost(charged) {
      const policy = plan.policyOn(charged.slot.day)
      const series = policy.series.find((one) => one.name === charged.series)!
      return { series, slot: charged.slot, policy, counts: null, missing: 'lost', coverage: 0, leavesAt: 0 }
    },
    closing({ seq }, draft) {
      const { series, slot, policy } = draft
      const windows = series.kind === 'day' ? sentWindows(journal.payloads(`footfall/${series.zone}`, slot.day)) : []
      const slots = schedule.calendarOn(slot.day).slotsOf(slot.day).length
      const coverage = isDrawn(series) || draft.missing ? draft.coverage : coverageOfSum(windows, slots)
      const missing = draft.missing ?? (isCovered(coverage) ? null : mostCommonMissing(windows))
      const peopleLine = series.kind === 'phones' && !missing ? pairs.line(series, slot) : undefined
      return { ...draft, coverage, missing, windows, peopleLine, seq, origin: parts.origin, policy: policy.hash }
    },
  }
}
