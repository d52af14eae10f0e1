import type { Carved } from '../base/carve.ts'
import type { Database } from '../base/database.ts'
import { holds, macOf, numbersTag, tagHolds } from '../base/mac.ts'
import { type Lane, lanes } from './feed.ts'

export const carvedOutboxColumns = { row: 11, lane: 8, gone: 5, session: 2 }

/**
 * Takes what its MAC proves from a damaged file over into a new one. Call before the outbox is opened, which begins
 * anew what a row says of itself where that does not hold. `finish` tells the highest `seq` of aggregates.
 */
export function salvageOutbox(database: Database, key: Buffer): { take(record: Carved): void; finish(): number } {
  const { connection: sql } = database
  const put = new Map(
    lanes.map((lane) => [lane, sql.prepare(`INSERT OR REPLACE INTO outbox_${lane} VALUES (${marks(11)})`)]),
  )
  const putGone = sql.prepare(`INSERT OR REPLACE INTO outbox_gone VALUES (${marks(5)})`)
  const putStored = sql.prepare('UPDATE outbox_lane SET stored = ?, stored_tag = ? WHERE lane = ?')
  const putSession = sql.prepare('UPDATE uplink_session SET number = ?, tag = ?')
  const lastSeq = { aggregates: 0, signals: 0 }

  function given(lane: Lane, seq: unknown): void {
    lastSeq[lane] = Math.max(lastSeq[lane], Number(seq))
  }

  function takeRow({ rowid, cells }: Carved): void {
    const [, , , , , , , topic, mac, bytes] = cells
    if (rowid === undefined || typeof topic !== 'string' || !Buffer.isBuffer(mac) || !Buffer.isBuffer(bytes)) return
    const lane = lanes.find((one) => holds(mac, macOf(key, topic, one, rowid, bytes)))
    if (lane) put.get(lane)!.run(rowid, ...cells.slice(1))
    if (lane) given(lane, rowid)
  }

  function takeGone({ cells }: Carved): void {
    const [lane, first, last, at, tag] = cells
    const known = lanes.indexOf(lane as Lane)
    if (known < 0 || !isTag(tag, numbersTag(key, 'gone', [known, first, last, at]))) return
    putGone.run(cells)
    given(lane as Lane, last)
  }

  function takeLane({ cells }: Carved): void {
    const [lane, told, rows, waiting, bytes, stored, fold, tag] = cells
    if (!lanes.includes(lane as Lane)) return
    const sum = Number(rows) + 3 * Number(waiting) + 5 * Number(bytes) + 7 * Number(told)
    if (fold === sum) given(lane as Lane, told)
    if (typeof stored === 'string' && tagHolds(tag, key, 'stored', [lane as Lane, stored]))
      putStored.run(stored, tag, lane)
  }

  function takeSession({ cells }: Carved): void {
    const [number, tag] = cells
    if (isTag(tag, numbersTag(key, 'session', [number]))) putSession.run(number, tag)
  }

  const takers = new Map([
    [carvedOutboxColumns.row, takeRow],
    [carvedOutboxColumns.gone, takeGone],
    [carvedOutboxColumns.lane, takeLane],
    [carvedOutboxColumns.session, takeSession],
  ])
  return {
    take: (record) => takers.get(record.cells.length)?.(record),
    finish() {
      // A row may have been found more than once: the outbox counts them when it is opened.
      sql.prepare('UPDATE outbox_lane SET fold = -1').run()
      // Aggregates go on above what the journal gave out. Nobody else knows what signals had.
      sql.prepare(countSignals).run({ least: lastSeq.signals })
      return lastSeq.aggregates
    },
  }
}

const countSignals = `
  UPDATE outbox_lane SET rows = n, waiting = w, bytes = b, last_seq = $least, fold = n + 3 * w + 5 * b + 7 * $least
    FROM (SELECT count(*) AS n, count(*) - count(acked_at) AS w, coalesce(sum(length(bytes)), 0) AS b FROM outbox_signals)
    WHERE lane = 'signals'`

function isTag(tag: unknown, expected: Buffer | null): boolean {
  return Buffer.isBuffer(tag) && expected !== null && holds(tag, expected)
}

function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ')
}
