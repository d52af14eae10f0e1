import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Ballast } from './base/ballast.ts'
import type { Clock } from './base/clock.ts'
import { removeQuietly } from './base/data-folder.ts'
import { condemn, type Database, isDamage, openDatabase } from './base/database.ts'
import { checkWhole } from './base/database-check.ts'
import { day } from './base/duration.ts'
import { describeError, GatewayError } from './base/errors.ts'
import type { Log } from './base/log.ts'
import { consentMigrations } from './consent/chain.ts'
import { type Journal, journalMigrations, openJournal } from './privacy/journal.ts'
import { openPlan, type Plan, planMigrations } from './privacy/plan.ts'
import type { Policy } from './privacy/policy.ts'
import { openRunningDay, type RunningDay, runningDayMigrations } from './privacy/running-day.ts'
import { beginSalvage, endSalvage, makeRoom, salvage, unfinishedSalvage } from './salvage.ts'
import { type Outbox, openOutbox, outboxMigrations } from './uplink/outbox.ts'
import { openSessions } from './uplink/session.ts'

/** Everything that lies in the database, opened and found sound; what was damaged has been dealt with and told. */
export interface Storage {
  readonly database: Database
  /** Path of the database. */
  readonly file: string
  readonly journal: Journal
  readonly plan: Plan
  readonly runningDay: RunningDay
  readonly outbox: Outbox
  readonly session: () => number
  /** Rows that failed their check and are not used, and files set aside, since start. */
  quarantined(): number
  /** Looks at the whole file in the background; `done` when it is sound. Returns how to stop it. */
  check(done: () => void, onFatal: (error: unknown) => void): () => void
  /** Damage was met: the next start salvages what can be read. */
  condemn(): void
  /** Deletes files that were set aside more than a day before wall ms `now`. */
  tidy(now: number): void
}

export interface StorageParts {
  readonly folder: string
  readonly key: Buffer
  readonly version: string
  readonly policy: Policy
  /** The real one. */
  readonly clock: Clock
  readonly log: Log
  readonly ballast?: Ballast
}

/** The schema of drempel.db. */
export const migrations = [
  ...consentMigrations,
  ...journalMigrations,
  ...runningDayMigrations,
  ...planMigrations,
  ...outboxMigrations,
]

const fileName = 'drempel.db'

/**
 * Opens the database. A damaged one is set aside, and what its MACs prove is taken over into a new one; then nothing is
 * drawn of this day, since it cannot be proven what was drawn already.
 * @throws BASE_DATABASE_NEWER, BASE_DATABASE_BROKEN (no rights, no disk)
 */
export function openStorage(parts: StorageParts): Storage {
  const path = join(parts.folder, fileName)
  const unfinished = unfinishedSalvage(path)
  if (unfinished) return openSalvaged(parts, path, unfinished)
  try {
    return openSound(parts, path, openDatabase(path, migrations), 0)
  } catch (error) {
    if (!isDamage(error)) throw error
    return openSalvaged(parts, path, beginSalvage(path, parts.clock.now()))
  }
}

function openSalvaged(parts: StorageParts, path: string, aside: string): Storage {
  const database = makeRoom(path, aside, migrations)
  const found = salvage(database, path, aside, parts.key)
  const storage = openSound(parts, path, database, found.least, 1)
  const state = found.takeAgreements(storage.outbox, Math.floor(parts.clock.now()))
  if (state !== 'unused') parts.log.error(describeError(new GatewayError('BASE_DATA_DAMAGED', agreementsAre[state])))
  endSalvage(path)
  return storage
}

const agreementsAre = {
  whole: 'What shoppers agreed to is whole.',
  void: 'What shoppers agreed to cannot be proven: all of it has ended, and head office is told.',
}

