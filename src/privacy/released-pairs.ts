import type { Slot } from './calendar.ts'
import type { Journal } from './journal.ts'
import { type Pair, type PeopleLine, peopleLine } from './people.ts'
import type { Plan } from './plan.ts'
import { doorsOf } from './policy.ts'
import type { FootfallFields, PhonesFields, PhonesSeries } from './release.ts'

/** What released numbers say of people and devices: read back from what was sent, never from exact counts. */
export interface ReleasedPairs {
  /** By the slots of the 14 days before `slot` and those before it on its own day, as far as their policy is the same. */
  line(series: PhonesSeries, slot: Slot): PeopleLine | undefined
}

/** As the journal keeps a payload. */
type Sent = Pick<FootfallFields, 'window' | 'in'> & Pick<PhonesFields, 'devices'>

interface DatedPair extends Pair {
  readonly start: number
}

const daysBack = 14

export function openReleasedPairs(journal: Pick<Journal, 'payloads'>, plan: Pick<Plan, 'policyOn'>): ReleasedPairs {
  // Of days that are over: nothing is added to them any more.
  const kept = new Map<string, readonly DatedPair[]>()

  function pairsOf(series: PhonesSeries, day: string): readonly DatedPair[] {
    const doors = doorsOf(plan.policyOn(day)).map((zone) => numbersByStart(journal, `footfall/${zone}`, day, 'in'))
    const devices = numbersByStart(journal, series.name, day, 'devices')
    return [...devices].flatMap(([start, heard]) => {
      const people = sumOf(doors.map((ins) => ins.get(start) ?? null))
      return heard === null || people === null ? [] : [{ start: Date.parse(start), devices: heard, people }]
    })
  }

  function keptPairsOf(series: PhonesSeries, day: string): readonly DatedPair[] {
    const key = `${day}/${series.name}`
    const pairs = kept.get(key) ?? pairsOf(series, day)
    kept.set(key, pairs)
    return pairs
  }

  return {
    line(series, slot) {
      const days = daysBefore(slot.day, daysBack)
      for (const key of kept.keys()) if (key < days[0]!) kept.delete(key)
      const { hash } = plan.policyOn(slot.day)
      // Another window, other doors or radios further off: another line.
      const alike = days.filter((day) => plan.policyOn(day).hash === hash)
      const today = pairsOf(series, slot.day).filter(({ start }) => start < slot.start)
      return peopleLine([...alike.flatMap((day) => keptPairsOf(series, day)), ...today])
    },
  }
}

/** null where a number is missing, or there is none. */
function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 || known.length < values.length ? null : known.reduce((sum, one) => sum + one, 0)
}

type Key = 'in' | 'devices'

function numbersByStart(journal: Pick<Journal, 'payloads'>, name: string, day: string, key: Key) {
  return new Map(
    journal.payloads(name, day).map((payload) => {
      const sent = JSON.parse(payload.toString()) as Sent
      return [sent.window.start, sent[key]] as const
    }),
  )
}

/** The local dates before `day`, the oldest first. */
function daysBefore(day: string, count: number): string[] {
  const end = Date.parse(`${day}T00:00:00Z`)
  return Array.from({ length: count }, (_, i) => new Date(end - (count - i) * 86_400_000).toISOString().slice(0, 10))
}
