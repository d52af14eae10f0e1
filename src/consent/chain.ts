import type { Connection, Database, Migration } from '../base/database.ts'
import { GatewayError } from '../base/errors.ts'
import { holds, macOf } from '../base/mac.ts'
import { capSql } from './caps.ts'
import { type ConsentEvent, type Entry, entryHash, entryText, genesis, parseEntry } from './event.ts'
import { todaySql } from './today.ts'
import { toldSql } from './told.ts'

/**
 * The consent record on the disk: entries that are only ever added, each holding the hash of the one before. The triggers
 * stop an honest mistake, the chain shows a dishonest one. A text may be removed when its time has come; its hash stays, and
 * an entry of the chain itself says that it was removed.
 */
export const consentMigrations: readonly Migration[] = [
  {
    name: 'consent/1',
    sql: `
      CREATE TABLE consent_event (seq INTEGER PRIMARY KEY, body TEXT, hash BLOB NOT NULL);
      CREATE TRIGGER consent_event_next BEFORE INSERT ON consent_event
        WHEN new.body IS NULL OR new.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM consent_event) BEGIN
        SELECT RAISE(ABORT, 'the consent record only grows');
      END;
      CREATE TRIGGER consent_event_fixed BEFORE UPDATE ON consent_event
        WHEN new.body IS NOT NULL OR new.seq IS NOT old.seq OR new.hash IS NOT old.hash BEGIN
        SELECT RAISE(ABORT, 'the consent record is never changed');
      END;
      CREATE TRIGGER consent_event_kept BEFORE DELETE ON consent_event BEGIN
        SELECT RAISE(ABORT, 'the consent record loses no entry');
      END;
      CREATE TABLE consent_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, mac BLOB NOT NULL);
      CREATE TABLE consent_news (id INTEGER PRIMARY KEY, handle TEXT NOT NULL, purpose TEXT NOT NULL, event TEXT NOT NULL);
      CREATE TABLE consent_seen (record TEXT PRIMARY KEY, week INTEGER NOT NULL) WITHOUT ROWID;`,
  },
  { name: 'consent/2', sql: `${capSql} ${toldSql}` },
  { name: 'consent/3', sql: todaySql },
]

export interface Head {
  readonly seq: number
  /** Hex. */
  readonly hash: string
}

export type Verdict =
  | { readonly state: 'sound'; readonly entries: readonly Entry[]; readonly forgotten: number; readonly head: Head }
  | { readonly state: 'broken'; readonly seq: number; readonly why: string }

export interface Chain {
  /** Adds entries. Inside a transaction of the caller. @param at ms since 1970 */
  append(events: readonly ConsentEvent[], at: number): Entry[]
  /** Reads everything and holds it to its hashes. Names the first entry that does not fit. */
  verify(): Verdict
  /** Removes the texts of these entries, which one more entry says. Inside a transaction of the caller. */
  forget(seqs: readonly number[], at: number): void
  head(): Head
  /** Hash of an entry, hex; undefined when there is none. */
  hashAt(seq: number): string | undefined
  /** Entries as they lie on the disk. */
  entries(seqs: readonly number[]): Entry[]
}

/** @param key keys the MAC that the end of the chain is held by: without it entries cannot be cut off unseen */
export function openChain(database: Database, key: Buffer): Chain {
  const sql = database.connection
  const insert = sql.prepare<[number, string, Buffer]>('INSERT INTO consent_event VALUES (?, ?, ?)')
  const selectLast = sql.prepare<[], Row>('SELECT seq, body, hash FROM consent_event ORDER BY seq DESC LIMIT 1')
  const selectHash = sql.prepare<[number], Buffer>('SELECT hash FROM consent_event WHERE seq = ?').pluck()
  const selectBody = sql.prepare<[number], string | null>('SELECT body FROM consent_event WHERE seq = ?').pluck()
  const removeBody = sql.prepare<[number]>('UPDATE consent_event SET body = NULL WHERE seq = ?')
  const upsertHead = sql.prepare<[number, Buffer]>('INSERT OR REPLACE INTO consent_head VALUES (1, ?, ?)')

  function head(): Head {
    const last = selectLast.get()
    return last ? { seq: last.seq, hash: last.hash.toString('hex') } : { seq: 0, hash: genesis }
  }

  function append(events: readonly ConsentEvent[], at: number): Entry[] {
    if (!sql.inTransaction) throw new TypeError('entries are added in a transaction')
    let { seq, hash } = head()
    const entries = events.map((event) => {
      const entry = { ...event, seq: seq + 1, at, prev: hash }
      const text = entryText(event, entry.seq, at, hash)
      const digest = entryHash(text)
      insert.run(entry.seq, text, digest)
      seq = entry.seq
      hash = digest.toString('hex')
      return entry
    })
    upsertHead.run(seq, headMac(key, { seq, hash }))
    return entries
  }

  return {
    append,
    verify: () => verifyChain(sql, key),
    forget(seqs, at) {
      if (seqs.length === 0) return
      append([{ type: 'forgotten', entries: rangesOf(seqs) }], at)
      for (const seq of seqs) removeBody.run(seq)
    },
    head,
    entries: (seqs) => seqs.flatMap((seq) => parseEntry(selectBody.get(seq) ?? '') ?? []),
    hashAt: (seq) => selectHash.get(seq)?.toString('hex'),
  }
}

