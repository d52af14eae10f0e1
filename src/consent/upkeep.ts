import { day } from '../base/duration.ts'
import type { Lapsed } from './event.ts'
import type { Purpose } from './grant.ts'
import { continuationOf, type Notice } from './notice.ts'
import { type ConsentRecord, isLive, isOpen, type PurposeRecord } from './record.ts'

/** Nobody who stays away this long is kept recognisable. */
export const dormantAfter = 180 * day
export const week = 7 * day

/** What decides whether an agreement ends by itself. */
export interface Circumstances {
  readonly now: number
  readonly notices: readonly Notice[]
  readonly editorial: ReadonlySet<string>
  /** Ms since 1970 of the latest sighting, to the week; undefined when there was none. */
  readonly seenAt: (record: string) => number | undefined
}

/** What ends by itself at this moment: by its term, by absence, by a notice that changed. Pure. */
export function lapsesOf(records: Iterable<ConsentRecord>, circumstances: Circumstances): Lapsed[] {
  return [...records].flatMap((record) => {
    const isDormant = circumstances.now - lastSign(record, circumstances) > dormantAfter
    return [...record.purposes].flatMap(([purpose, one]) => lapseOf(record, purpose, one, isDormant, circumstances))
  })
}

function lapseOf(
  { id: record }: ConsentRecord,
  purpose: Purpose,
  one: PurposeRecord,
  isDormant: boolean,
  { now, notices, editorial }: Circumstances,
): Lapsed[] {
  if (!isOpen(one) || !one.agreed) return []
  const expired = (why: Lapsed['why']): Lapsed[] => [{ type: 'expired', record, purpose, why }]
  if (one.agreed.until <= now) return expired('term')
  if (isDormant) return expired('dormant')
  if (!notices.some((notice) => notice.purpose === purpose)) return expired('purpose-gone')
  if (one.state === 'notice-outdated' || continuationOf(one.agreed, notices, editorial)) return []
  return [{ type: 'notice-outdated', record, purpose, why: 'notice' }]
}

// The week that is noted begins before the sighting, so a whole one is added: nobody is purged too early.
function lastSign(record: ConsentRecord, { seenAt, now }: Circumstances): number {
  const agreed = [...record.purposes.values()].map(({ agreedAt }) => agreedAt)
  const found = seenAt(record.id)
  // A week to come was made by the disk.
  const seen = found !== undefined && found <= now ? found : undefined
  return Math.max(record.openedAt, ...agreed, seen === undefined ? 0 : seen + week)
}

/** Ended, erased and older than records are kept. */
export function isForgettable(record: ConsentRecord, before: number): boolean {
  return !isLive(record) && record.isErased && record.touchedAt < before
}
