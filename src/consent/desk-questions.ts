import type { ValidateFunction } from 'ajv/dist/2020.js'
import { type Static, type TSchema, Type } from 'typebox'
import { createValidator, toDraft2020 } from '../base/json-schema.ts'

/** What a shopper's page may ask, as closed schemas: it comes from the network, and anything else is no question. */

const closed = { additionalProperties: false }
const random16 = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' })
const purpose = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })
const language = Type.String({ pattern: '^[a-z]{2}$' })
const token = Type.String({ minLength: 1, maxLength: 40 })
const age = Type.Integer({ minimum: 0, maximum: 150 })
const days = Type.Integer({ minimum: 1, maximum: 730 })
const several = { minItems: 1, maxItems: 16 }
const fresh = random16
const secret = random16

function question<K extends string, P extends Record<string, TSchema>>(ask: K, properties: P) {
  return Type.Object({ ask: Type.Literal(ask), ...properties }, closed)
}

const schemas = {
  offer: question('offer', { language }),
  'check-in': question('check-in', { fresh, token, age, language, purposes: Type.Array(purpose, several) }),
  join: question('join', {
    fresh,
    token,
    age,
    language,
    choices: Type.Array(Type.Object({ purpose, days }, closed), several),
  }),
  arrive: question('arrive', { fresh, token, secret }),
  see: question('see', { secret }),
  change: question('change', { fresh, secret, purpose, days: Type.Union([days, Type.Null()]), language }),
  pause: question('pause', { secret }),
  resume: question('resume', { fresh, secret }),
  leave: question('leave', { secret }),
  'tag-token': question('tag-token', { fresh, secret }),
  tag: question('tag', {
    tagToken: random16,
    by: Type.Union([Type.Literal('nfc'), Type.Literal('gatt')]),
    publicKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    exponent: Type.Integer({ minimum: 0, maximum: 15 }),
    counter: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  }),
  'tag-leave': question('tag-leave', { eid: Type.String({ pattern: '^[0-9a-f]{16}$' }), proof: random16 }),
  'tag-state': question('tag-state', { secret }),
}

type Schemas = typeof schemas
/** What each question holds, by its name. */
export type QuestionOf<K extends keyof Schemas> = Static<Schemas[K]>
export type Question = { [K in keyof Schemas]: QuestionOf<K> }[keyof Schemas]

const validators = new Map<string, ValidateFunction>()

/** undefined for what is no question. */
export function readQuestion(value: unknown): Question | undefined {
  const ask = typeof value === 'object' && value !== null && 'ask' in value ? value.ask : undefined
  if (typeof ask !== 'string' || !Object.hasOwn(schemas, ask)) return undefined
  const validate = validators.get(ask) ?? createValidator(toDraft2020(schemas[ask as keyof Schemas]))
  validators.set(ask, validate)
  return validate(value) ? (value as Question) : undefined
}
