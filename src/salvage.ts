import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { carve, pagesOf } from './base/carve.ts'
import { moveQuietly, readQuietly, removeQuietly, writeDurably } from './base/data-folder.ts'
import { type Database, type Migration, openDatabase } from './base/database.ts'
import { consentFiles } from './consent/folder.ts'
import { carvedConsentColumns, type Salvaged, salvageConsents } from './consent/salvage.ts'
import { carvedColumns, salvageJournal } from './privacy/journal-rows.ts'
import type { Outbox } from './uplink/outbox.ts'
import { carvedOutboxColumns, salvageOutbox } from './uplink/outbox-salvage.ts'

const pageSize = 2048

/** Stands from before the damaged file is moved until all was taken over, so that a power cut between begins it anew. */
const salvageFile = (path: string) => `${path}.salvage`

/** Where a damaged file was set aside whose salvage was not finished. */
export function unfinishedSalvage(path: string): string | undefined {
  return readQuietly(salvageFile(path))
}

/** Where the damaged file is to be set aside. */
export function beginSalvage(path: string, now: number): string {
  const date = new Date(now).toISOString().slice(0, 19).replaceAll(':', '')
  const aside = `${path}.damaged-${date}`
  writeDurably(salvageFile(path), aside)
  return aside
}

/** Sets the damaged file aside and opens a new one in its place. */
export function makeRoom(path: string, aside: string, migrations: readonly Migration[]): Database {
  for (const end of ['-wal', '']) if (!existsSync(aside)) moveQuietly(path + end, aside + end)
  for (const end of ['', '-wal', '-shm', '.condemned']) removeQuietly(path + end)
  return openDatabase(path, migrations)
}

export function endSalvage(path: string): void {
  removeQuietly(salvageFile(path))
}

const columns = new Set([carvedColumns, carvedOutboxColumns, carvedConsentColumns].flatMap((all) => Object.values(all)))

export interface Salvage {
  /** The highest `seq` of aggregates that was found. */
  readonly least: number
  /** What shoppers agreed to, once the outbox is open: of whom nothing may leave any more, nothing waits there then. */
  takeAgreements(outbox: Outbox, now: number): Salvaged['state']
}

/** Takes over into a new database what can be proven of the one that was set aside. */
export function salvage(database: Database, path: string, aside: string, key: Buffer): Salvage {
  const journal = salvageJournal(database, key)
  const rows = salvageOutbox(database, key)
  const consents = salvageConsents(database, path, key)
  const least = database.transaction(() => {
    for (const record of carve(aside, pageSize, columns)) {
      rows.take(record)
      journal(record)
      consents.take(record)
    }
    for (const page of pagesOf(aside, pageSize)) consents.page(page)
    return rows.finish()
  })
  return {
    least,
    takeAgreements(outbox, now) {
      const isUsed = consentFiles.some((name) => existsSync(join(dirname(path), name)))
      return database.transaction(() => {
        const { state, ended } = consents.finish({ now, isUsed, alsoTold: outbox.shoppers() })
        // An old page may hold a signal that was taken back since.
        if (ended.size > 0) outbox.voidAbout(ended)
        return state
      })
    },
  }
}
