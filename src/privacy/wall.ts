import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { day as oneDay, second } from '../base/duration.ts'
import type { Nearby } from '../observations/observation.ts'
import { release } from './boundary.ts'
import { nextDay } from './calendar.ts'
import { chargeOf, type Draft, partition, type Writing } from './draft.ts'
import { createDrafter } from './drafter.ts'
import type { Journal } from './journal.ts'
import { type AliveShare, createListening, feedsOf, type OpenSlot } from './listening.ts'
import type { Bits } from './mechanism.ts'
import { createOpenCounts } from './open-counts.ts'
import { createPhones, type Place } from './phones.ts'
import type { Plan } from './plan.ts'
import type { Policy } from './policy.ts'
import type { Release, Series } from './release.ts'
import type { RunningDay } from './running-day.ts'
import { createSchedule, type DueSlot } from './schedule.ts'
import type { Snapshot } from './snapshot.ts'
import { type Counted, createHold, createTally, isStay, type Stay } from './tally.ts'
import { createTimeline } from './timeline.ts'
import type { DayVisitors } from './visitors.ts'

/** What the wall needs from the house. */
export interface WallParts {
  readonly database: Database
  readonly clock: Clock
  readonly plan: Plan
  readonly journal: Journal
  readonly runningDay: RunningDay
  readonly bits: Bits
  /** `{store}/{gateway}`, the head of every id. */
  readonly origin: string
  readonly aliveShare: AliveShare
  /** How many of the shoppers who agreed to be counted were here. */
  readonly visitors: DayVisitors
  /**
   * Turns a release into the bytes that will be sent and stores them for sending. Called inside the second commit.
   * `leavesAt` (wall ms) depends on the slot only, never on what was counted.
   */
  readonly keep: (release: Release, series: Series, leavesAt: number) => Buffer
  /** The same recording is played into the same folder again: what is drawn stays, the rest is counted anew. */
  readonly replaying: boolean
  /** Fixed delay of this gateway in ms, 0 to 30 s, so that thousands of stores do not speak at once. */
  readonly delay: number
}

export interface Wall {
  /** A passage, or a stay that was over, at a monotonic moment. */
  count(at: number, counted: Counted): void
  /** A phone near a zone's radio at a monotonic moment. While the clock is not trusted it is not even looked at. */
  hear(at: number, nearby: Pick<Nearby, 'zone' | 'advert'>): void
  /**
   * Closes every slot that is due; `mayClose` false only looks at the clock. Call about once a second; throws when
   * storage fails and may be called again.
   */
  tick(mayClose?: boolean): void
  /** Closes every slot up to the one that holds wall ms `time`, though it is not over yet: the end of a recording. */
  finish(time: number): void
  /** Wall ms at which the next slot is due; undefined while the clock is untrusted. */
  nextDue(): number | undefined
  /** Open counts as plain integers, for the RAM-backed snapshot. */
  snapshot(): Snapshot
  restore(snapshot: Snapshot): void
  /** The policy in force now; undefined while the clock is untrusted. */
  policy(): Policy | undefined
  /** On which local day somebody who is seen now is counted, and who: those who agreed to this purpose. Undefined where nobody is. */
  counting(): { readonly day: string; readonly purpose: string } | undefined
  /** Puts a policy in force on the first day of which nothing was drawn yet, tomorrow at the earliest; returns that day. */
  adopt(policy: Policy): string
  /** Head office has seen a higher `seq` than ours: nothing more is drawn today. */
  restoredFromImage(seq: number): void
  /** People who passed but whose slot was closed already, since start. Never published. */
  readonly late: number
  /** Adverts of phones that were not looked at because there were too many addresses, since start. Never published. */
  readonly refused: number
  /** Overwrites what is open of phones. */
  close(): void
}

// A crossing is told up to 1.5 s after it happened, when no other edge can change its meaning any more.
const grace = 2 * second
const longestCatchUp = 90 * oneDay
const slotsPerCommit = 100
const everyDay = '9999-12-31'

