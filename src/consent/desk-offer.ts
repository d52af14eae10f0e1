import { ageLimitOf } from './age.ts'
import type { BoxKeys } from './box-keys.ts'
import type { Measured, OfferAnswer } from './desk-answers.ts'
import { describePurpose } from './desk-words.ts'
import type { Freshness } from './freshness.ts'
import type { Notice } from './notice.ts'
import type { ControllerSettings, PurposeSettings } from './settings.ts'

export interface OfferParts {
  readonly keys: BoxKeys
  /** Of the key that questions are sealed for. */
  readonly askKey: { readonly publicKey: Buffer; readonly keyId: string }
  readonly freshness: Freshness
  readonly store: { readonly id: string; readonly name: string; readonly country: string }
  readonly languages: readonly string[]
  readonly controller: ControllerSettings
  readonly purposes: readonly PurposeSettings[]
  readonly notices: readonly Notice[]
  readonly measured: () => Measured
  readonly closing: () => number | undefined
}

/** What everybody is told before anything is asked, in the asked language if the shop speaks it. */
export function createOffer(parts: OfferParts): (language: string) => OfferAnswer {
  const { keys, askKey, store, languages, controller, purposes, notices } = parts
  const { name, contact, dpo = null, authority = null } = controller
  const recipients = controller.recipients.map(({ safeguard = null, ...recipient }) => ({ ...recipient, safeguard }))

  return (asked) => {
    const language = languages.includes(asked) ? asked : (languages[0] ?? 'en')
    const closing = parts.closing()
    return {
      state: 'offer',
      fresh: parts.freshness.word(),
      askKey: askKey.publicKey.toString('base64url'),
      askKeyId: askKey.keyId,
      signKeyId: keys.signer.keyId,
      language,
      languages,
      shop: {
        id: store.id,
        name: store.name,
        country: store.country,
        controller: name,
        contact,
        dpo,
        authority,
        recipients,
      },
      ageLimit: ageLimitOf(store.country),
      isOpen: closing !== undefined,
      closesAt: closing === undefined ? null : new Date(closing).toISOString(),
      measured: parts.measured(),
      purposes: purposes.flatMap((purpose) => {
        const notice = notices.find((one) => one.purpose === purpose.id && one.language === language)
        return notice ? [describePurpose(purpose, notice)] : []
      }),
    }
  }
}
