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

/**
 * Looks at the whole file beside the running service, which it does not hold up: how long it takes grows with the file.
 * @param done is told the first fault, or null
 */
export function checkBeside(path: string, done: (fault: string | null) => void): () => void {
  const worker = new Worker(new URL('./database-check-worker.ts', import.meta.url), { workerData: path })
  worker.once('message', done)
  // What keeps it from running is no fault of the file.
  worker.once('error', () => done(null))
  worker.unref()
  return () => void worker.terminate()
}
