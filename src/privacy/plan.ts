import type { Database, Migration } from '../base/database.ts'
import { GatewayError } from '../base/errors.ts'
import { holds, macOf } from '../base/mac.ts'
import { createCalendar, nextDay } from './calendar.ts'
import type { Policy } from './policy.ts'

/**
 * Which policy is in force on which local day. A change starts at the next local midnight, so that no day is
 * counted under two policies and nothing can be drawn a second time by changing the configuration.
 */
export const planMigrations: readonly Migration[] = [
  {
    name: 'privacy/3',
    sql: `CREATE TABLE plan (from_day TEXT PRIMARY KEY, policy TEXT NOT NULL, mac BLOB NOT NULL) WITHOUT ROWID`,
  },
  {
    // Plans of before have no list of their days: the next start writes it, and only this step can say so.
    name: 'privacy/7',
    sql: `INSERT INTO plan SELECT '9999-12-31', 'unlisted', x'' WHERE EXISTS (SELECT 1 FROM plan)`,
  },
]

export interface Plan {
  policyOn(day: string): Policy
  /** A new box's first policy; does nothing where there is one. */
  begin(policy: Policy): void
  /**
   * Puts `policy` in force from the next local midnight on, in place of any other change that waits.
   * Returns the day it starts. `now` in wall ms of a trusted clock.
   */
  adopt(policy: Policy, now: number): string
  /** At start a row was missing or did not hold. Then there is no plan: `begin` makes a new one, and today must be sat out. */
  readonly wasBroken: boolean
  /** At start there was none: this box is new, or its plan vanished. */
  readonly wasEmpty: boolean
}

/** @param key of the box; a plan that was changed from outside counts as none */
export function openPlan(database: Database, key: Buffer): Plan {
  const sql = database.connection
  const upsert = sql.prepare('INSERT OR REPLACE INTO plan VALUES (?, ?, ?)')
  let rows = read() ?? []
  const wasEmpty = rows.length === 0
  const wasBroken = wasEmpty && sql.prepare('SELECT 1 FROM plan').get() !== undefined
  if (wasBroken) sql.prepare('DELETE FROM plan').run()

  /** undefined when one of the rows does not hold, or is not on the list of all: a row may also have vanished. */
  function read(): { from: string; policy: Policy }[] | undefined {
    const stored = sql.prepare<[], Row>('SELECT from_day, policy, mac FROM plan ORDER BY from_day').all()
    const list = stored.pop()
    if (!list || list.from_day !== listed || !stored.every(isWhole)) return undefined
    const days = JSON.stringify(stored.map((row) => row.from_day))
    if (list.policy === 'unlisted') writeList(days)
    else if (!isWhole(list) || list.policy !== days) return undefined
    return stored.map((row) => ({ from: row.from_day, policy: JSON.parse(row.policy) as Policy }))
  }

  function isWhole({ from_day, policy, mac }: Row): boolean {
    return Buffer.isBuffer(mac) && holds(mac, macOf(key, from_day, policy))
  }

  function writeList(days: string): void {
    upsert.run(listed, days, macOf(key, listed, days))
  }

  return {
    policyOn(day) {
      const inForce = rows.findLast((row) => row.from <= day) ?? rows[0]
      if (!inForce) throw new GatewayError('PRIVACY_JOURNAL_BROKEN', 'No policy is in force.')
      return inForce.policy
    },
    begin(policy) {
      if (rows.length === 0) insert(firstDay, policy)
    },
    adopt(policy, now) {
      if (rows.at(-1)?.policy.hash === policy.hash) return rows.at(-1)!.from
      const today = localDate(now)
      database.transaction(() => {
        sql.prepare('DELETE FROM plan WHERE from_day > ? AND from_day < ?').run(today, listed)
        rows = rows.filter((row) => row.from <= today)
        writeList(listOf(rows))
        if (rows.at(-1)?.policy.hash !== policy.hash) insert(rows.length === 0 ? firstDay : nextDay(today), policy)
      })
      return rows.at(-1)!.from
    },
    wasBroken,
    wasEmpty,
  }

  /** By the time zone in force: that of a change which waits may be a day behind, on a day of which numbers were drawn. */
  function localDate(now: number): string {
    const day = new Date(now).toISOString().slice(0, 10)
    const inForce = rows.findLast((row) => row.from <= day)
    if (!inForce) return day
    const { timezone, opening, windowSeconds } = inForce.policy
    return createCalendar(timezone, opening, windowSeconds).dayOf(now)
  }

  function insert(from: string, policy: Policy): void {
    const text = JSON.stringify(policy)
    upsert.run(from, text, macOf(key, from, text))
    rows = [...rows, { from, policy }]
    writeList(listOf(rows))
  }
}

function listOf(rows: readonly { readonly from: string }[]): string {
  return JSON.stringify(rows.map((row) => row.from))
}

// Before every day: the clock of a new box may not be trusted yet.
const firstDay = '0000-01-01'
// After every day: under it stands the list of all others.
const listed = '9999-12-31'

interface Row {
  from_day: string
  policy: string
  mac: Buffer
}
