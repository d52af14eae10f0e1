import type { Database } from '../base/database.ts'
import { numbersTag } from '../base/mac.ts'
import { type Lane, lanes } from './feed.ts'
import type { LaneState, StoredRow } from './outbox-schema.ts'

/** Gives SQL the tags of rows under the key of this box. Call before laneStatements. */
export function defineTags({ connection: sql }: Database, key: Buffer): void {
  const options = { deterministic: true, varargs: true }
  sql.function('outbox_state', options, (...cells) => numbersTag(key, 'outbox', cells))
  sql.function('outbox_gone_tag', options, (...cells) => numbersTag(key, 'gone', cells))
}

/** Does what a row says of its age and its way hold? */
export function isStateWhole(key: Buffer, lane: Lane, row: StoredRow): boolean {
  const { seq, not_before, created_at, packed, sends, acked_at, again_at, state } = row
  const cells = [lanes.indexOf(lane), seq, not_before, created_at, packed, sends, acked_at, again_at]
  return Buffer.isBuffer(state) && numbersTag(key, 'outbox', cells)?.equals(state) === true
}

/** The columns that change while a row waits, in the order of their tag. */
const stateColumns = ['seq', 'not_before', 'created_at', 'packed', 'sends', 'acked_at', 'again_at'] as const
type StateColumn = (typeof stateColumns)[number]

