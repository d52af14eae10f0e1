import type { Carved } from '../base/carve.ts'
import type { Database, Migration } from '../base/database.ts'
import { type Cell, rowTag, tagHolds } from '../base/mac.ts'

/** How the journal lies on the disk: one row a slot of a series, each with a tag by the box key over all of it. */
export const journalMigrations: readonly Migration[] = [
  {
    name: 'privacy/1',
    sql: `
      CREATE TABLE release (
        series TEXT NOT NULL,
        start INTEGER NOT NULL,
        day TEXT NOT NULL,
        end INTEGER NOT NULL,
        seq INTEGER NOT NULL UNIQUE,
        spent_milli INTEGER NOT NULL,
        policy TEXT NOT NULL,
        version TEXT NOT NULL,
        payload BLOB,
        chain BLOB,
        PRIMARY KEY (series, start)
      ) WITHOUT ROWID;
      CREATE TABLE journal_state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;`,
  },
  {
    // Rows of before are tagged once, by the next start; only this step can say that there are any.
    name: 'privacy/5',
    sql: `
      ALTER TABLE release ADD COLUMN tag BLOB;
      ALTER TABLE journal_state ADD COLUMN tag BLOB;
      INSERT INTO journal_state (name, value) SELECT 'untagged', 1 WHERE EXISTS (SELECT 1 FROM release);`,
  },
]

/** A row as it is read: after a flipped bit any column may hold anything. */
export interface ReleaseRow {
  readonly series: string
  readonly start: number
  readonly day: string
  readonly end: number
  readonly seq: number
  readonly spent_milli: number
  readonly policy: string
  readonly version: string
  readonly payload: Buffer | null
  readonly chain: Buffer | null
  readonly tag: Buffer | null
}

export type Untagged = Omit<ReleaseRow, 'tag'>

/** In the order in which they lie in a record of the table, whose primary key happens to come first. */
export function cellsOf(row: Untagged): readonly Cell[] {
  const { series, start, day, end, seq, spent_milli, policy, version, payload, chain } = row
  return [series, start, day, end, seq, spent_milli, policy, version, payload, chain]
}

export function tagOf(key: Buffer, row: Untagged): Buffer {
  return rowTag(key, 'release', cellsOf(row))
}

export function isWhole(key: Buffer, row: ReleaseRow): boolean {
  return tagHolds(row.tag, key, 'release', cellsOf(row))
}

/** What another image of this box may have drawn, and up to where `seq` is given out there. */
export interface Restored {
  readonly seq: number
  /** Local date; days before it are not drawn. undefined when nothing is to be feared. */
  readonly until?: string | undefined
}

/** Stands for a day that only a trusted clock can name. */
export const everyDay = '9999-12-31'

export const carvedColumns = { release: 11, journal_state: 3 }

/** Takes what its tag proves from a damaged file over into a new one. Call before the journal is opened. */
export function salvageJournal({ connection: sql }: Database, key: Buffer): (record: Carved) => void {
  const put = sql.prepare('INSERT OR REPLACE INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const has = sql.prepare('SELECT 1 FROM release WHERE series = ? AND start = ?')
  const putState = sql.prepare('INSERT OR REPLACE INTO journal_state VALUES (?, ?, ?)')
  return ({ rowid, cells }) => {
    const tag = cells.at(-1)
    const row = cells.slice(0, -1)
    if (rowid !== undefined) return
    if (row[0] === 'restored' && tagHolds(tag, key, 'restored', row.slice(1))) putState.run(cells)
    if (cells.length !== carvedColumns.release || !tagHolds(tag, key, 'release', row)) return
    // A page may also hold the row as it was before it was drawn.
    if (row[8] !== null || !has.get(row[0], row[1])) put.run(cells)
  }
}
