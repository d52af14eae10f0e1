import type { Database, Migration } from '../base/database.ts'
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
  {
    name: 'privacy/8',
    sql: `
      CREATE TABLE running_stays (
        day TEXT NOT NULL,
        zone TEXT NOT NULL,
        alive_ms INTEGER NOT NULL,
        stays_0 INTEGER NOT NULL,
        stays_1 INTEGER NOT NULL,
        stays_2 INTEGER NOT NULL,
        stays_5 INTEGER NOT NULL,
        stays_10 INTEGER NOT NULL,
        stays_20 INTEGER NOT NULL,
        stays_40 INTEGER NOT NULL,
        stays_60 INTEGER NOT NULL,
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

/** A day's totals of one kind. */
export interface RunningTotals<Total> {
  add(day: string, zone: string, part: Total): void
  total(day: string, zone: string): Total | undefined
  forget(day: string, zone: string): void
}

export interface RunningDay extends RunningTotals<RunningTotal> {
  readonly stays: RunningTotals<RunningStays>
  /** Forgets days before `day`: they will not be drawn any more. */
  forgetBefore(day: string): void
  clear(): void
}

export function openRunningDay(database: Database): RunningDay {
  const sql = database.connection
  const people = openTotals(database, 'running_day', ['people_in', 'people_out', 'alive_ms'])
  const stays = openTotals(database, 'running_stays', ['alive_ms', ...bins])
  const tables = ['running_day', 'running_stays']
  const removeBefore = tables.map((table) => sql.prepare(`DELETE FROM ${table} WHERE day < ?`))
  return {
    add: (day, zone, part) => people.add(day, zone, [part.in, part.out, part.aliveMs]),
    total(day, zone) {
      const [ins, outs, aliveMs] = people.total(day, zone) ?? []
      return ins === undefined ? undefined : { in: ins, out: outs!, aliveMs: aliveMs! }
    },
    forget: people.forget,
    stays: {
      add: (day, zone, part) => stays.add(day, zone, [part.aliveMs, ...part.stays]),
      total(day, zone) {
        const [aliveMs, ...counts] = stays.total(day, zone) ?? []
        return aliveMs === undefined ? undefined : { stays: counts, aliveMs }
      },
      forget: stays.forget,
    },
    forgetBefore: (day) => removeBefore.forEach((statement) => void statement.run(day)),
    clear: () => tables.forEach((table) => void sql.prepare(`DELETE FROM ${table}`).run()),
  }
}

/** Rows of integers that are added up by day and zone. */
function openTotals({ connection: sql }: Database, table: string, columns: readonly string[]) {
  const sums = columns.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')
  const upsert = sql.prepare(
    `INSERT INTO ${table} VALUES (?, ?${', ?'.repeat(columns.length)}) ON CONFLICT DO UPDATE SET ${sums}`,
  )
  const select = sql
    .prepare<[string, string], number[]>(`SELECT ${columns.join(', ')} FROM ${table} WHERE day = ? AND zone = ?`)
    .raw()
  const remove = sql.prepare(`DELETE FROM ${table} WHERE day = ? AND zone = ?`)
  return {
    add: (day: string, zone: string, row: readonly number[]) => void upsert.run(day, zone, ...row.map(Math.round)),
    total: (day: string, zone: string) => select.get(day, zone),
    forget: (day: string, zone: string) => void remove.run(day, zone),
  }
}
