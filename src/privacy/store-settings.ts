import { Type } from 'typebox'
import { type Opening, openingSchema } from './settings.ts'

const closed = { additionalProperties: false }

// Ids are parts of MQTT topics, so no sign that means something there.
/** A name that is a part of topics. */
export function idOf(description: string) {
  const form = 'letters, digits, dots, dashes and underscores, at most 64'
  return Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', description: `${description}: ${form}.` })
}

/** Which shop it is, where and when it is open. */
export const storeSchema = Type.Object(
  {
    id: idOf('Id of the store at head office'),
    name: Type.String({ minLength: 1, maxLength: 120, default: 'This shop', description: 'The name people read.' }),
    country: Type.String({ pattern: '^[A-Z]{2}$', description: 'Two capital letters of ISO 3166, such as NL or SE.' }),
    timezone: Type.String({ minLength: 1, maxLength: 64, description: 'An IANA time zone, such as Europe/Amsterdam.' }),
    opening: Type.Unsafe<Opening>({ ...openingSchema, default: '09:00-18:00' }),
    languages: Type.Array(Type.String({ pattern: '^[a-z]{2}$', description: 'Two letters of ISO 639, such as nl.' }), {
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      default: ['en'],
      description: 'Languages of the pages, the most usual first.',
    }),
  },
  { ...closed, description: 'The shop: id, country, time zone and opening hours.' },
)