/** The statements of one lane, prepared once. */
export function laneStatements({ connection: sql }: Database, lane: Lane) {
  const table = `outbox_${lane}`
  const number = lanes.indexOf(lane)
  const tagOf = (changes: Partial<Record<StateColumn, string>> = {}) =>
    `outbox_state(${number}, ${stateColumns.map((column) => changes[column] ?? column).join(', ')})`
  /** Changes columns and their tag alike. */
  const set = (changes: Partial<Record<StateColumn, string>>) =>
    `UPDATE ${table} SET ${Object.entries(changes)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}, state = ${tagOf(changes)}`
  // A tag that does not hold must not be renewed: the row would pass for whole.
  const holds = `state = ${tagOf()}`
  const goneTag = (first: string, last: string, at: string) => `outbox_gone_tag(${number}, ${first}, ${last}, ${at})`
  const goneHolds = `tag = ${goneTag('first', 'last', 'at')}`
  const resend = 'acked_at + min(1000 << min(max(sends, 1) - 1, 12), 3600000)'
  return {
    insert: sql.prepare(
      `INSERT INTO ${table} (seq, not_before, created_at, topic, mac, bytes, state)
         VALUES ($seq, $notBefore, $now, $topic, $mac, $bytes,
           outbox_state(${number}, $seq, $notBefore, $now, 0, 0, NULL, NULL))`,
    ),
    one: sql.prepare<[number], StoredRow>(`SELECT * FROM ${table} WHERE seq = ?`),
    all: sql.prepare<[], StoredRow>(`SELECT * FROM ${table} ORDER BY seq`),
    // Without a look at its MAC, which takes longer than all the rest: whoever means a row looks at it afterwards.
    abouts: sql.prepare<[], RowAbout>(
      `SELECT seq, created_at, CASE WHEN at > 0 THEN substr(text, at + 10, 22) END AS handle FROM
         (SELECT seq, created_at, cast(bytes AS TEXT) AS text, instr(cast(bytes AS TEXT), '"handle":"') AS at FROM ${table})
         ORDER BY seq`,
    ),
    first: sql.prepare<[], StoredRow>(`SELECT * FROM ${table} ORDER BY seq LIMIT 1`),
    firstWaiting: sql.prepare<[], StoredRow>(`SELECT * FROM ${table} WHERE acked_at IS NULL ORDER BY seq LIMIT 1`),
    due: sql.prepare<[DueQuery], StoredRow>(
      `SELECT * FROM ${table} WHERE seq > $after AND (
         (acked_at IS NULL AND (again_at IS NULL OR again_at <= $now)) OR (acked_at IS NOT NULL AND $resend)
       ) ORDER BY seq LIMIT $limit`,
    ),
    again: sql.prepare<[AgainQuery], StoredRow>(
      `SELECT * FROM ${table} WHERE (again_at <= $now OR again_at > $never) AND seq > $after ORDER BY seq LIMIT $limit`,
    ),
    nextAgain: sql.prepare<[number], number | null>(`SELECT min(again_at) FROM ${table} WHERE again_at > ?`).pluck(),
    refused: sql
      .prepare<[], number>(`SELECT count(*) FROM ${table} WHERE acked_at IS NULL AND again_at IS NOT NULL`)
      .pluck(),
    acknowledge: sql.prepare(
      `${set({
        acked_at: '$at',
        sends: 'sends + 1',
        again_at: 'iif($resend, $now + min(60000 << min(sends, 6), 3600000), NULL)',
      })} WHERE seq = $seq`,
    ),
    refuse: sql.prepare(
      `${set({ sends: 'sends + 1', again_at: '$now + min(300000 << min(sends, 7), 21600000)' })} WHERE seq = $seq`,
    ),
    pack: sql.prepare<[{ seq: number }]>(`${set({ packed: '1' })} WHERE seq = $seq`),
    expectAll: sql.prepare<[{ at: number }]>(
      `${set({ again_at: '$at' })} WHERE acked_at IS NOT NULL AND again_at IS NULL AND ${holds}`,
    ),
    // Missing at the consumer: at once, yet no row twice within a second, and slower each time it did not help.
    hasten: sql.prepare<[{ first: number; last: number }]>(
      `${set({ again_at: resend })}
         WHERE seq BETWEEN $first AND $last AND acked_at IS NOT NULL AND again_at > ${resend} AND ${holds}`,
    ),
    // Nothing is known of it but its content: it is sent again, alone.
    reset: sql.prepare<[{ now: number; seq: number }]>(
      `${set({ not_before: '0', created_at: '$now', packed: '0', sends: '1', acked_at: 'NULL', again_at: 'NULL' })}
         WHERE seq = $seq`,
    ),
    rename: sql.prepare<[{ to: number; seq: number }]>(`${set({ seq: '$to' })} WHERE seq = $seq`),
    recount: sql.prepare(
      `INSERT OR REPLACE INTO outbox_lane (lane, rows, waiting, bytes, last_seq, stored, stored_tag, fold)
         SELECT '${lane}', n, w, b, s, stored, stored_tag, n + 3 * w + 5 * b + 7 * s FROM
           (SELECT count(*) AS n, count(*) - count(acked_at) AS w, coalesce(sum(length(bytes)), 0) AS b,
              max(coalesce(max(seq), 0), $least) AS s FROM ${table})
           LEFT JOIN outbox_lane ON lane = '${lane}'`,
    ),
    deleteStored: sql.prepare<[number, number]>(
      `DELETE FROM ${table} WHERE seq BETWEEN ? AND ? AND acked_at IS NOT NULL`,
    ),
    deleteAcknowledgedBefore: sql.prepare<[number]>(`DELETE FROM ${table} WHERE acked_at <= ? AND ${holds}`),
    deleteOne: sql.prepare<[number]>(`DELETE FROM ${table} WHERE seq = ?`),
    dateUndated: sql.prepare(
      `${set({
        created_at: 'iif(created_at = 1, $now, created_at)',
        acked_at: 'iif(acked_at = 1, $now, acked_at)',
      })} WHERE (created_at = 1 OR acked_at = 1) AND ${holds}`,
    ),
    moveDates: sql.prepare(
      `${set({
        not_before: 'not_before + $by',
        again_at: 'again_at + $by',
        created_at: 'iif(created_at = 1, 1, created_at + $by)',
        acked_at: 'iif(acked_at = 1, 1, acked_at + $by)',
      })} WHERE ${holds}`,
    ),
    state: sql.prepare<[], LaneState>(`SELECT * FROM outbox_lane WHERE lane = '${lane}'`),
    keepStored: sql.prepare<[string, Buffer]>(
      `UPDATE outbox_lane SET stored = ?, stored_tag = ? WHERE lane = '${lane}'`,
    ),
    growGone: sql.prepare(
      `UPDATE outbox_gone SET last = $seq, at = $now, tag = ${goneTag('first', '$seq', '$now')}
         WHERE lane = '${lane}' AND last = $seq - 1 AND ${goneHolds}`,
    ),
    addGone: sql.prepare(
      `INSERT OR IGNORE INTO outbox_gone VALUES ('${lane}', $seq, $seq, $now, ${goneTag('$seq', '$seq', '$now')})`,
    ),
    gone: sql.prepare<[], { first: number; last: number }>(
      `SELECT first, last FROM outbox_gone WHERE lane = '${lane}' AND ${goneHolds} ORDER BY first`,
    ),
    moveGone: sql.prepare(
      `UPDATE outbox_gone SET at = at + $by, tag = ${goneTag('first', 'last', 'at + $by')}
         WHERE lane = '${lane}' AND at <> 1 AND ${goneHolds}`,
    ),
    dateGone: sql.prepare(
      `UPDATE outbox_gone SET at = $now, tag = ${goneTag('first', 'last', '$now')}
         WHERE lane = '${lane}' AND at = 1 AND ${goneHolds}`,
    ),
    deleteBrokenGone: sql.prepare(`DELETE FROM outbox_gone WHERE lane = '${lane}' AND coalesce(NOT (${goneHolds}), 1)`),
    setAside: sql.prepare(
      `INSERT INTO outbox_broken SELECT '${lane}', seq, topic, bytes, mac, $now FROM ${table} WHERE seq = $seq`,
    ),
  }
}

/** What a row says without being asked whether it is true. */
export interface RowAbout {
  readonly seq: number
  readonly created_at: number
  readonly handle: string | null
}

interface DueQuery {
  after: number
  now: number
  resend: 0 | 1
  limit: number
}

interface AgainQuery {
  now: number
  /** A moment so far ahead that only a clock stepped back can explain it. */
  never: number
  after: number
  limit: number
}

export type LaneStatements = ReturnType<typeof laneStatements>