/** Puts a record that was proven elsewhere into a new database. Inside a transaction of the caller. */
export function putChain({ connection: sql }: Database, key: Buffer, rows: readonly Row[]): void {
  const insert = sql.prepare('INSERT INTO consent_event VALUES (?, ?, ?)')
  const empty = sql.prepare('UPDATE consent_event SET body = NULL WHERE seq = ?')
  for (const { seq, body, hash } of rows) {
    insert.run(seq, body ?? '', hash)
    if (body === null) empty.run(seq)
  }
  const last = rows.at(-1)
  const mac = last && headMac(key, { seq: last.seq, hash: last.hash.toString('hex') })
  if (last) sql.prepare('INSERT OR REPLACE INTO consent_head VALUES (1, ?, ?)').run(last.seq, mac)
}

/** The same for whoever may only look. */
export function verifyChain(sql: Connection, key: Buffer): Verdict {
  const rows = sql.prepare<[], Row>('SELECT seq, body, hash FROM consent_event ORDER BY seq')
  const kept = sql.prepare<[], { seq: number; mac: Buffer }>('SELECT seq, mac FROM consent_head').get()
  const walk = walkRows(rows.iterate())
  if (walk.state === 'broken') return walk
  const fault = faultAtEnd(walk.head, kept, key)
  return fault ? { state: 'broken', ...fault } : walk
}

const foreign = 'this box never wrote it'

function faultAtEnd(last: Head, kept: { seq: number; mac: Buffer } | undefined, key: Buffer) {
  if (!kept) return last.seq === 0 ? undefined : { seq: 1, why: foreign }
  if (kept.seq > last.seq) return { seq: last.seq + 1, why: 'it is missing' }
  if (kept.seq < last.seq) return { seq: kept.seq + 1, why: foreign }
  return Buffer.isBuffer(kept.mac) && holds(kept.mac, headMac(key, last)) ? undefined : { seq: last.seq, why: foreign }
}

export function headMac(key: Buffer, { seq, hash }: Head): Buffer {
  return macOf(key, 'head', seq, hash)
}

/** As it lies on the disk. */
export interface Row {
  readonly seq: number
  readonly body: string | null
  readonly hash: Buffer
}

/** Holds rows to their hashes. Whether the last one is the newest only a head can tell. Pure. */
export function walkRows(rows: Iterable<Row>): Verdict {
  const entries: Entry[] = []
  const emptied: number[] = []
  let head: Head = { seq: 0, hash: genesis }
  for (const row of rows) {
    if (row.seq !== head.seq + 1) return { state: 'broken', seq: head.seq + 1, why: 'it is missing' }
    if (!Buffer.isBuffer(row.hash)) return { state: 'broken', seq: row.seq, why: 'its hash was changed' }
    const read = row.body === null ? emptied.push(row.seq) : readRow(row, row.body, head)
    if (typeof read === 'string') return { state: 'broken', seq: row.seq, why: read }
    if (typeof read === 'object') entries.push(read)
    head = { seq: row.seq, hash: row.hash.toString('hex') }
  }
  const excused = excusedBy(entries, head.seq)
  const unsaid = emptied.find((seq) => !excused.has(seq))
  if (unsaid) return { state: 'broken', seq: unsaid, why: 'its text is gone, and no entry says that it was forgotten' }
  return { state: 'sound', entries, forgotten: emptied.length, head }
}

/** The entry, or why it does not fit. */
function readRow({ seq, hash }: Row, body: string, before: Head): Entry | string {
  if (!entryHash(body).equals(hash)) return 'its text was changed'
  const entry = parseEntry(body)
  if (!entry || entry.seq !== seq) return 'it is no entry of this place'
  return entry.prev === before.hash ? entry : 'it does not follow the one before'
}

/** The entries of which an entry says that their text was forgotten. */
export function excusedBy(entries: readonly Entry[], last: number): ReadonlySet<number> {
  const seqs = new Set<number>()
  for (const entry of entries) {
    if (entry.type !== 'forgotten') continue
    for (const [from, to] of entry.entries) for (let seq = from; seq <= Math.min(to, last); seq++) seqs.add(seq)
  }
  return seqs
}

function rangesOf(seqs: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] === seq - 1) last[1] = seq
    else ranges.push([seq, seq])
  }
  return ranges
}

/** The error of a record that cannot be believed: then nobody is recognised. */
export function brokenRecord({ seq, why }: { seq: number; why: string }): GatewayError {
  return new GatewayError('CONSENT_RECORD_BROKEN', `Entry ${seq}: ${why}.`, {
    fix: 'Nobody is recognised with it. Start the service: it takes over what can be proven, and else ends all of it.',
  })
}
