import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ManualClock, manualClock } from '../../src/base/clock.ts'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { day, parseDuration } from '../../src/base/duration.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import { consentMigrations } from '../../src/consent/chain.ts'
import type { ConsentNews, Wish } from '../../src/consent/choice.ts'
import { type Consents, openConsents } from '../../src/consent/consents.ts'
import { openKeySlots, type SlotKey, slotBytes } from '../../src/consent/key-slots.ts'
import { type Mark, openMark } from '../../src/consent/mark.ts'
import { editorialOf, noticesOf } from '../../src/consent/notice.ts'
import type { ControllerSettings, PurposeSettings } from '../../src/consent/settings.ts'
import { openSlotFile, type SlotFile } from '../../src/consent/slot-file.ts'

export const noon = Date.parse('2026-11-23T12:00:00Z')
export const boxKey = Buffer.alloc(32, 7)

export const controller: ControllerSettings = {
  name: 'Acme Retail BV',
  contact: 'privacy@acme.example',
  recipients: [],
}

export function purpose(id: string, changes: Partial<PurposeSettings> = {}): PurposeSettings {
  return {
    id,
    texts: { nl: `Tekst van ${id}.`, en: `Text of ${id}.` },
    benefit: 'One offer a visit.',
    recipient: 'Acme Retail BV',
    retention: '90d',
    caps: { perDay: 6, perVisit: 3 },
    quiet: '21:00-08:00',
    longest: '180d',
    editorial: [],
    ...changes,
  }
}

export const usualPurposes = [purpose('offers'), purpose('presence')]
export const usualSlotCount = 64

/** A data folder whose consent record can be opened again and again, as after a restart. */
export interface Shop {
  readonly folder: string
  readonly clock: ManualClock
  /** All that head office was told so far. */
  news(): readonly ConsentNews[]
  /** Opens it anew. What was open before is closed, if the process had the time. */
  open(changes?: Changes): Consents
  database(): Database
  close(): void
  remove(): void
}

export interface Changes {
  readonly controller?: ControllerSettings
  readonly purposes?: readonly PurposeSettings[]
  readonly languages?: readonly string[]
  readonly country?: string
  readonly slotCount?: number
  readonly wrapSlots?: (file: SlotFile) => SlotFile
  readonly wrapMark?: (mark: Mark) => Mark
}

export function aShop(clock = manualClock(noon), folder = mkdtempSync(join(tmpdir(), 'drempel-consent-'))): Shop {
  const news: ConsentNews[] = []
  let consents: Consents
  let stop = () => {}
  let database: Database

  return {
    folder,
    clock,
    news() {
      consents.passOn((told) => void news.push(...told))
      return news
    },
    open(changes = {}) {
      stop()
      database = openDatabase(join(folder, 'drempel.db'), consentMigrations)
      const keys = boxKeysOf(boxKey)
      const count = changes.slotCount ?? usualSlotCount
      const file = openSlotFile(join(folder, 'consent.keys'), count * slotBytes)
      const slots = openKeySlots(changes.wrapSlots?.(file) ?? file, keys.slots, count)
      const opened = database
      stop = () => {
        opened.close()
        slots.close()
        stop = () => {}
      }
      const mark = openMark(join(folder, 'consent.mark'), keys.record)
      const purposes = changes.purposes ?? usualPurposes
      consents = openConsents({
        database,
        keys,
        slots,
        mark: changes.wrapMark?.(mark) ?? mark,
        clock,
        country: changes.country ?? 'NL',
        notices: noticesOf(changes.controller ?? controller, purposes, changes.languages ?? ['nl', 'en']),
        longest: new Map(purposes.map(({ id, longest }) => [id, parseDuration(longest)])),
        editorial: editorialOf(purposes),
      })
      return consents
    },
    database: () => database,
    close: () => stop(),
    remove() {
      stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function aWish(changes: Partial<Wish> = {}, from = noon): Wish {
  return {
    language: 'nl',
    age: 30,
    choices: [
      { purpose: 'offers', until: from + 30 * day },
      { purpose: 'presence', until: null },
    ],
    method: 'page',
    ...changes,
  }
}

export function aKey(): SlotKey {
  return { identityKey: randomBytes(16), exponent: 10, counter: 70_000, enrolledAt: noon }
}

/** Enrols somebody, which must work. */
export function joined(consents: Consents, wish = aWish(), key: SlotKey | null = aKey()) {
  const answer = consents.enrol(wish, key)
  if (answer.state !== 'given') throw new Error(`nothing was issued: ${answer.why}`)
  return answer
}
