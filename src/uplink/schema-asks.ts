import { Type } from 'typebox'
import { longestSealed, longestSealedAnswer } from '../base/ask-seal.ts'
import { closed, datePattern, hash, name } from './schema-parts.ts'

/** What a shopper's page and the box say to each other over the relay: sealed, or an offer, which is public. */

const base64url = (bytes: number) =>
  Type.String({ pattern: '^[A-Za-z0-9_-]{2,}$', maxLength: Math.ceil((bytes * 4) / 3) })
const signs = (count: number) => Type.String({ pattern: `^[A-Za-z0-9_-]{${count}}$` })
const language = Type.String({ pattern: '^[a-z]{2}$' })
const text = (most: number) => Type.String({ minLength: 1, maxLength: most })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

export const nonce = signs(22)

export const requestSchema = Type.Object(
  {
    nonce,
    sealed: Type.Optional(base64url(longestSealed)),
    offer: Type.Optional(language),
    erase: Type.Optional(
      Type.Array(signs(22), { minItems: 1, maxItems: 16, description: 'Handles the consumer erases at once.' }),
    ),
  },
  { ...closed, description: 'A question of a shopper to this box; written by the relay. Either sealed or offer.' },
)

export const answerSchema = Type.Object(
  { sealed: base64url(longestSealedAnswer) },
  { ...closed, description: 'The answer to the question of that nonce, sealed for who asked; else it is an offer.' },
)

const recipient = Type.Object(
  { name: text(120), country: Type.String({ pattern: '^[A-Z]{2}$' }), safeguard: orNull(text(300)) },
  closed,
)

const shop = Type.Object(
  {
    id: Type.String({ pattern: `^${name}$` }),
    name: text(200),
    country: Type.String({ pattern: '^[A-Z]{2}$' }),
    controller: text(120),
    contact: text(300),
    dpo: orNull(text(200)),
    authority: orNull(text(200)),
    recipients: Type.Array(recipient, { maxItems: 32 }),
  },
  closed,
)

const measured = Type.Object(
  {
    profile: Type.Union([
      Type.Literal('footfall-in'),
      Type.Literal('footfall'),
      Type.Literal('occupancy'),
      Type.Literal('dwell'),
      Type.Literal('phones'),
    ]),
    windowMinutes: Type.Integer({ minimum: 1, maximum: 60 }),
    guessIn100: Type.Number({ minimum: 0, maximum: 100 }),
    retainedDays: Type.Number({ minimum: 0, maximum: 100_000 }),
  },
  closed,
)

const purpose = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    text: text(1000),
    benefit: text(1000),
    recipient: text(120),
    retention: Type.String({ pattern: '^[0-9]{1,6}(s|m|h|d|y)$' }),
    perVisit: Type.Integer({ minimum: 1, maximum: 24 }),
    perDay: Type.Integer({ minimum: 1, maximum: 24 }),
    quiet: Type.String({ pattern: '^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$' }),
    longestDays: Type.Integer({ minimum: 1, maximum: 730 }),
    notice: hash,
  },
  closed,
)

export const offerSchema = Type.Object(
  {
    state: Type.Literal('offer'),
    fresh: Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$' }),
    askKey: signs(87),
    askKeyId: signs(16),
    signKeyId: signs(16),
    language,
    languages: Type.Array(language, { minItems: 1, maxItems: 32 }),
    shop,
    ageLimit: Type.Integer({ minimum: 0, maximum: 21 }),
    isOpen: Type.Boolean(),
    closesAt: orNull(Type.String({ pattern: `^${datePattern}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{3})?Z$` })),
    measured,
    purposes: Type.Array(purpose, { maxItems: 16 }),
  },
  { ...closed, description: 'What the shop measures and asks for, in one language: the same for everybody.' },
)
