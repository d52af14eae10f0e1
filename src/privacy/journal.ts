import { createHash } from 'node:crypto'
import type { Database } from '../base/database.ts'
import { GatewayError } from '../base/errors.ts'
import { rowTag, tagHolds } from '../base/mac.ts'
import type { Slot } from './calendar.ts'
import { everyDay, isWhole, journalMigrations, type ReleaseRow, type Restored, tagOf } from './journal-rows.ts'

export { journalMigrations }

/**
 * The write-once record of every number that was drawn, and so of what has been spent.
 * A slot of a series is charged, then drawn, once and for ever: the primary key forbids a second draw,
 * a charge without a payload is `lost`, and nothing here can change a payload that was written.
 * Each row carries a tag by the box key. A row whose tag does not hold stays where it is, so that its slot stays charged,
 * but its payload is not read any more.
 */
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
  /** The highest `seq` with a payload, of the rows that hold; 0 when there is none. */
  lastDrawn(): number
  /** End of the latest slot charged, ms since 1970; undefined when there is none. */
  lastEnd(): number | undefined
  /** Takes over a higher `seq` that head office has seen: this box was restored from an old image. */
  adoptSeq(seq: number, untilDay: string): void
  /** It cannot be proven what was drawn of late: nothing is drawn of the day that the clock will name. @param seq given out at most */
  sitOut(seq?: number): void
  /** Days before this local date are not drawn, because another image of this box may have drawn them. */
  restoredUntil(): string | undefined
  /** SHA-256 chain over every payload in `seq` order, hex. */
  chainHead(): string
  /** Walks the chain over rows with `seq` above `after`, at most `limit` of them. */
  verify(after?: number, limit?: number): Verdict
  /** `seq` of every row found broken since start. */
  broken(): readonly number[]
  /** Removes rows of days before `day`, but never the latest row. */
  forgetBefore(day: string): void
}

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

export interface Verdict {
  /** The first entry whose tag or link in the chain does not hold. */
  readonly firstBroken: { readonly seq: number; readonly series: string; readonly start: number } | null
  readonly rows: number
  /** The last `seq` looked at; null at the end of the journal. */
  readonly next: number | null
}

interface Link {
  readonly seq: number
  readonly chain: Buffer
}

const genesis = Buffer.alloc(32)
// The slots of the latest commit all end within it: no shop has more series.
const tail = 300

