import { existsSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { GatewayError, isStorageFull, systemCode } from './errors.ts'

/** One step of a wing's schema. Steps are append-only: a released one is never edited. */
export interface Migration {
  /** `wing/number`, such as 'privacy/1'. */
  readonly name: string
  readonly sql: string
}

export type Connection = InstanceType<typeof Sqlite>

/** One SQLite file in WAL mode. A transaction that returned is on the disk (synchronous=FULL). */
export interface Database {
  readonly connection: Connection
  /** Runs `work` in one durable transaction; nests by savepoint. */
  transaction<T>(work: () => T): T
  /** Runs `work` in a transaction that a power cut may undo: for what can be redone, such as acknowledgements. */
  lazyTransaction<T>(work: () => T): T
  /**
   * Old versions of rows lie in the write-ahead log until it happens to be overwritten: this moves what counts into the
   * file and cuts the log to nothing. On a full disk it waits for the next call. Not inside a transaction.
   */
  forgetOldVersions(): void
  close(): void
}

/**
 * Opens or creates the file and brings it to this version's schema. `:memory:` is for tests.
 * @throws BASE_DATABASE_NEWER when a later version wrote it; BASE_DATABASE_BROKEN when it is damaged
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const connection = connect(path)
  try {
    migrate(connection, migrations)
  } catch (error) {
    connection.close()
    if (error instanceof GatewayError) throw error
    throw broken(path, error)
  }
  return {
    connection,
    transaction: (work) => connection.transaction(work).immediate(),
    lazyTransaction(work) {
      if (connection.inTransaction) return work()
      connection.pragma('synchronous = NORMAL')
      try {
        return connection.transaction(work).immediate()
      } finally {
        connection.pragma('synchronous = FULL')
      }
    },
    forgetOldVersions() {
      try {
        connection.pragma('wal_checkpoint(TRUNCATE)')
      } catch (error) {
        if (!isStorageFull(error)) throw error
      }
    },
    close: () => connection.close(),
  }
}

/**
 * The same file to look at only, also while another process writes it; undefined where there is none.
 * @throws BASE_DATABASE_BROKEN
 */
export function readDatabase(path: string): Connection | undefined {
  if (!existsSync(path)) return undefined
  try {
    const connection = new Sqlite(path, { readonly: true, fileMustExist: true })
    connection.prepare('SELECT count(*) FROM sqlite_schema').get()
    return connection
  } catch (error) {
    throw broken(path, error)
  }
}

function connect(path: string): Connection {
  try {
    const connection = new Sqlite(path)
    // Small pages: a slot changes a handful of short rows, and each changed page is written twice. Half the usual
    // size writes a sixth less a day; a quarter would hold one release a page.
    connection.pragma('page_size = 2048')
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = FULL')
    connection.pragma('secure_delete = ON')
    connection.pragma('journal_size_limit = 4194304')
    return connection
  } catch (error) {
    throw broken(path, error)
  }
}

function migrate(connection: Connection, migrations: readonly Migration[]): void {
  connection.exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY) WITHOUT ROWID')
  const done = new Set(connection.prepare<[], string>('SELECT name FROM migration').pluck().all())
  const known = new Set(migrations.map((migration) => migration.name))
  for (const name of done) {
    if (!known.has(name)) {
      throw new GatewayError('BASE_DATABASE_NEWER', `It knows '${name}'.`, { fix: 'Install the newer version again.' })
    }
  }
  const apply = connection.transaction((migration: Migration) => {
    connection.exec(migration.sql)
    connection.prepare('INSERT INTO migration VALUES (?)').run(migration.name)
  })
  for (const migration of migrations) if (!done.has(migration.name)) apply.immediate(migration)
}

function broken(path: string, cause: unknown): GatewayError {
  const code = systemCode(cause) ?? 'unknown error'
  return new GatewayError('BASE_DATABASE_BROKEN', `${path}: ${code}.`, {
    fix: 'Check the disk and the rights of the data folder; `drempel doctor` looks at both.',
    cause,
  })
}
