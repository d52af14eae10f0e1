import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { removeQuietly, writeDurably } from './data-folder.ts'
import { GatewayError, isStorageFull, systemCode } from './errors.ts'
import { mendWal, type WalState } from './wal.ts'

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
  /** How its write-ahead log was found. */
  readonly wal: WalState
  close(): void
}

/** Damage that no retry cures, in distinction to a full disk or missing rights. */
export function isDamage(error: unknown): boolean {
  const code = systemCode(error instanceof GatewayError ? error.cause : error) ?? ''
  return /^SQLITE_(CORRUPT|NOTADB|ERROR|SCHEMA|CONSTRAINT|MISMATCH|FORMAT)/.test(code)
}

/** Says that a file is damaged, so that the next start does not trust it though it opens. */
export function condemn(path: string): void {
  if (path !== ':memory:') writeDurably(condemnedFile(path), '')
}

export const condemnedFile = (path: string) => `${path}.condemned`

/**
 * Opens or creates the file and brings it to this version's schema. `:memory:` is for tests.
 * @throws BASE_DATABASE_NEWER when a later version wrote it; BASE_DATABASE_BROKEN when it is damaged
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  if (existsSync(condemnedFile(path)) || !isHeaderWhole(path)) throw damaged(path)
  const wal = mendWal(`${path}-wal`)
  // Opened as it is, SQLite would undo what it had promised.
  if (wal === 'broken') throw damaged(path)
  // Its index is made anew from the log: what the last process left of it may be damaged too.
  removeQuietly(`${path}-shm`)
  const connection = connect(path)
  try {
    migrate(connection, migrations)
    if (path !== ':memory:') checkSchema(connection, migrations)
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
    wal,
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

/** What SQLite would misread without a word: a file in another encoding, of another kind, with pages of another size. */
function isHeaderWhole(path: string): boolean {
  const header = Buffer.alloc(100)
  if (!readHeader(path, header)) return true
  const pageSize = header.readUInt16BE(16)
  const isPage = pageSize >= 512 && (pageSize & (pageSize - 1)) === 0
  // Killed while it was made, a file has no log, no schema or no encoding yet: each pair differs by more than one bit.
  const isPair = (pairs: readonly string[], ...values: readonly number[]) => pairs.includes(values.join())
  const areZero = [52, 64, 72].every((at) => header.readUInt32BE(at) === 0)
  const isLogged = isPair(['2,2', '1,1'], header[18]!, header[19]!)
  const isWritten = isPair(['4,1', '0,0'], header.readUInt32BE(44), header.readUInt32BE(56))
  const areFractions = header.subarray(20, 24).equals(Buffer.of(0, 64, 32, 32))
  return (
    header.toString('latin1', 0, 16) === 'SQLite format 3\0' &&
    isPage &&
    areZero &&
    isLogged &&
    isWritten &&
    areFractions
  )
}

/** False where there is no header yet. */
function readHeader(path: string, header: Buffer): boolean {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false
  const handle = openSync(path, 'r')
  try {
    readSync(handle, header, 0, header.length, 0)
    return true
  } finally {
    closeSync(handle)
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
    // A newer version has names of the same form; anything else is damage.
    if (typeof name !== 'string' || !/^[a-z]+\/[0-9]+$/.test(name)) throw changedName()
    if (!known.has(name)) {
      // A newer version has done all of ours too; where one is missing, its name was changed.
      if (migrations.some((migration) => !done.has(migration.name))) throw changedName()
      throw new GatewayError('BASE_DATABASE_NEWER', `It knows '${name}'.`, { fix: 'Install the newer version again.' })
    }
  }
  const apply = connection.transaction((migration: Migration) => {
    connection.exec(migration.sql)
    connection.prepare('INSERT INTO migration VALUES (?)').run(migration.name)
  })
  for (const migration of migrations) if (!done.has(migration.name)) apply.immediate(migration)
}

/** The schema is text in the file: a changed bit of it may still be SQL, and count wrong. */
function checkSchema(connection: Connection, migrations: readonly Migration[]): void {
  const model = new Sqlite(':memory:')
  migrate(model, migrations)
  const isRight = schemaOf(connection) === schemaOf(model)
  model.close()
  if (!isRight) throw Object.assign(new Error('the schema is not ours'), { code: 'SQLITE_CORRUPT' })
}

function schemaOf(connection: Connection): string {
  return JSON.stringify(connection.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all())
}

function changedName(): Error {
  return Object.assign(new Error('a migration lost its name'), { code: 'SQLITE_CORRUPT' })
}

function damaged(path: string): GatewayError {
  return broken(path, Object.assign(new Error('its header, or an earlier check'), { code: 'SQLITE_CORRUPT' }))
}

function broken(path: string, cause: unknown): GatewayError {
  const code = systemCode(cause) ?? 'unknown error'
  return new GatewayError('BASE_DATABASE_BROKEN', `${path}: ${code}.`, {
    fix: 'Check the disk and the rights of the data folder; `drempel doctor` looks at both.',
    cause,
  })
}
