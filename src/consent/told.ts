import type { Database } from '../base/database.ts'

/**
 * Under which number head office was told that a handle has ended, so that a shopper can be shown when it confirmed to have
 * erased it. A handle says nothing of anybody, and the record of the agreement that ended holds it anyway.
 */
export interface Told {
  /** Inside the transaction that queues the message. @param isLasting whether it may be written */
  note(handle: string, seq: number, isLasting: boolean): void
  seqOf(handle: string): number | undefined
  /** Who was told of under these numbers. */
  handlesOf(seqs: readonly number[]): ReadonlySet<string>
  /** What is only in memory: the visits of today. */
  forgetVisits(): void
  /** Everything but what these handles were told under. */
  keepOnly(handles: ReadonlySet<string>): void
}

export const toldSql = 'CREATE TABLE consent_told (handle TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;'

export function openTold({ connection: sql }: Database): Told {
  const select = sql.prepare<[string], number>('SELECT seq FROM consent_told WHERE handle = ?').pluck()
  const upsert = sql.prepare('INSERT OR REPLACE INTO consent_told VALUES (?, ?)')
  const remove = sql.prepare('DELETE FROM consent_told WHERE handle = ?')
  const handles = sql.prepare<[], string>('SELECT handle FROM consent_told').pluck()
  const all = sql.prepare<[], { handle: string; seq: number }>('SELECT handle, seq FROM consent_told')
  const visits = new Map<string, number>()

  return {
    note(handle, seq, isLasting) {
      if (isLasting) upsert.run(handle, seq)
      else visits.set(handle, seq)
    },
    seqOf: (handle) => visits.get(handle) ?? select.get(handle),
    handlesOf(seqs) {
      const wanted = new Set(seqs)
      const found = wanted.size > 0 ? all.all().filter(({ seq }) => wanted.has(seq)) : []
      return new Set(found.map(({ handle }) => handle))
    },
    forgetVisits: () => visits.clear(),
    keepOnly(kept) {
      for (const handle of handles.all()) if (!kept.has(handle)) remove.run(handle)
    },
  }
}
