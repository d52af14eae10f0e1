import type { Migration } from '../base/database.ts'
import { type Lane, lanes } from './feed.ts'

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
  /** MAC over all but topic and bytes, which have their own; null in a row of before there was one. */
  readonly state: Buffer | null
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

/**
 * The counters are a second telling of the rows: `fold` moves with them, so that one changed bit in any of them shows.
 * It is a sum and no MAC, since triggers keep it; when it does not agree they are counted anew.
 */
const foldedTriggers = (lane: Lane) => `
  DROP TRIGGER outbox_${lane}_put;
  DROP TRIGGER outbox_${lane}_sent;
  DROP TRIGGER outbox_${lane}_gone;
  CREATE TRIGGER outbox_${lane}_put AFTER INSERT ON outbox_${lane} BEGIN
    UPDATE outbox_lane SET rows = rows + 1, waiting = waiting + 1, bytes = bytes + length(new.bytes),
      last_seq = max(last_seq, new.seq),
      fold = fold + 4 + 5 * length(new.bytes) + 7 * (max(last_seq, new.seq) - last_seq) WHERE lane = '${lane}';
  END;
  CREATE TRIGGER outbox_${lane}_sent AFTER UPDATE OF acked_at ON outbox_${lane}
    WHEN (old.acked_at IS NULL) <> (new.acked_at IS NULL) BEGIN
    UPDATE outbox_lane SET waiting = waiting + iif(new.acked_at IS NULL, 1, -1),
      fold = fold + iif(new.acked_at IS NULL, 3, -3) WHERE lane = '${lane}';
  END;
  CREATE TRIGGER outbox_${lane}_gone AFTER DELETE ON outbox_${lane} BEGIN
    UPDATE outbox_lane SET rows = rows - 1, waiting = waiting - iif(old.acked_at IS NULL, 1, 0),
      bytes = bytes - length(old.bytes),
      fold = fold - 1 - iif(old.acked_at IS NULL, 3, 0) - 5 * length(old.bytes) WHERE lane = '${lane}';
  END;`

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
  {
    name: 'uplink/2',
    sql: `
      ${lanes.map((lane) => `ALTER TABLE outbox_${lane} ADD COLUMN state BLOB;`).join('\n')}
      ALTER TABLE outbox_lane ADD COLUMN fold INTEGER;
      ALTER TABLE outbox_lane ADD COLUMN stored_tag BLOB;
      UPDATE outbox_lane SET fold = rows + 3 * waiting + 5 * bytes + 7 * last_seq;
      ${lanes.map(foldedTriggers).join('\n')}
      ALTER TABLE outbox_gone ADD COLUMN tag BLOB;
      ALTER TABLE uplink_session ADD COLUMN tag BLOB;`,
  },
]

export interface LaneState {
  readonly last_seq: number
  readonly rows: number
  readonly waiting: number
  readonly bytes: number
  readonly stored: string | null
  readonly stored_tag: Buffer | null
  readonly fold: number
}

/** Do the counters agree with their sum? A changed bit may have made anything of them. */
export function isFolded({ rows, waiting, bytes, last_seq, fold }: LaneState): boolean {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0
  return [rows, waiting, bytes, last_seq].every(isCount) && fold === rows + 3 * waiting + 5 * bytes + 7 * last_seq
}
