import { dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import { parseDuration } from '../base/duration.ts'
import { boxKeysOf } from './box-keys.ts'
import type { Offer } from './choice.ts'
import { type Consents, openConsents } from './consents.ts'
import { openKeySlots, slotBytes, usualSlots } from './key-slots.ts'
import { type Mark, openMark } from './mark.ts'
import { editorialOf, noticesOf } from './notice.ts'
import type { ControllerSettings, PurposeSettings } from './settings.ts'
import { openSlotFile } from './slot-file.ts'

/** What the configuration offers to shoppers. Without it nothing is granted, and leaving works all the same. */
export interface OfferSettings {
  readonly country: string
  readonly languages: readonly string[]
  readonly controller: ControllerSettings
  readonly purposes: readonly PurposeSettings[]
}

export interface ConsentFolder {
  readonly database: Database
  /** Of the database: the keys and the mark lie beside it. */
  readonly file: string
  /** The key of the box. */
  readonly key: Buffer
  readonly clock: Clock
  readonly offer?: OfferSettings
}

/** Beside the database, once anybody could agree to anything here. */
export const consentFiles = ['consent.mark', 'consent.keys']

/** The consents of a data folder that this process holds. @throws CONSENT_RECORD_BROKEN, CONSENT_SLOTS_BROKEN */
export function openConsentFolder(folder: ConsentFolder): Consents & { close(): void } {
  const { database, clock, offer } = folder
  const keys = boxKeysOf(folder.key)
  const beside = (name: string) => join(dirname(folder.file), name)
  const slots = openKeySlots(openSlotFile(beside('consent.keys'), usualSlots * slotBytes), keys.slots)
  try {
    const mark = markBeside(folder.file, keys.record)
    const editorial = editorialOf(offer?.purposes ?? [])
    return { ...openConsents({ database, keys, slots, mark, clock, editorial, ...offerOf(offer) }), close: slots.close }
  } catch (error) {
    slots.close()
    throw error
  }
}

/** The mark of a database. @param key of the record */
export function markBeside(file: string, key: Buffer): Mark {
  return openMark(join(dirname(file), 'consent.mark'), key)
}

/** The notices in force and how long each purpose may be agreed to at once. */
export function offerOf(settings: OfferSettings | undefined): Offer {
  if (!settings) return { country: '', notices: [], longest: new Map() }
  const { country, languages, controller, purposes } = settings
  const longest = new Map(purposes.map(({ id, longest }) => [id, parseDuration(longest)]))
  return { country, notices: noticesOf(controller, purposes, languages), longest }
}
