import type { Database, Migration } from '../base/database.ts'
import { type Cell, rowTag, tagHolds } from '../base/mac.ts'
import type { Counts } from './closing.ts'
import { stayMinutes } from './release.ts'

const bins = stayMinutes.map((minutes) => `stays_${minutes}`)

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
  {
    name: 'privacy/8',
    sql: `
      CREATE TABLE running_stays (
        day TEXT NOT NULL,
        zone TEXT NOT NULL,
        stays_0 INTEGER NOT NULL,
        stays_1 INTEGER NOT NULL,
        stays_2 INTEGER NOT NULL,
        stays_5 INTEGER NOT NULL,
        stays_10 INTEGER NOT NULL,
        stays_20 INTEGER NOT NULL,
        stays_40 INTEGER NOT NULL,
        stays_60 INTEGER NOT NULL,
        alive_ms INTEGER NOT NULL,
        tag BLOB,
        PRIMARY KEY (day, zone)
      ) WITHOUT ROWID`,
  },
  {
    // Of visitors only how long they could be heard: who they are lies with what they agreed to.
    name: 'privacy/9',
    sql: `
      CREATE TABLE running_visitors (
        day TEXT NOT NULL,
        zone TEXT NOT NULL,
        alive_ms INTEGER NOT NULL,
        tag BLOB,
        PRIMARY KEY (day, zone)
      ) WITHOUT ROWID`,
  },
]

export interface RunningTotal extends Counts {
  /** Sensor time of the slots counted so far, ms. */
  readonly aliveMs: number
}

export interface RunningStays {
  /** Of each length, by `stayMinutes`. */
  readonly stays: readonly number[]
  readonly aliveMs: number
}

/** How long somebody could have been heard. */
export type RunningHearing = Pick<RunningTotal, 'aliveMs'>

/** A day's totals of one kind. */
export interface RunningTotals<Total> {
  add(day: string, zone: string, part: Total): void
  /** 'lost' when its row was found broken: what was added since is not the whole of it. */
  total(day: string, zone: string): Total | 'lost' | undefined
  forget(day: string, zone: string): void
}

export interface RunningDay extends RunningTotals<RunningTotal> {
  readonly stays: RunningTotals<RunningStays>
  readonly visitors: RunningTotals<RunningHearing>
  /** Forgets days before `day`: they will not be drawn any more. */
  forgetBefore(day: string): void
  clear(): void
}

// No day has less than no sensor time: such a row says that the total is lost.
const lostMs = -1

/** @param key of the box, under which each row is tagged */
export function openRunningDay(database: Database, key: Buffer): RunningDay {
  const sql = database.connection
  const people = openTotals(database, key, 'running_day', ['people_in', 'people_out'])
  const stays = openTotals(database, key, 'running_stays', bins)
  const visitors = openTotals(database, key, 'running_visitors', [])
  const tables = ['running_day', 'running_stays', 'running_visitors']
  const removeBefore = tables.map((table) => sql.prepare(`DELETE FROM ${table} WHERE day < ?`))
  return {
    add: (day, zone, part) => people.add(day, zone, { counts: [part.in, part.out], aliveMs: part.aliveMs }),
    total(day, zone) {
      const row = people.total(day, zone)
      return typeof row === 'object' ? { in: row.counts[0]!, out: row.counts[1]!, aliveMs: row.aliveMs } : row
    },
    forget: people.forget,
    stays: {
      add: (day, zone, part) => stays.add(day, zone, { counts: part.stays, aliveMs: part.aliveMs }),
      total(day, zone) {
        const row = stays.total(day, zone)
        return typeof row === 'object' ? { stays: row.counts, aliveMs: row.aliveMs } : row
      },
      forget: stays.forget,
    },
    visitors: {
      add: (day, zone, part) => visitors.add(day, zone, { counts: [], aliveMs: part.aliveMs }),
      total: visitors.total,
      forget: visitors.forget,
    },
    forgetBefore: (day) => removeBefore.forEach((statement) => void statement.run(day)),
    clear: () => tables.forEach((table) => void sql.prepare(`DELETE FROM ${table}`).run()),
  }
}

interface Total {
  readonly counts: readonly number[]
  readonly aliveMs: number
}

/** Rows of integers that are added up by day and zone, each with its tag. */
function openTotals(database: Database, key: Buffer, table: string, columns: readonly string[]) {
  const { connection: sql } = database
  const all = ['day', 'zone', ...columns, 'alive_ms', 'tag']
  const upsert = sql.prepare(
    `INSERT OR REPLACE INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`,
  )
  const select = sql
    .prepare<[string, string], Cell[]>(`SELECT ${all.join(', ')} FROM ${table} WHERE day = ? AND zone = ?`)
    .raw()
  const remove = sql.prepare(`DELETE FROM ${table} WHERE day = ? AND zone = ?`)

  function put(day: string, zone: string, { counts, aliveMs }: Total): void {
    const cells: Cell[] = [day, zone, ...counts.map(Math.round), Math.round(aliveMs)]
    upsert.run(...cells, rowTag(key, table, cells))
  }

  function total(day: string, zone: string): Total | 'lost' | undefined {
    const row = select.get(day, zone)
    if (!row) return undefined
    const cells = row.slice(0, -1)
    const numbers = cells.slice(2).map(Number)
    const aliveMs = numbers.at(-1)!
    if (!tagHolds(row.at(-1), key, table, cells) || aliveMs === lostMs) return 'lost'
    return { counts: numbers.slice(0, -1), aliveMs }
  }

  return {
    add(day: string, zone: string, part: Total): void {
      const before = total(day, zone) ?? { counts: part.counts.map(() => 0), aliveMs: 0 }
      if (before === 'lost') return put(day, zone, { counts: part.counts.map(() => 0), aliveMs: lostMs })
      const counts = before.counts.map((count, i) => count + part.counts[i]!)
      put(day, zone, { counts, aliveMs: before.aliveMs + part.aliveMs })
    },
    total,
    forget: (day: string, zone: string) => void remove.run(day, zone),
  }
}
