import { createHash } from 'node:crypto'
import { canonicalJson } from '../base/canonical-json.ts'
import type { ControllerSettings, PurposeSettings } from './settings.ts'

/** What a shopper is told of one purpose in one language, and the hashes that version it. */
export interface Notice {
  readonly purpose: string
  readonly language: string
  /** Over everything below, `sha256:` and 64 hex digits: a comma changes it. */
  readonly hash: string
  /** Over what is done, by whom, for whom and how long, in no language: only a change of that changes it. */
  readonly substance: string
  readonly text: string
  readonly benefit: string
}

/** The notices in force, one a purpose and language of the shop. The settings are valid ones. */
export function noticesOf(
  controller: ControllerSettings,
  purposes: readonly PurposeSettings[],
  languages: readonly string[],
): Notice[] {
  return purposes.flatMap((purpose) => languages.map((language) => noticeOf(controller, purpose, language)))
}

function noticeOf(controller: ControllerSettings, purpose: PurposeSettings, language: string): Notice {
  const substance = substanceOf(controller, purpose)
  const { benefit } = purpose
  const told = {
    language,
    text: purpose.texts[language] ?? '',
    benefit: typeof benefit === 'string' ? benefit : (benefit[language] ?? ''),
    contact: controller.contact,
    dpo: controller.dpo ?? null,
    authority: controller.authority ?? null,
    substance,
  }
  return {
    purpose: purpose.id,
    language,
    hash: hashOf(told),
    substance: hashOf(substance),
    text: told.text,
    benefit: told.benefit,
  }
}

/** What a consent is about. Whoever is asked is told all of it, so a change of any of it stops what was agreed before. */
function substanceOf(controller: ControllerSettings, purpose: PurposeSettings) {
  const recipients = controller.recipients.map(({ name, country, safeguard = null }) => ({ name, country, safeguard }))
  const { id, recipient, retention, caps, quiet } = purpose
  return {
    purpose: id,
    controller: controller.name,
    recipients,
    recipient,
    retention,
    caps: { perDay: caps.perDay, perVisit: caps.perVisit },
    quiet,
  }
}

function hashOf(value: object): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`
}

/** A notice that a shopper agreed to, as the record keeps it. */
export interface AgreedNotice {
  readonly purpose: string
  readonly language: string
  readonly notice: string
  readonly substance: string
}

/**
 * The notice in force under which an earlier agreement goes on; undefined when it does not. An earlier notice goes on when
 * the configuration calls its change editorial, and only if its substance is the same: a lie there is of no use.
 */
export function continuationOf(
  agreed: AgreedNotice,
  notices: readonly Notice[],
  editorial: ReadonlySet<string>,
): Notice | undefined {
  const now = notices.find(({ purpose, language }) => purpose === agreed.purpose && language === agreed.language)
  if (!now || now.substance !== agreed.substance) return undefined
  return now.hash === agreed.notice || editorial.has(agreed.notice) ? now : undefined
}

/** The earlier notices that the configuration says differ by wording only. */
export function editorialOf(purposes: readonly PurposeSettings[]): ReadonlySet<string> {
  return new Set(purposes.flatMap(({ editorial }) => editorial))
}
