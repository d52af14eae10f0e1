import type { Database, Migration } from '../base/database.ts'
import { GatewayError } from '../base/errors.ts'
import { holds, macOf } from '../base/mac.ts'
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
]

export interface Plan {
  policyOn(day: string): Policy
  /** Puts `policy` in force: at once on a new box, else from `nextDay` on. Returns the day it starts. */
  adopt(policy: Policy, today: string, nextDay: string): string
}

/** @param key of the box; a row that someone edited is refused */
export function openPlan(database: Database, key: Buffer): Plan {
  const sql = database.connection
  const upsert = sql.prepare('INSERT OR REPLACE INTO plan VALUES (?, ?, ?)')
  let rows = read()

  function read(): { from: string; policy: Policy }[] {
    const stored = sql.prepare<[], Row>('SELECT from_day, policy, mac FROM plan ORDER BY from_day').all()
    return stored.map((row) => {
      if (!holds(row.mac, macOf(key, row.from_day, row.policy))) {
        throw new GatewayError('PRIVACY_JOURNAL_BROKEN', `The plan of ${row.from_day} was changed from outside.`)
      }
      return { from: row.from_day, policy: JSON.parse(row.policy) as Policy }
    })
  }

  return {
    policyOn(day) {
      const inForce = rows.findLast((row) => row.from <= day) ?? rows[0]
      if (!inForce) throw new GatewayError('PRIVACY_JOURNAL_BROKEN', 'No policy is in force.')
      return inForce.policy
    },
    adopt(policy, today, nextDay) {
      const latest = rows.at(-1)
      if (latest?.policy.hash === policy.hash) return latest.from
      const from = latest ? nextDay : today
      database.transaction(() => {
        sql.prepare('DELETE FROM plan WHERE from_day > ?').run(today)
        if (rows.findLast((row) => row.from <= today)?.policy.hash === policy.hash) return
        const text = JSON.stringify(policy)
        upsert.run(from, text, macOf(key, from, text))
      })
      rows = read()
      return rows.at(-1)!.from
    },
  }
}

interface Row {
  from_day: string
  policy: string
  mac: Buffer
}
