import { createHash } from 'node:crypto'
import type { Database, Migration } from '../base/database.ts'
import { GatewayError } from '../base/errors.ts'
import type { Slot } from './calendar.ts'

/**
 * The write-once record of every number that was drawn, and so of what has been spent.
 * A slot of a series is charged, then drawn, once and for ever: the primary key forbids a second draw,
 * a charge without a payload is `lost`, and nothing here can change a payload that was written.
 */
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
]

/** One slot of one series that is about to be released. */
export interface Charge {
  readonly series: string
  readonly slot: Slot
  /** Thousandths of epsilon that its numbers cost a visit; 0 where nothing is drawn. */
  readonly spentMilli: number
  /** Hash of the policy in force. */
  readonly policy: string
}

export interface Charged extends Charge {
  readonly seq: number
}

export interface Journal {
  /** Reserves `seq` numbers for slots never charged before. Call inside a transaction; refuses a second charge. */
  charge(charges: readonly Charge[]): Charged[]
  /** Writes the exact bytes of a charged slot, in `seq` order. Call inside a transaction. */
  draw(charged: Charged, payload: Buffer): void
  has(series: string, slot: Slot): boolean
  /** Charged without payload: a crash came between, so the number is lost and is never drawn again. */
  unfinished(): Charged[]
  /** The payloads of one series and local day, in order of time. */
  payloads(series: string, day: string): Buffer[]
  /** The highest `seq` ever given out or adopted; 0 at first. */
  lastSeq(): number
  /** End of the latest slot ever charged, ms since 1970; undefined when there is none. */
  lastEnd(): number | undefined
  /** Takes over a higher `seq` that head office has seen: this box was restored from an old image. */
  adoptSeq(seq: number, untilDay: string): void
  /** Days before this local date are not drawn, because another image of this box may have drawn them. */
  restoredUntil(): string | undefined
  /** SHA-256 chain over every payload in `seq` order, hex. */
  chainHead(): string
  /** Removes rows of days before `day`, but never the latest row. */
  forgetBefore(day: string): void
}

const genesis = Buffer.alloc(32)

/** @param version the software that draws, for the record */
export function openJournal(database: Database, version: string): Journal {
  const sql = database.connection
  const insert = sql.prepare(
    'INSERT INTO release (series, start, day, end, seq, spent_milli, policy, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const update = sql.prepare(
    'UPDATE release SET payload = ?, chain = ? WHERE series = ? AND start = ? AND payload IS NULL',
  )
  const selectHas = sql
    .prepare<[string, number], number>('SELECT 1 FROM release WHERE series = ? AND start = ?')
    .pluck()
  const selectUnfinished = sql.prepare<[], Row>('SELECT * FROM release WHERE payload IS NULL ORDER BY seq')
  const selectPayloads = sql
    .prepare<[string, string], Buffer>(
      'SELECT payload FROM release WHERE series = ? AND day = ? AND payload IS NOT NULL ORDER BY start',
    )
    .pluck()
  const selectState = sql.prepare<[string], string | number>('SELECT value FROM journal_state WHERE name = ?').pluck()
  const upsertState = sql.prepare('INSERT OR REPLACE INTO journal_state VALUES (?, ?)')
  const selectLastSeq = sql.prepare<[], number | null>('SELECT max(seq) FROM release').pluck()
  const selectLastEnd = sql.prepare<[], number | null>('SELECT max(end) FROM release').pluck()
  const selectChain = sql
    .prepare<[], Buffer>('SELECT chain FROM release WHERE chain IS NOT NULL ORDER BY seq DESC LIMIT 1')
    .pluck()
  const removeBefore = sql.prepare('DELETE FROM release WHERE day < ? AND payload IS NOT NULL AND seq < ?')

  function lastSeq(): number {
    return Math.max(selectLastSeq.get() ?? 0, Number(selectState.get('adopted_seq') ?? 0))
  }

  function chainHead(): Buffer {
    return selectChain.get() ?? genesis
  }

  return {
    charge(charges) {
      let seq = lastSeq()
      return charges.map((charge) => {
        const { series, slot, spentMilli, policy } = charge
        seq += 1
        insert.run(series, slot.start, slot.day, slot.end, seq, spentMilli, policy, version)
        return { ...charge, seq }
      })
    },
    draw({ series, slot }, payload) {
      const chain = createHash('sha256').update(chainHead()).update(payload).digest()
      if (update.run(payload, chain, series, slot.start).changes !== 1) {
        throw new GatewayError('PRIVACY_JOURNAL_BROKEN', `${series} was not charged or is drawn already.`)
      }
    },
    has: (series, slot) => selectHas.get(series, slot.start) !== undefined,
    unfinished: () => selectUnfinished.all().map(chargedOf),
    payloads: (series, day) => selectPayloads.all(series, day),
    lastSeq,
    lastEnd: () => selectLastEnd.get() ?? undefined,
    adoptSeq(seq, untilDay) {
      upsertState.run('adopted_seq', seq)
      upsertState.run('restored_until', untilDay)
    },
    restoredUntil: () => selectState.get('restored_until')?.toString(),
    chainHead: () => chainHead().toString('hex'),
    forgetBefore: (day) => void removeBefore.run(day, lastSeq()),
  }
}

interface Row {
  series: string
  start: number
  day: string
  end: number
  seq: number
  spent_milli: number
  policy: string
}

function chargedOf(row: Row): Charged {
  const slot = { day: row.day, start: row.start, end: row.end }
  return { series: row.series, slot, spentMilli: row.spent_milli, policy: row.policy, seq: row.seq }
}
