import type { Database, Migration } from '../base/database.ts'
import { day } from '../base/duration.ts'

/**
 * What the relay must not lose: leaves whose box has not answered yet, and the last offer of each shop, which holds the key
 * that a leave is sealed for while the box is off. It holds sealed bytes, random handles and times; no address, no key.
 */
export interface RelayStore {
  /** Durable when it returns; false when there is no room. */
  keep(leave: Leave): boolean
  /** The box has answered: forgotten for good. */
  forget(nonce: string): void
  /** Head office's consumer was told to erase. */
  told(nonce: string): void
  /** Sent to a box that was there. */
  tried(nonce: string): void
  get(nonce: string): Leave | undefined
  has(nonce: string): boolean
  /** Nonces by shop, the oldest first. */
  waiting(): readonly Waiting[]
  untold(): readonly string[]
  keepOffer(shop: string, language: string, text: string): void
  offers(): readonly { readonly shop: string; readonly language: string; readonly text: string }[]
  /** Gives up what has waited too long. @returns how many */
  sweep(now: number): number
}

export interface Leave {
  readonly nonce: string
  /** `{store}/{gateway}` */
  readonly shop: string
  readonly sealed: Buffer
  readonly handles: readonly string[]
  /** Ms since 1970. */
  readonly since: number
}

export interface Waiting {
  readonly nonce: string
  readonly shop: string
  readonly tries: number
}

export const relayMigrations: readonly Migration[] = [
  {
    name: 'relay/1',
    sql: `
      CREATE TABLE relay_leave (
        nonce TEXT PRIMARY KEY, shop TEXT NOT NULL, sealed BLOB NOT NULL, handles TEXT NOT NULL,
        since INTEGER NOT NULL, is_told INTEGER NOT NULL, tries INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX relay_leave_shop ON relay_leave (shop, since);
      CREATE TABLE relay_offer (
        shop TEXT, language TEXT, text TEXT NOT NULL, PRIMARY KEY (shop, language)
      ) STRICT, WITHOUT ROWID;`,
  },
]

export const longestWait = 90 * day
/** A box that was there so often and never answered cannot read it: others may have its place. */
const hopeless = 5

export interface Room {
  readonly inAll: number
  readonly perShop: number
}

export function openRelayStore(database: Database, room: Room = { inAll: 10_000, perShop: 500 }): RelayStore {
  const { connection } = database
  const insert = connection.prepare('INSERT INTO relay_leave VALUES (?, ?, ?, ?, ?, 0, 0)')
  const remove = connection.prepare('DELETE FROM relay_leave WHERE nonce = ?')
  const tell = connection.prepare('UPDATE relay_leave SET is_told = 1 WHERE nonce = ?')
  const addTry = connection.prepare('UPDATE relay_leave SET tries = tries + 1 WHERE nonce = ?')
  const one = connection.prepare<[string], Row>('SELECT * FROM relay_leave WHERE nonce = ?')
  const all = connection.prepare<[], Waiting>('SELECT nonce, shop, tries FROM relay_leave ORDER BY since, nonce')
  const notTold = connection
    .prepare<[], string>('SELECT nonce FROM relay_leave WHERE is_told = 0 ORDER BY since')
    .pluck()
  const counted = connection.prepare<[string], Counted>(
    'SELECT count(*) inAll, count(*) FILTER (WHERE shop = ?) inShop FROM relay_leave',
  )
  const hopelessOne = connection
    .prepare<[string, number], string>(
      'SELECT nonce FROM relay_leave WHERE shop = ? AND tries >= ? ORDER BY tries DESC LIMIT 1',
    )
    .pluck()
  const tooOld = connection.prepare('DELETE FROM relay_leave WHERE since <= ?')
  const putOffer = connection.prepare('INSERT OR REPLACE INTO relay_offer VALUES (?, ?, ?)')
  const allOffers = connection.prepare<[], Offered>('SELECT * FROM relay_offer')

  function hasRoom(shop: string): boolean {
    const { inAll, inShop } = counted.get(shop)!
    if (inAll < room.inAll && inShop < room.perShop) return true
    const nonce = hopelessOne.get(shop, hopeless)
    if (nonce !== undefined) remove.run(nonce)
    return nonce !== undefined
  }

  return {
    keep({ nonce, shop, sealed, handles, since }) {
      return database.transaction(() => {
        if (!hasRoom(shop)) return false
        insert.run(nonce, shop, sealed, handles.join(' '), since)
        return true
      })
    },
    forget: (nonce) => void database.transaction(() => remove.run(nonce)),
    told: (nonce) => void database.lazyTransaction(() => tell.run(nonce)),
    tried: (nonce) => void database.lazyTransaction(() => addTry.run(nonce)),
    get(nonce) {
      const row = one.get(nonce)
      if (!row) return undefined
      const { shop, sealed, handles, since } = row
      return { nonce, shop, sealed, handles: handles.split(' ').filter(Boolean), since }
    },
    has: (nonce) => one.get(nonce) !== undefined,
    waiting: () => all.all(),
    untold: () => notTold.all(),
    keepOffer: (shop, language, text) => void database.lazyTransaction(() => putOffer.run(shop, language, text)),
    offers: () => allOffers.all(),
    sweep(now) {
      const { changes } = database.transaction(() => tooOld.run(now - longestWait))
      // Deleted rows still lie in the write-ahead log.
      database.forgetOldVersions()
      return changes
    },
  }
}

/** The same store for work that nobody waits for: where the disk fails it goes on with what it knows. `keep` still throws. */
export function forgiving(store: RelayStore, onError: (error: unknown) => void): RelayStore {
  function guarded<A extends readonly unknown[]>(work: (...args: A) => void) {
    return (...args: A) => {
      try {
        work(...args)
      } catch (error) {
        onError(error)
      }
    }
  }
  const { forget, told, tried, keepOffer } = store
  return {
    ...store,
    forget: guarded(forget),
    told: guarded(told),
    tried: guarded(tried),
    keepOffer: guarded(keepOffer),
  }
}

interface Row {
  readonly shop: string
  readonly sealed: Buffer
  readonly handles: string
  readonly since: number
}

interface Counted {
  readonly inAll: number
  readonly inShop: number
}

interface Offered {
  readonly shop: string
  readonly language: string
  readonly text: string
}
