import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'

/** The first fault of a database file as SQLite finds it; null when its pages, rows and indexes fit together. */
export function faultOf(path: string): string | null {
  try {
    const connection = new Sqlite(path, { readonly: true })
    try {
      const found = String(connection.pragma('integrity_check(1)', { simple: true }))
      return found === 'ok' ? null : 'its parts do not fit together'
    } finally {
      connection.close()
    }
  } catch {
    return 'it cannot be read'
  }
}

// A few milliseconds: less than a thread takes to begin.
const smallFile = 2_000_000

/**
 * Looks at the whole file: a small one at once, a larger one beside the running service, which it does not hold up,
 * since how long that takes grows with the file. @param done is told the first fault, or null
 */
export function checkWhole(path: string, done: (fault: string | null) => void): () => void {
  if (statSync(path).size < smallFile) {
    done(faultOf(path))
    return () => {}
  }
  const worker = new Worker(new URL('./database-check-worker.ts', import.meta.url), { workerData: path })
  worker.once('message', done)
  // What keeps it from running is no fault of the file.
  worker.once('error', () => done(null))
  worker.unref()
  return () => void worker.terminate()
}