/** @param version the software that draws, for the record */
export function openJournal(database: Database, key: Buffer, version: string): Journal {
  const sql = database.connection
  const insert = sql.prepare(
    'INSERT INTO release VALUES ($series, $start, $day, $end, $seq, $spent_milli, $policy, $version, NULL, NULL, $tag)',
  )
  const update = sql.prepare(
    'UPDATE release SET payload = ?, chain = ?, tag = ? WHERE series = ? AND start = ? AND payload IS NULL',
  )
  const select = sql.prepare<[string, number], ReleaseRow>('SELECT * FROM release WHERE series = ? AND start = ?')
  const selectTail = sql.prepare<[], ReleaseRow>('SELECT * FROM release ORDER BY seq DESC')
  const selectDay = sql.prepare<[string, string], ReleaseRow>(
    'SELECT * FROM release WHERE series = ? AND day = ? AND payload IS NOT NULL ORDER BY start',
  )
  const selectFrom = sql.prepare<[number, number], ReleaseRow>(
    'SELECT * FROM release WHERE seq > ? ORDER BY seq LIMIT ?',
  )
  const selectState = sql.prepare<[string], { value: string; tag: unknown }>(
    'SELECT value, tag FROM journal_state WHERE name = ?',
  )
  const upsertState = sql.prepare('INSERT OR REPLACE INTO journal_state VALUES (?, ?, ?)')
  const evict = sql.prepare('UPDATE release SET seq = -seq WHERE seq = ?')
  const selectOld = sql.prepare<[string], ReleaseRow>('SELECT * FROM release WHERE day < ?')
  const removeBefore = sql.prepare('DELETE FROM release WHERE day < ? AND payload IS NOT NULL AND seq < ?')
  const broken = new Set<number>()
  // Each where the walk, or the drawing, came to: the next link hangs on it.
  let walked: Link | undefined
  let drawn: Link | undefined

  let restored: Restored = { seq: 0 }
  if (selectState.get('untagged')) tagAll()
  else readRestored()
  // The end of a slot is only as good as its row; a box that begins today goes on from what it wrote itself.
  let lastEnd = endOfTail()

  function tagAll(): void {
    database.transaction(() => {
      const set = sql.prepare('UPDATE release SET tag = ? WHERE series = ? AND start = ?')
      for (const row of selectTail.all()) set.run(tagOf(key, row), row.series, row.start)
      const old = (name: string) => selectState.get(name)?.value
      keepRestored({ seq: Number(old('adopted_seq') ?? 0), until: old('restored_until') })
      sql.prepare("DELETE FROM journal_state WHERE name <> 'restored'").run()
    })
  }

  /** A new box has written it before its first charge: where it is missing, it was lost. */
  function readRestored(): void {
    const row = selectState.get('restored')
    if (row && tagHolds(row.tag, key, 'restored', [row.value])) restored = JSON.parse(row.value) as Restored
    else if (!row && selectTail.get() === undefined) database.transaction(() => keepRestored({ seq: 0 }))
    else database.transaction(() => keepRestored({ seq: 0, until: everyDay }))
  }

  function keepRestored(next: Restored): void {
    const value = JSON.stringify(next)
    upsertState.run('restored', value, rowTag(key, 'restored', [value]))
    restored = next
  }

  function whole(row: ReleaseRow): boolean {
    if (isWhole(key, row)) return true
    broken.add(row.seq)
    return false
  }

  function latestWhole(isMeant: (row: ReleaseRow) => boolean): ReleaseRow | undefined {
    for (const row of selectTail.iterate()) if (isMeant(row) && whole(row)) return row
    return undefined
  }

  function endOfTail(): number | undefined {
    let [latest, looked]: [number | undefined, number] = [undefined, 0]
    for (const row of selectTail.iterate()) {
      if (whole(row)) latest = Math.max(latest ?? 0, row.end)
      looked += 1
      if (looked >= tail && latest !== undefined) break
    }
    return latest
  }

  function lastSeq(): number {
    let near = 0
    for (const row of selectTail.iterate()) {
      if (whole(row)) return Math.max(row.seq, restored.seq, near - row.seq <= tail ? near : 0)
      // A broken row may name any number; one that could be its own is not given out again.
      near = row.seq
    }
    return restored.seq
  }

  return {
    charge(charges) {
      let seq = lastSeq()
      return charges.map((charge) => {
        const { series, slot, spentMilli, policy } = charge
        seq += 1
        const { start, day, end } = slot
        const row = { series, start, day, end, seq, spent_milli: spentMilli, policy, version }
        evict.run(seq)
        insert.run({ ...row, tag: tagOf(key, { ...row, payload: null, chain: null }) })
        lastEnd = Math.max(lastEnd ?? 0, end)
        return { ...charge, seq }
      })
    },
    draw({ series, slot }, payload) {
      const row = select.get(series, slot.start)
      if (!row || row.payload !== null || !isWhole(key, row)) {
        throw new GatewayError('PRIVACY_JOURNAL_BROKEN', `${series} was not charged or is drawn already.`)
      }
      // In a transaction that was undone the chain went back with its rows: then it is read again.
      const before = drawn?.seq === row.seq - 1 ? drawn.chain : chainHead()
      const chain = linkOf(before, payload)
      update.run(payload, chain, tagOf(key, { ...row, payload, chain }), series, slot.start)
      drawn = { seq: row.seq, chain }
    },
    has: (series, slot) => select.get(series, slot.start) !== undefined,
    unfinished() {
      const rows: ReleaseRow[] = []
      // Draws go in the order of `seq`, so they lie before the first that has a payload.
      for (const row of selectTail.iterate()) {
        if (row.payload !== null && whole(row)) break
        if (row.payload === null && whole(row)) rows.unshift(row)
      }
      return rows.map(chargedOf)
    },
    payloads: (series, day) => selectDay.all(series, day).flatMap((row) => (whole(row) ? [row.payload!] : [])),
    lastSeq,
    lastDrawn: () => latestWhole((row) => row.payload !== null)?.seq ?? 0,
    lastEnd: () => lastEnd,
    adoptSeq: (seq, until) => keepRestored({ seq, until }),
    sitOut: (seq = 0) => keepRestored({ seq: Math.max(seq, lastSeq()), until: everyDay }),
    restoredUntil: () => restored.until,
    chainHead: () => chainHead().toString('hex'),
    verify(after = 0, limit = Number.MAX_SAFE_INTEGER) {
      const rows = selectFrom.all(after, limit)
      const first = rows.filter((row) => !isLinked(row))[0]
      const firstBroken = first ? { seq: first.seq, series: first.series, start: first.start } : null
      return { firstBroken, rows: rows.length, next: rows.length < limit ? null : rows.at(-1)!.seq }
    },
    broken: () => [...broken],
    forgetBefore(day) {
      for (const row of selectOld.iterate(day)) whole(row)
      removeBefore.run(day, lastSeq())
    },
  }

  function chainHead(): Buffer {
    return latestWhole((row) => row.chain !== null)?.chain ?? genesis
  }

  function isLinked(row: ReleaseRow): boolean {
    if (!whole(row)) return false
    if (row.payload === null || row.chain === null) return true
    const isNext = walked?.seq === row.seq - 1
    const holds = !isNext || row.chain.equals(linkOf(walked!.chain, row.payload))
    walked = { seq: row.seq, chain: row.chain }
    if (!holds) broken.add(row.seq)
    return holds
  }
}

function linkOf(before: Buffer, payload: Buffer): Buffer {
  return createHash('sha256').update(before).update(payload).digest()
}

function chargedOf(row: ReleaseRow): Charged {
  const slot = { day: row.day, start: row.start, end: row.end }
  return { series: row.series, slot, spentMilli: row.spent_milli, policy: row.policy, seq: row.seq }
}
