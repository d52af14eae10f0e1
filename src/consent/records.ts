import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { isStorageFull } from '../base/errors.ts'
import { type BoxKeys, secretHash } from './box-keys.ts'
import { brokenRecord, type Chain, openChain } from './chain.ts'
import { historyOf, newsOf } from './choice.ts'
import type { ConsentEvent, Entry } from './event.ts'
import type { KeySlots } from './key-slots.ts'
import type { Mark } from './mark.ts'
import { type NewsDesk, openNews } from './news.ts'
import { applyEntry, type ConsentRecord, isLive, recordsOf } from './record.ts'
import { openSeen, type Seen } from './seen.ts'
import { openToday } from './today.ts'
import { isForgettable } from './upkeep.ts'

export interface RecordParts {
  readonly database: Database
  readonly keys: BoxKeys
  readonly slots: KeySlots
  readonly mark: Mark
  readonly clock: Clock
}

/** The records in memory and on the disk, which change together. */
export interface Records {
  readonly all: ReadonlyMap<string, ConsentRecord>
  readonly chain: Chain
  readonly seen: Seen
  readonly news: NewsDesk
  /** On the disk when it returns. Never inside another transaction. */
  commit(events: readonly ConsentEvent[]): void
  /** Erases the keys of those that have ended; gone from the disk when it returns. */
  settle(ids: Iterable<string>): void
  /** Ends everything and erases every key: this record is older than one that was here. */
  voidAll(): void
  /** Removes what ended before this moment, ms since 1970. */
  forget(before: number): void
  /** undefined when all places are taken. */
  freeSlot(): number | undefined
  hashOf(secret: Buffer): string
  recordOf(secret: Buffer): string | undefined
}

/** Reads and verifies everything, and finishes what a crash interrupted. @throws CONSENT_RECORD_BROKEN */
export function openRecords({ database, keys, slots, mark, clock }: RecordParts): Records {
  const chain = openChain(database, keys.record)
  const seen = openSeen(database)
  const news = openNews(database)
  const today = openToday(database, keys.record)
  const found = chain.verify()
  if (found.state === 'broken') throw brokenRecord(found)
  const all = recordsOf(found.entries)
  const secrets = new Map<string, string>()
  let visits: Entry[] = []
  news.mend(() => historyOf(found.entries))
  found.entries.forEach(index)

  function index(entry: Entry): void {
    if (entry.type === 'opened') secrets.set(entry.secret, entry.record)
    if (entry.type === 'visits') visits.push(entry)
  }

  function now(): number {
    return Math.floor(clock.now())
  }

  function write(events: readonly ConsentEvent[], work: () => void = () => {}): void {
    if (database.connection.inTransaction) throw new TypeError('a consent is a transaction of its own')
    const entries = database.transaction(() => {
      const added = chain.append(events, now())
      news.note(newsOf(events, all))
      today.forgetEnded(events)
      work()
      return added
    })
    for (const entry of entries) {
      applyEntry(all, entry)
      index(entry)
    }
  }

  function commit(events: readonly ConsentEvent[], work?: () => void): void {
    if (events.length === 0) return
    write(events, work)
    // After the commit: a mark that is behind is caught up, one that is ahead would void everything.
    mark.write(chain.head())
  }

  function ended(ids: Iterable<string>): ConsentRecord[] {
    return [...ids].flatMap((id) => all.get(id) ?? []).filter((one) => !isLive(one) && !one.isErased)
  }

  function sayErased(records: readonly ConsentRecord[]): void {
    const forgetSeen = () => {
      for (const { id } of records) seen.forget(id)
    }
    commit(
      records.map(({ id }) => ({ type: 'erased', record: id })),
      forgetSeen,
    )
  }

  // First the place, then the entry that says so: a crash in between does it again.
  function settle(ids: Iterable<string>): void {
    const records = ended(ids)
    for (const { slot } of records) if (slot !== null) slots.erase(slot)
    sayErased(records)
  }

  // The mark comes last: after a crash on the way all of it is done again.
  function voidAll(): void {
    write([{ type: 'restored' }])
    // Of keys that only the lost part of the record knew, nobody knows the place: all go.
    slots.eraseAll()
    sayErased(ended(all.keys()))
    mark.write(chain.head())
  }

  function isBehindMark(): boolean {
    const kept = mark.read()
    if (!kept) return chain.head().seq > 0
    return kept.seq > 0 && chain.hashAt(kept.seq) !== kept.hash
  }

  /** On a full disk it stays behind, as after a crash: that voids nothing. */
  function catchUp(): void {
    try {
      mark.write(chain.head())
    } catch (error) {
      if (!isStorageFull(error)) throw error
    }
  }

  function forget(before: number): void {
    const gone = [...all.values()].filter((record) => isForgettable(record, before))
    const seqs = [
      ...gone.flatMap((record) => record.seqs),
      ...visits.filter(({ at }) => at < before).map(({ seq }) => seq),
    ]
    if (seqs.length === 0) return
    database.transaction(() => chain.forget(seqs, now()))
    mark.write(chain.head())
    database.forgetOldVersions()
    visits = visits.filter(({ at }) => at >= before)
    for (const { id, opened } of gone) {
      all.delete(id)
      secrets.delete(opened.secret)
    }
  }

  function freeSlot(): number | undefined {
    const taken = new Set<number>()
    for (const { isErased, slot } of all.values()) if (!isErased && slot !== null) taken.add(slot)
    for (let slot = 0; slot < slots.count; slot++) if (!taken.has(slot)) return slot
    return undefined
  }

  function hashOf(secret: Buffer): string {
    return secretHash(keys, secret)
  }

  if (isBehindMark()) voidAll()
  else catchUp()
  settle(all.keys())
  return {
    all,
    chain,
    seen,
    news,
    commit: (events) => commit(events),
    settle,
    voidAll,
    forget,
    freeSlot,
    hashOf,
    recordOf: (secret) => secrets.get(hashOf(secret)),
  }
}
