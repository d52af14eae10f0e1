import type { Database } from '../base/database.ts'
import { numbersTag } from '../base/mac.ts'

// No box connects so often, so it is above every number that the broken row may have stood for.
const leap = 1_000_000_000

interface Row {
  readonly number: unknown
  readonly tag: unknown
}

/**
 * Numbers of connections, one higher each time, also after a restart. A power cut may give one twice; after a row
 * that does not hold they go on far above all that were given.
 */
export function openSessions(database: Database, key: Buffer): () => number {
  const sql = database.connection
  const select = sql.prepare<[], Row>('SELECT number, tag FROM uplink_session LIMIT 1')
  const remove = sql.prepare('DELETE FROM uplink_session')
  const insert = sql.prepare('INSERT INTO uplink_session VALUES (?, ?)')
  const tagOf = (number: unknown) => numbersTag(key, 'session', [number])

  function next({ number, tag }: Row): number {
    const isNew = number === 0 && tag === null
    if (typeof number === 'number' && (isNew || tagOf(number)?.equals(Buffer.isBuffer(tag) ? tag : Buffer.of()))) {
      return number + 1
    }
    const before = Number.isSafeInteger(number) && Number(number) < 1000 * leap ? Number(number) : 0
    return (Math.floor(Math.max(before, 0) / leap) + 1) * leap
  }

  return () =>
    database.lazyTransaction(() => {
      const number = next(select.get() ?? { number: null, tag: null })
      remove.run()
      insert.run(number, tagOf(number))
      return number
    })
}
