import { type Static, Type } from 'typebox'

/** What is counted where, and how it is blurred. Nothing here can turn the noise off: there is no such key. */

const closed = { additionalProperties: false }

export const zoneSchema = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
      description: 'A short name: lower-case letters, digits and dashes, at most 32.',
    }),
    name: Type.String({ minLength: 1, maxLength: 80, description: 'The name people read.' }),
    kind: Type.Union([Type.Literal('door'), Type.Literal('area')], {
      default: 'door',
      description: 'door: a way to outside. area: a part of the shop that people walk through.',
    }),
  },
  closed,
)

const hours = Type.String({
  pattern:
    '^(closed|([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(,([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00))*)$',
  description:
    '"09:00-18:00", "09:00-12:30,13:30-18:00" or "closed", in the time of the store; a night is split at 24:00.',
})

export const openingSchema = Type.Union(
  [
    hours,
    Type.Record(
      Type.String({ pattern: '^((mo|tu|we|th|fr|sa|su)(-(mo|tu|we|th|fr|sa|su))?|[0-9]{4}-[0-9]{2}-[0-9]{2})$' }),
      hours,
      {
        ...closed,
        description: 'Keys are weekdays (mo, tu, we, th, fr, sa, su), ranges (mo-fr) or dates (2026-12-25).',
      },
    ),
  ],
  { description: 'One text for every day, or a map of weekdays (mo-fr, sa) and dates; a day not named is closed.' },
)

export const privacySchema = Type.Object(
  {
    profile: Type.Union(
      [
        Type.Literal('footfall-in'),
        Type.Literal('footfall'),
        Type.Literal('occupancy'),
        Type.Literal('dwell'),
        Type.Literal('phones'),
      ],
      { default: 'footfall', description: 'Which numbers leave the shop, and what a visit pays for them.' },
    ),
    window: Type.Union([Type.Literal('5m'), Type.Literal('15m'), Type.Literal('30m'), Type.Literal('60m')], {
      default: '15m',
      description: 'Length of a slot.',
    }),
    precision: Type.Union([Type.Literal('standard'), Type.Literal('fine')], {
      default: 'standard',
      description: 'fine doubles what a visit pays at the doors and halves the noise.',
    }),
    phones: Type.Optional(
      Type.Object(
        {
          assessment: Type.String({ minLength: 1, description: 'Path of the signed impact assessment.' }),
          legalBasis: Type.String({ minLength: 1, description: 'Why this is lawful, such as "Art. 6(1)(f) GDPR".' }),
          signage: Type.Literal(true, { description: 'Signs stand at every entrance.' }),
          optOutUrl: Type.String({ pattern: '^https://', description: 'Where people say no: an https:// address.' }),
          rssiMin: Type.Integer({ minimum: -90, maximum: -30, default: -75, description: 'dBm.' }),
        },
        { ...closed, description: 'Needed by the profile phones.' },
      ),
    ),
    visitors: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Id of a purpose: who agreed to it is counted once a day, and nobody else.',
      }),
    ),
  },
  closed,
)

export const retentionSchema = Type.Object(
  {
    journal: duration('400d', 'The record of every release.'),
    glassBox: duration('7d', 'Releases shown to everyone in the shop. Not used before the public page is built.'),
    signals: duration('30d', 'Signals of shoppers who consented.'),
    consentRecords: duration('5y', 'The record of what was agreed.'),
    logs: duration('7d', 'Logs on this box. Not used in this version: the system keeps the log, set it in journald.'),
  },
  closed,
)

function duration(standard: string, description: string) {
  return Type.String({ pattern: '^[0-9]{1,6}(s|m|h|d|y)$', default: standard, description })
}

export type Zone = Static<typeof zoneSchema>
export type Opening = Static<typeof openingSchema>
export type PrivacySettings = Static<typeof privacySchema>
export type RetentionSettings = Static<typeof retentionSchema>
