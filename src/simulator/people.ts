import type { Random } from './random.ts'

/** From when to when a shop is open, in seconds after local midnight. */
export interface OpenHours {
  readonly from: number
  readonly to: number
}

/** One group's visit, in seconds after local midnight. */
export interface Visit {
  readonly members: number
  readonly arrives: number
  readonly leaves: number
}

// How busy each hour of the day is beside the others, as a shop in a town centre sees it.
const busyness = [1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 6, 8, 10, 10, 9, 9, 10, 9, 6, 4, 3, 2, 1, 1]

const hour = 3600
const longestStay = hour

// Nobody comes before the door is wide open, and everybody is on the way out this long (s) before closing.
const firstCall = 10
const lastCall = 60
const lastMinutes = 20 * 60

/** The visits of one day: about `people` visitors in groups of one to three, all gone before closing. In order. */
export function visitsOfDay(random: Random, people: number, open: OpenHours): readonly Visit[] {
  const visits: Visit[] = []
  let visitors = 0
  while (visitors < people && isWorthOpening(open)) {
    const members = Math.min(people - visitors, 1 + Number(random.chance(0.35)) + Number(random.chance(0.1)))
    visits.push({ members, ...stay(random, open) })
    visitors += members
  }
  return visits.sort((one, other) => one.arrives - other.arrives)
}

/** When somebody comes to a door and turns round there: about one for every 25 who come in. */
export function turnBacks(random: Random, people: number, open: OpenHours): readonly number[] {
  if (!isWorthOpening(open)) return []
  return Array.from({ length: Math.round(people * random.between(0.02, 0.06)) }, () => busyMoment(random, open))
}

function isWorthOpening(open: OpenHours): boolean {
  return open.to - open.from > 3 * lastCall
}

/** A moment of the day, likelier when the shop is busy. Seconds after midnight. */
function busyMoment(random: Random, open: OpenHours): number {
  for (;;) {
    const moment = random.between(open.from + firstCall, open.to - 2 * lastCall)
    if (random.chance(busyness[Math.floor(moment / hour) % 24]! / 10)) return moment
  }
}

function stay(random: Random, open: OpenHours): Pick<Visit, 'arrives' | 'leaves'> {
  const arrives = busyMoment(random, open)
  const minutes = Math.exp(random.normal(Math.log(11), 0.7))
  const leaves = arrives + Math.min(minutes * 60, longestStay)
  const last = open.to - lastCall
  if (leaves <= last) return { arrives, leaves: Math.max(leaves, arrives + 30) }
  // Whoever would stay too long goes some time in the last minutes, not all in the same second.
  return { arrives, leaves: random.between(Math.max(arrives + 30, last - lastMinutes), Math.max(arrives + 30, last)) }
}