export function openWall(parts: WallParts): Wall {
  const { database, clock, plan, journal, runningDay } = parts
  const timeline = createTimeline(clock)
  const schedule = createSchedule(plan, grace)
  const listening = createListening(timeline, parts.aliveShare)
  const tally = createTally()
  const phones = createPhones({ bits: parts.bits, placeAt: phonesAt })
  const open = createOpenCounts({ listening, tally, phones })
  const hold = createHold()
  const drafter = createDrafter({ ...parts, ...open, schedule })
  let writing: readonly Writing[] = []
  let cursor: number | undefined
  let late = 0

  if (parts.replaying) database.transaction(() => runningDay.clear())

  function label(at: number, counted: Counted): void {
    const time = timeline.label(at)
    const slot = time === undefined ? undefined : schedule.slotAt(time)
    if (!slot || (isStay(counted) && !timesStays(counted, time!))) return
    if (cursor !== undefined && slot.start < cursor) late += counted.people
    else tally.add(slot, counted)
  }

  /** Nothing is held of zones in which nobody's stay is told, nor of who was there before the shop opened. */
  function timesStays({ zone, lasted }: Stay, time: number): boolean {
    const { series } = plan.policyOn(schedule.dayAt(time))
    return schedule.slotAt(time - lasted) !== undefined && series.some((one) => one.name === `dwell/${zone}`)
  }

  function phonesAt(time: number): Place | undefined {
    const slot = schedule.slotAt(time)
    if (!slot || slot.start < cursor!) return undefined
    const series = plan.policyOn(slot.day).series.filter(({ kind }) => kind === 'phones')
    return { slot, zones: series.map(({ zone }) => zone) }
  }

  /** False while nothing can be labelled. */
  function look(): boolean {
    const seen = timeline.look()
    if (seen === 'untrusted') return false
    if (seen === 'stepped') {
      open.clear()
      skipTo(Math.max(cursor!, clock.now() - longestCatchUp))
    }
    if (cursor === undefined) begin()
    hold.drain(label)
    phones.endBefore(clock.now())
    return true
  }

  /** Closing goes on after the journal, or at the slot in which this box first listened. */
  function begin(): void {
    const started = Math.min(timeline.alignedFrom(), listening.earliest() ?? Number.POSITIVE_INFINITY)
    const known = parts.replaying ? undefined : journal.lastEnd()
    const first = schedule.slotAt(started)?.start ?? started
    skipTo(known === undefined ? first : Math.max(known, clock.now() - longestCatchUp))
    writing = journal.unfinished().map((charged) => ({ charged, draft: drafter.lost(charged) }))
    if (journal.restoredUntil() === everyDay) sitOutToday(journal.lastSeq())
  }

  /** Another image of this box may have drawn today's numbers. Which day that is, only a trusted clock can say. */
  function sitOutToday(seq: number): void {
    const today = cursor === undefined ? undefined : schedule.dayAt(clock.now())
    database.transaction(() => journal.adoptSeq(seq, today ? nextDay(today) : everyDay))
    if (today) skipTo(Math.max(journal.lastEnd() ?? 0, schedule.calendarOn(today).dayWindow(today).start))
  }

  /** What is before `time` and not closed yet never will be. */
  function skipTo(time: number): void {
    cursor = time
    open.forgetBefore(time)
  }

  function close(until: number): void {
    if (!look()) return
    phones.endBefore(until)
    if (writing.length > 0) write(writing)
    for (;;) {
      const due = [...schedule.due(cursor!, until).take(slotsPerCommit)]
      if (due.length === 0) return
      closeTogether(due)
    }
  }

  /** The two commits for all series together: charge and `seq`; then payload, outbox row and state. */
  function closeTogether(due: readonly DueSlot[]): void {
    const charged = database.transaction(() => {
      drafter.forgetBefore(due[0]!.slot.day)
      return charge(due.flatMap(drafter.of))
    })
    for (const { slot } of due) open.forget(slot)
    cursor = due.at(-1)!.slot.end
    write(charged)
  }

  function charge(drafts: readonly Draft[]): Writing[] {
    const [known, fresh] = partition(drafts, (draft) => journal.has(draft.series.name, draft.slot))
    known.forEach(drafter.forget)
    return journal.charge(fresh.map(chargeOf)).map((charged, i) => ({ charged, draft: fresh[i]! }))
  }

  function write(rows: readonly Writing[]): void {
    writing = rows
    database.transaction(() => {
      for (const row of rows) {
        row.release ??= release(drafter.closing(row.charged, row.draft), parts.bits)
        journal.draw(row.charged, parts.keep(row.release, row.draft.series, row.draft.leavesAt))
        drafter.forget(row.draft)
      }
    })
    writing = []
    // The differences between old versions of the running day are the exact counts of single windows.
    database.forgetOldVersions()
  }

  /** The slot that is open now, and those that wait for their grace to end or for room on the disk. */
  function openSlots(now: number): OpenSlot[] | undefined {
    if (cursor === undefined) return undefined
    return [...schedule.begun(cursor, now)].map(({ slot, policy }) => ({ slot, feeds: feedsOf(policy.series) }))
  }

  const policyNow = () => (cursor === undefined ? undefined : plan.policyOn(schedule.dayAt(clock.now())))

  return {
    count(at, counted) {
      if (cursor === undefined) hold.add(at, counted)
      else label(at, counted)
    },
    hear(at, { zone, advert }) {
      const time = cursor === undefined ? undefined : timeline.label(at)
      if (time !== undefined) phones.hear(time, zone, advert)
    },
    tick: (mayClose = true) => void (mayClose ? close(clock.now()) : look()),
    finish: (time) => close((schedule.slotAt(time)?.end ?? time) + grace),
    nextDue: () => (cursor === undefined ? undefined : schedule.nextDue(cursor)),
    snapshot() {
      const now = clock.now()
      return open.snapshot(openSlots(now), now)
    },
    restore: open.restore,
    policy: policyNow,
    counting() {
      const slot = cursor === undefined ? undefined : schedule.slotAt(clock.now())
      const counted = slot && slot.start >= cursor! ? plan.policyOn(slot.day).visitors : undefined
      return counted && { day: slot!.day, ...counted }
    },
    // A clock that went back must not put another policy on a day of which numbers were drawn already.
    adopt: (policy) => plan.adopt(policy, Math.max(clock.now(), (cursor ?? 0) - 1)),
    restoredFromImage(seq) {
      if (seq > journal.lastSeq()) sitOutToday(seq)
    },
    get late() {
      return late
    },
    get refused() {
      return phones.refused
    },
    close: () => phones.clear(),
  }
}
