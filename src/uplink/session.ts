import type { Database } from '../base/database.ts'

/** Numbers of connections, one higher each time, also after a restart. A power cut may give one twice. */
export function openSessions(database: Database): () => number {
  const next = database.connection
    .prepare<[], number>('UPDATE uplink_session SET number = number + 1 RETURNING number')
    .pluck()
  return () => database.lazyTransaction(() => next.get()!)
}
