import type { Database } from '../base/database.ts'
import { type Cell, rowTag, tagHolds } from '../base/mac.ts'
import type { ConsentEvent } from './event.ts'
import type { Purpose } from './grant.ts'

/**
 * Who was here on a day of those who agreed to be counted: a row for a record and day, however often they come, so that
 * neither a restart nor a power cut counts anybody twice. It is there until the day's number is drawn, or until they withdraw
 * what they agreed to. A row that the disk changed counts as not there.
 */
export interface Today {
  /** They were seen while what they agreed to held. On the disk when it returns. */
  note(record: string, day: string, purpose: Purpose): void
  /** How many were here on a day, each once. */
  count(day: string): number
  forgetDay(day: string): void
  forgetBefore(day: string): void
  /** Who took back what they were counted by was not here; nobody was, where everything is void. Inside the transaction that says so. */
  forgetEnded(events: readonly ConsentEvent[]): void
}

export const todaySql = `
  CREATE TABLE consent_today (
    record TEXT NOT NULL, day TEXT NOT NULL, purpose TEXT NOT NULL, tag BLOB, PRIMARY KEY (record, day)
  ) WITHOUT ROWID;`

/** @param key keys the tags of rows */
export function openToday(database: Database, key: Buffer): Today {
  const { connection: sql } = database
  const upsert = sql.prepare('INSERT OR REPLACE INTO consent_today VALUES (?, ?, ?, ?)')
  const find = sql.prepare<[string, string], Row>('SELECT * FROM consent_today WHERE record = ? AND day = ?')
  const ofDay = sql.prepare<[string], Row>('SELECT * FROM consent_today WHERE day = ?')
  const removeDay = sql.prepare<[string]>('DELETE FROM consent_today WHERE day = ?')
  const removeBefore = sql.prepare<[string]>('DELETE FROM consent_today WHERE day < ?')
  const removeEnded = sql.prepare<[string, string]>('DELETE FROM consent_today WHERE record = ? AND purpose = ?')
  const removeAll = sql.prepare('DELETE FROM consent_today')

  function isWhole({ record, day, purpose, tag }: Row): boolean {
    return tagHolds(tag, key, 'today', [record, day, purpose])
  }

  function forget(event: ConsentEvent): void {
    if (event.type === 'withdrawn') removeEnded.run(event.record, event.purpose)
    else if (event.type === 'restored') removeAll.run()
  }

  return {
    note(record, day, purpose) {
      const row = find.get(record, day)
      if (row && isWhole(row)) return
      database.transaction(() => void upsert.run(record, day, purpose, rowTag(key, 'today', [record, day, purpose])))
    },
    // In a damaged file a row may be there twice.
    count: (day) =>
      new Set(
        ofDay
          .all(day)
          .filter(isWhole)
          .map(({ record }) => record),
      ).size,
    forgetDay: (day) => void removeDay.run(day),
    forgetBefore: (day) => void removeBefore.run(day),
    forgetEnded: (events) => events.forEach(forget),
  }
}

type Row = Readonly<Record<'record' | 'day' | 'purpose' | 'tag', Cell>>
