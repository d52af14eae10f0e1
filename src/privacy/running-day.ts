import type { Database, Migration } from '../base/database.ts'
import { type Cell, rowTag, tagHolds } from '../base/mac.ts'
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
  // A row of before has no tag, so its day is lost: once, on the day of the update.
  { name: 'privacy/6', sql: 'ALTER TABLE running_day ADD COLUMN tag BLOB' },
]

export interface RunningTotal extends Counts {
  /** Sensor time of the slots counted so far, ms. */
  readonly aliveMs: number
}

export interface RunningDay {
  add(day: string, zone: string, part: RunningTotal): void
  /** 'lost' when its row was found broken: what was added since is not the whole of it. */
  total(day: string, zone: string): RunningTotal | 'lost' | undefined
  forget(day: string, zone: string): void
  /** Forgets days before `day`: they will not be drawn any more. */
  forgetBefore(day: string): void
  clear(): void
}

interface Row {
  readonly day: string
  readonly zone: string
  readonly people_in: number
  readonly people_out: number
  readonly alive_ms: number
  readonly tag: unknown
}

// No day has less than no sensor time: such a row says that the total is lost.
const lostMs = -1

export function openRunningDay(database: Database, key: Buffer): RunningDay {
  const sql = database.connection
  const upsert = sql.prepare('INSERT OR REPLACE INTO running_day VALUES (?, ?, ?, ?, ?, ?)')
  const select = sql.prepare<[string, string], Row>('SELECT * FROM running_day WHERE day = ? AND zone = ?')
  const remove = sql.prepare('DELETE FROM running_day WHERE day = ? AND zone = ?')
  const removeBefore = sql.prepare('DELETE FROM running_day WHERE day < ?')

  const cellsOf = ({ day, zone, people_in, people_out, alive_ms }: Row): Cell[] => [
    day,
    zone,
    people_in,
    people_out,
    alive_ms,
  ]

  function put(day: string, zone: string, { in: people_in, out: people_out, aliveMs }: RunningTotal): void {
    const cells = [day, zone, people_in, people_out, Math.round(aliveMs)]
    upsert.run(...cells, rowTag(key, 'running_day', cells))
  }

  function total(day: string, zone: string): RunningTotal | 'lost' | undefined {
    const row = select.get(day, zone)
    if (!row) return undefined
    if (!tagHolds(row.tag, key, 'running_day', cellsOf(row)) || row.alive_ms === lostMs) return 'lost'
    return { in: row.people_in, out: row.people_out, aliveMs: row.alive_ms }
  }

  return {
    add(day, zone, part) {
      const before = total(day, zone) ?? { in: 0, out: 0, aliveMs: 0 }
      if (before === 'lost') return put(day, zone, { in: 0, out: 0, aliveMs: lostMs })
      const { in: ins, out, aliveMs } = before
      put(day, zone, { in: ins + part.in, out: out + part.out, aliveMs: aliveMs + Math.round(part.aliveMs) })
    },
    total,
    forget: (day, zone) => void remove.run(day, zone),
    forgetBefore: (day) => void removeBefore.run(day),
    clear: () => void sql.prepare('DELETE FROM running_day').run(),
  }
}