/** @param least `seq` that was given out at least; undefined when nothing was lost */
function openSound(parts: StorageParts, path: string, database: Database, least: number, aside = 0): Storage {
  const { key, log, policy } = parts
  try {
    const outbox = openOutbox({ ...parts, database })
    const journal = openJournal(database, key, parts.version)
    const plan = openPlan(database, key)
    const isPlanLost = plan.wasBroken || (plan.wasEmpty && journal.lastSeq() > 0)
    plan.begin(policy)
    const doubts = doubtsOf({ journal, outbox, isPlanLost, isSalvaged: aside > 0 })
    if (doubts.length > 0) {
      database.transaction(() => journal.sitOut(Math.max(least, outbox.lastSeq('aggregates'))))
      log.error({ doubts }, describeError(new GatewayError('BASE_DATA_DAMAGED', 'Nothing is drawn of this day.')))
    } else if (database.wal === 'mended') {
      log.error(describeError(new GatewayError('BASE_DATA_DAMAGED', 'One bit was set right; nothing is lost.')))
    }
    if (journal.unfinished().length > 0) database.transaction(() => finishWhatIsSent(journal, outbox))
    nameMissing(journal, outbox, aside > 0)
    const mended = database.wal === 'whole' ? 0 : 1
    return {
      database,
      file: path,
      journal,
      plan,
      runningDay: openRunningDay(database, key),
      outbox,
      session: openSessions(database, key),
      quarantined() {
        const { broken, repaired } = outbox.stats()
        return aside + mended + journal.broken().length + broken + repaired + (isPlanLost ? 1 : 0)
      },
      check(done, onFatal) {
        return checkWhole(path, (fault) => {
          if (fault === null) return done()
          condemn(path)
          onFatal(new GatewayError('BASE_DATABASE_BROKEN', `${path}: ${fault}.`))
        })
      },
      condemn: () => condemn(path),
      tidy: (now) => removeAside(dirname(path), now),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

interface Evidence {
  readonly journal: Journal
  readonly outbox: Outbox
  readonly isPlanLost: boolean
  readonly isSalvaged: boolean
}

/** Why it cannot be proven what was drawn of late. Each looks at a row or two, however much is stored. */
function doubtsOf({ journal, outbox, isPlanLost, isSalvaged }: Evidence): string[] {
  const reasons: readonly [boolean, string][] = [
    [isSalvaged, 'the database was salvaged'],
    [isPlanLost, 'the plan of policies was damaged'],
    [journal.broken().length > 0, 'one of the latest rows of the journal is broken'],
    [journal.lastDrawn() < outbox.lastSeq('aggregates'), 'the journal lacks a number that the outbox has'],
  ]
  return reasons.filter(([holds]) => holds).map(([, reason]) => reason)
}

/**
 * Damage can leave the charge of a number and take the row that it became, while its message still waits to be sent. Then
 * the message says what was drawn; else the charge would come out as lost, under a number that has other bytes.
 */
function finishWhatIsSent(journal: Journal, outbox: Outbox): void {
  for (const charged of journal.unfinished()) {
    const sent = outbox.message('aggregates', charged.seq)
    if (sent?.topic.endsWith(`/${charged.series}`)) journal.draw(charged, sent.bytes)
  }
}

const mostNamed = 10_000

/** Numbers that were given out, but whose message neither lies here nor will be made. After a salvage any may be missing. */
function nameMissing(journal: Journal, outbox: Outbox, isSalvaged: boolean): void {
  const [known, given] = [outbox.lastSeq('aggregates'), journal.lastSeq()]
  const from = Math.max(isSalvaged ? outbox.firstInDoubt() : known + 1, given - mostNamed)
  if (!isSalvaged && (known === 0 || given - known > mostNamed)) return
  const toCome = new Set(journal.unfinished().map(({ seq }) => seq))
  const seqs = Array.from({ length: Math.max(given - from + 1, 0) }, (_, i) => from + i)
  outbox.neverComes(seqs.filter((seq) => !toCome.has(seq)))
}

function removeAside(folder: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (name.startsWith(`${basename(fileName)}.damaged-`) && statSync(file).ctimeMs < now - day) removeQuietly(file)
  }
}
