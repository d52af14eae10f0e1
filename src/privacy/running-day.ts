import type { Database, Migration } from '../base/database.ts'
import type { Counts } from './boundary.ts'

/**
 * The day's exact running totals, so that a shop that cuts its power at closing still gets its day.
 * Plain integers of a whole day and zone, never of a window; deleted when the day is drawn.
 */
export const runningDayMigrations: readonly Migration[] = [
  {
    name: 'privacy/2',
    sql: `
      CREATE TABLE running_day (
        day TEXT NOT NULL,
        zone TEXT NOT NULL,
        people_in INTEGER NOT NULL,
        people_out INTEGER NOT NULL,
        alive_ms INTEGER NOT NULL,
        PRIMARY KEY (day, zone)
      ) WITHOUT ROWID`,
  },
]

export interface RunningTotal extends Counts {
  /** Sensor time of the slots counted so far, ms. */
  readonly aliveMs: number
}

export interface RunningDay {
  add(day: string, zone: string, part: RunningTotal): void
  total(day: string, zone: string): RunningTotal | undefined
  forget(day: string, zone: string): void
  /** Forgets days before `day`: they will not be drawn any more. */
  forgetBefore(day: string): void
  clear(): void
}

export function openRunningDay(database: Database): RunningDay {
  const sql = database.connection
  const upsert = sql.prepare(`
    INSERT INTO running_day VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET people_in = people_in + excluded.people_in,
      people_out = people_out + excluded.people_out, alive_ms = alive_ms + excluded.alive_ms`)
  const select = sql.prepare<[string, string], { people_in: number; people_out: number; alive_ms: number }>(
    'SELECT people_in, people_out, alive_ms FROM running_day WHERE day = ? AND zone = ?',
  )
  const remove = sql.prepare('DELETE FROM running_day WHERE day = ? AND zone = ?')
  const removeBefore = sql.prepare('DELETE FROM running_day WHERE day < ?')
  return {
    add: (day, zone, part) => void upsert.run(day, zone, part.in, part.out, Math.round(part.aliveMs)),
    total(day, zone) {
      const row = select.get(day, zone)
      return row && { in: row.people_in, out: row.people_out, aliveMs: row.alive_ms }
    },
    forget: (day, zone) => void remove.run(day, zone),
    forgetBefore: (day) => void removeBefore.run(day),
    clear: () => void sql.prepare('DELETE FROM running_day').run(),
  }
}
