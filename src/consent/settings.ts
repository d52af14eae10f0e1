import { type Static, Type } from 'typebox'
import { day, parseDuration } from '../base/duration.ts'
import { countries, economicArea, languages } from '../base/iso-codes.ts'
import { type Finding, type Path, problem, warning } from '../base/problem.ts'

/** Who is responsible, and what shoppers may be asked to agree to. */

const closed = { additionalProperties: false }
const duration = '^[0-9]{1,6}(s|m|h|d|y)$'

const recipientSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120, description: 'Who receives data.' }),
    country: Type.String({ pattern: '^[A-Z]{2}$', description: 'Two capital letters of ISO 3166, such as NL or SE.' }),
    safeguard: Type.Optional(
      Type.String({
        minLength: 3,
        maxLength: 300,
        description:
          'Outside the EEA: what protects the data there, such as "adequacy decision" or "standard clauses".',
      }),
    ),
  },
  closed,
)

export const controllerSchema = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 120,
      description: 'The company that decides what is measured and why.',
    }),
    contact: Type.String({
      pattern: '^([^@\\s]+@[^@\\s]+\\.[^@\\s]+|https://\\S+|\\+?[0-9][0-9 ()-]{5,20})$',
      description: 'Where shoppers turn to: an e-mail address, an https:// address or a telephone number.',
    }),
    dpo: Type.Optional(Type.String({ minLength: 3, maxLength: 200, description: 'The data protection officer.' })),
    authority: Type.Optional(
      Type.String({ minLength: 3, maxLength: 200, description: 'The supervisory authority that complaints go to.' }),
    ),
    recipients: Type.Array(recipientSchema, {
      maxItems: 32,
      default: [],
      description: 'Who else receives what leaves the shop.',
    }),
  },
  { ...closed, description: 'Who is responsible: name and contact.' },
)

const perLanguage = {
  minProperties: 1,
  additionalProperties: false,
  description: 'One text a language, such as { nl: ..., en: ... }; keys are two letters.',
}
const text = Type.String({ minLength: 1, maxLength: 1000 })

export const purposeSchema = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
      description: 'A short name: lower-case letters, digits and dashes, at most 32.',
    }),
    texts: Type.Record(Type.String({ pattern: '^[a-z]{2}$' }), text, perLanguage),
    benefit: Type.Union([text, Type.Record(Type.String({ pattern: '^[a-z]{2}$' }), text, perLanguage)], {
      description: 'What the shopper gets: one text, or one a language.',
    }),
    recipient: Type.String({ minLength: 1, maxLength: 120, description: 'Who receives the signals of this purpose.' }),
    retention: Type.String({ pattern: duration, description: 'How long the recipient keeps them, 1d to 2y.' }),
    caps: Type.Object(
      {
        perDay: Type.Integer({ minimum: 1, maximum: 24, default: 6, description: 'Most signals a shopper and day.' }),
        perVisit: Type.Integer({
          minimum: 1,
          maximum: 12,
          default: 3,
          description: 'Most signals a shopper and visit.',
        }),
      },
      { ...closed, default: {}, description: 'How often at most.' },
    ),
    quiet: Type.String({
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$',
      default: '21:00-08:00',
      description: 'Hours without signals, such as "21:00-08:00"; they may pass midnight.',
    }),
    longest: Type.String({
      pattern: duration,
      default: '180d',
      description: 'The longest that may be agreed to at once, 1d to 2y. "Just this visit" is always offered.',
    }),
    editorial: Type.Array(Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }), {
      maxItems: 64,
      default: [],
      description:
        'Hashes of earlier notices that said the same in other words: who agreed to them need not agree anew. Of no effect where more than the wording changed.',
    }),
  },
  closed,
)

export type ControllerSettings = Static<typeof controllerSchema>
export type PurposeSettings = Static<typeof purposeSchema>

/** What a schema cannot say of the controller. `country` is where the shop stands. */
export function* controllerFindings(controller: ControllerSettings, country: string): Generator<Finding> {
  for (const [i, recipient] of controller.recipients.entries()) {
    const path = ['controller', 'recipients', i]
    if (!countries.has(recipient.country)) {
      yield problem([...path, 'country'], 'No country has this code.', 'Use the two letters of ISO 3166, such as NL.')
    } else if (economicArea.has(country) && !economicArea.has(recipient.country) && !recipient.safeguard) {
      const reason = 'It is required for a recipient outside the European Economic Area.'
      yield problem([...path, 'safeguard'], reason, 'Name what protects the data there, such as "adequacy decision".')
    }
  }
}

/** What a schema cannot say of the purposes: they must be readable in every language of the shop, and end. */
export function* purposeFindings(
  purposes: readonly PurposeSettings[],
  controller: ControllerSettings,
  shopLanguages: readonly string[],
): Generator<Finding> {
  const recipients = [controller.name, ...controller.recipients.map(({ name }) => name)]
  for (const [i, purpose] of purposes.entries()) {
    const path = ['purposes', i]
    yield* durationFindings([...path, 'retention'], purpose.retention)
    yield* durationFindings([...path, 'longest'], purpose.longest)
    yield* languageFindings([...path, 'texts'], purpose.texts, shopLanguages)
    if (typeof purpose.benefit === 'object') {
      yield* languageFindings([...path, 'benefit'], purpose.benefit, shopLanguages)
    }
    if (purpose.caps.perVisit > purpose.caps.perDay) {
      const reason = `It is more than the ${purpose.caps.perDay} of a whole day.`
      yield problem([...path, 'caps', 'perVisit'], reason, 'Lower it, or raise caps.perDay.')
    }
    const [from, to] = purpose.quiet.split('-')
    if (from === to) yield problem([...path, 'quiet'], 'It begins when it ends.', 'Write hours such as "21:00-08:00".')
    if (!recipients.includes(purpose.recipient)) {
      const fix = 'Add it to controller.recipients with its country, or name the controller.'
      yield warning([...path, 'recipient'], 'Shoppers are not told who this is.', fix)
    }
  }
}

function* durationFindings(path: Path, duration: string): Generator<Finding> {
  const length = parseDuration(duration)
  // Two years is the longest that a consent can be called fresh; a receipt lasts no shorter than a day.
  if (length >= day && length <= 730 * day) return
  yield problem(path, 'It must be from 1d to 2y.', 'Use a duration in that range, such as 180d.')
}

function* languageFindings(path: Path, texts: Record<string, string>, shopLanguages: readonly string[]) {
  for (const language of Object.keys(texts)) {
    if (!languages.has(language)) {
      yield problem([...path, language], 'No language has this code.', 'Use the two letters of ISO 639, such as nl.')
    }
  }
  for (const language of shopLanguages) {
    if (Object.hasOwn(texts, language)) continue
    yield problem([...path, language], 'It is required, since the shop speaks this language.', 'Add the text.')
  }
}
