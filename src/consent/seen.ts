import type { Database } from '../base/database.ts'
import { week } from './upkeep.ts'

/**
 * In which week somebody was last recognised, so that who stays away can be forgotten. One row a record, overwritten: the
 * visits before it are nowhere. Goes with the key.
 */
export interface Seen {
  note(record: string, now: number): void
  /** Ms since 1970 of the beginning of that week. */
  at(record: string): number | undefined
  forget(record: string): void
}

export function openSeen({ connection: sql }: Database): Seen {
  const select = sql.prepare<[string], number>('SELECT week FROM consent_seen WHERE record = ?').pluck()
  const upsert = sql.prepare<[string, number]>('INSERT OR REPLACE INTO consent_seen VALUES (?, ?)')
  const remove = sql.prepare<[string]>('DELETE FROM consent_seen WHERE record = ?')

  return {
    note(record, now) {
      const number = Math.floor(now / week)
      if (select.get(record) !== number) upsert.run(record, number)
    },
    at(record) {
      const number = select.get(record)
      return number === undefined ? undefined : number * week
    },
    forget: (record) => void remove.run(record),
  }
}
