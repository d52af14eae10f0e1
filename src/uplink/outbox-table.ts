import type { Database, Migration } from '../base/database.ts'
import type { Lane } from './feed.ts'

/** Stands for a moment at which the clock was not trusted; replaced once it is. */
export const undated = 1

/** A stored message as it lies on the disk. */
export interface StoredRow {
  readonly seq: number
  readonly topic: string
  readonly bytes: Buffer
  readonly mac: Buffer
  /** Wall ms before which it may not leave. */
  readonly not_before: number
  /** Wall ms at which it came in; 1 where the clock was not trusted. */
  readonly created_at: number
  /** It travels in a backlog, then and on every resend. */
  readonly packed: 0 | 1
  /** How often the broker answered for it, well or badly. */
  readonly sends: number
  /** Wall ms of the last PUBACK; 1 where the clock was not trusted. */
  readonly acked_at: number | null
  /** Wall ms at which to send it again: refused, or acknowledged but not seen at the consumer. */
  readonly again_at: number | null
}

// Counters kept by triggers roll back with the transaction that moved them.
const laneTable = (lane: Lane) => `
  CREATE TABLE outbox_${lane} (
    seq INTEGER PRIMARY KEY, not_before INTEGER NOT NULL, created_at INTEGER NOT NULL,
    packed INTEGER NOT NULL DEFAULT 0, sends INTEGER NOT NULL DEFAULT 0, acked_at INTEGER, again_at INTEGER,
    topic TEXT NOT NULL, mac BLOB NOT NULL, bytes BLOB NOT NULL
  );
  CREATE INDEX outbox_${lane}_again ON outbox_${lane} (again_at) WHERE again_at IS NOT NULL;
  CREATE TRIGGER outbox_${lane}_put AFTER INSERT ON outbox_${lane} BEGIN
    UPDATE outbox_lane SET rows = rows + 1, waiting = waiting + 1, bytes = bytes + length(new.bytes),
      last_seq = max(last_seq, new.seq) WHERE lane = '${lane}';
  END;
  CREATE TRIGGER outbox_${lane}_sent AFTER UPDATE OF acked_at ON outbox_${lane}
    WHEN (old.acked_at IS NULL) <> (new.acked_at IS NULL) BEGIN
    UPDATE outbox_lane SET waiting = waiting + iif(new.acked_at IS NULL, 1, -1) WHERE lane = '${lane}';
  END;
  CREATE TRIGGER outbox_${lane}_gone AFTER DELETE ON outbox_${lane} BEGIN
    UPDATE outbox_lane SET rows = rows - 1, waiting = waiting - iif(old.acked_at IS NULL, 1, 0),
      bytes = bytes - length(old.bytes) WHERE lane = '${lane}';
  END;
  INSERT INTO outbox_lane (lane) VALUES ('${lane}');`

export const outboxMigrations: readonly Migration[] = [
  {
    name: 'uplink/1',
    sql: `
      CREATE TABLE outbox_lane (
        lane TEXT PRIMARY KEY, last_seq INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
        waiting INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, stored TEXT
      ) WITHOUT ROWID;
      ${laneTable('aggregates')}
      ${laneTable('signals')}
      CREATE TABLE outbox_gone (
        lane TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (lane, first)
      ) WITHOUT ROWID;
      CREATE TABLE outbox_broken (
        lane TEXT NOT NULL, seq INTEGER NOT NULL, topic TEXT, bytes BLOB, mac BLOB, found_at INTEGER NOT NULL
      );
      CREATE TABLE uplink_session (number INTEGER NOT NULL);
      INSERT INTO uplink_session VALUES (0);`,
  },
]

export interface LaneState {
  readonly last_seq: number
  readonly rows: number
  readonly waiting: number
  readonly bytes: number
  readonly stored: string | null
}

/** The statements of one lane, prepared once. */
export function laneStatements({ connection: sql }: Database, lane: Lane) {
  const table = `outbox_${lane}`
  return {
    insert: sql.prepare(
      `INSERT INTO ${table} (seq, not_before, created_at, topic, mac, bytes) VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    one: sql.prepare<[number], StoredRow>(`SELECT * FROM ${table} WHERE seq = ?`),
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
      `UPDATE ${table} SET acked_at = $at, sends = sends + 1,
         again_at = iif($resend, $now + min(60000 << min(sends, 6), 3600000), NULL) WHERE seq = $seq`,
    ),
    refuse: sql.prepare(
      `UPDATE ${table} SET sends = sends + 1, again_at = $now + min(300000 << min(sends, 7), 21600000) WHERE seq = $seq`,
    ),
    pack: sql.prepare<[number]>(`UPDATE ${table} SET packed = 1 WHERE seq = ?`),
    expectAll: sql.prepare<[number]>(
      `UPDATE ${table} SET again_at = ? WHERE acked_at IS NOT NULL AND again_at IS NULL`,
    ),
    // Missing at the consumer: at once, yet no row twice within a second, and slower each time it did not help.
    hasten: sql.prepare<[number, number]>(
      `UPDATE ${table} SET again_at = acked_at + min(1000 << min(max(sends, 1) - 1, 12), 3600000)
         WHERE seq BETWEEN ? AND ? AND acked_at IS NOT NULL
           AND again_at > acked_at + min(1000 << min(max(sends, 1) - 1, 12), 3600000)`,
    ),
    deleteStored: sql.prepare<[number, number]>(
      `DELETE FROM ${table} WHERE seq BETWEEN ? AND ? AND acked_at IS NOT NULL`,
    ),
    deleteAcknowledgedBefore: sql.prepare<[number]>(`DELETE FROM ${table} WHERE acked_at <= ?`),
    deleteOne: sql.prepare<[number]>(`DELETE FROM ${table} WHERE seq = ?`),
    dateUndated: sql.prepare(
      `UPDATE ${table} SET created_at = iif(created_at = 1, $now, created_at),
         acked_at = iif(acked_at = 1, $now, acked_at) WHERE created_at = 1 OR acked_at = 1`,
    ),
    moveDates: sql.prepare(
      `UPDATE ${table} SET not_before = not_before + $by, again_at = again_at + $by,
         created_at = iif(created_at = 1, 1, created_at + $by), acked_at = iif(acked_at = 1, 1, acked_at + $by)`,
    ),
    moveGone: sql.prepare(`UPDATE outbox_gone SET at = at + $by WHERE lane = '${lane}' AND at <> 1`),
    state: sql.prepare<[], LaneState>(`SELECT * FROM outbox_lane WHERE lane = '${lane}'`),
    keepStored: sql.prepare<[string]>(`UPDATE outbox_lane SET stored = ? WHERE lane = '${lane}'`),
    growGone: sql.prepare(`UPDATE outbox_gone SET last = $seq, at = $now WHERE lane = '${lane}' AND last = $seq - 1`),
    addGone: sql.prepare(`INSERT OR IGNORE INTO outbox_gone VALUES ('${lane}', $seq, $seq, $now)`),
    gone: sql.prepare<[], { first: number; last: number }>(
      `SELECT first, last FROM outbox_gone WHERE lane = '${lane}' ORDER BY first`,
    ),
    setAside: sql.prepare(
      `INSERT INTO outbox_broken SELECT '${lane}', seq, topic, bytes, mac, $now FROM ${table} WHERE seq = $seq`,
    ),
  }
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
