import { Type } from 'typebox'
import { closed, epsilon, hash, mechanism, noise95, range, zone } from './schema-parts.ts'

/** What a box says of itself. */

/** Raised when a consumer that obeys the schemas could misread a message. */
export const schemaVersion = 'drempel/1'

export const statusSchema = Type.Object(
  {
    state: Type.Union([Type.Literal('online'), Type.Literal('offline')]),
    session: Type.Integer({ minimum: 1, description: 'Rises by one with each connection.' }),
  },
  { ...closed, description: 'Whether the box is connected; the last will says offline.' },
)

export const catalogueSchema = Type.Object(
  {
    schema: Type.Literal(schemaVersion),
    profile: Type.String({ pattern: '^[a-z-]{1,32}$' }),
    perVisit: Type.Object(
      {
        epsilon: Type.Number({ minimum: 0, maximum: 4 }),
        guess: Type.String({ minLength: 1, maxLength: 400, description: 'What that allows, in words.' }),
      },
      { ...closed, description: 'What one visit pays in all.' },
    ),
    perDay: Type.Optional(
      Type.Object(
        {
          epsilon: Type.Number({ minimum: 0, maximum: 4 }),
          guess: Type.String({ minLength: 1, maxLength: 400, description: 'What that allows, in words.' }),
        },
        {
          ...closed,
          description: 'What a day pays besides of a shopper who agreed to be counted; only where some are.',
        },
      ),
    ),
    policy: hash,
    series: Type.Array(
      Type.Object(
        {
          kind: Type.Union([
            Type.Literal('footfall'),
            Type.Literal('day'),
            Type.Literal('occupancy'),
            Type.Literal('dwell'),
            Type.Literal('phones'),
            Type.Literal('visitors'),
          ]),
          zone,
          window: Type.Object({ seconds: Type.Integer({ minimum: 1 }) }, closed),
          unit: Type.Union([Type.Literal('zone-visit'), Type.Literal('address-window'), Type.Literal('person-day')]),
          epsilon,
          mechanism,
          noise95,
          accuracy: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
            description: 'Share counted right at the last count check; null until one was made.',
          }),
        },
        closed,
      ),
    ),
  },
  { ...closed, description: 'Every series that this box declares.' },
)

const percent = Type.Number({ minimum: 0, maximum: 100 })
const beacon = Type.Object(
  {
    id: zone,
    minutesSilent: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Since it was heard last; null when it was not heard since the start.',
    }),
    batteryPercent: Type.Union([percent, Type.Null()]),
    batteryMillivolts: Type.Union([Type.Integer({ minimum: 0, maximum: 65_535 }), Type.Null()]),
    temperature: Type.Union([Type.Number({ minimum: -400, maximum: 400 }), Type.Null()], {
      description: 'Degrees Celsius.',
    }),
    humidity: Type.Union([percent, Type.Null()], { description: 'Per cent.' }),
  },
  closed,
)

export const healthSchema = Type.Object(
  {
    uptime: Type.Integer({ minimum: 0, description: 'Seconds.' }),
    version: Type.String({ pattern: '^[0-9A-Za-z.+-]{1,40}$' }),
    clock: Type.Union([Type.Literal('trusted'), Type.Literal('untrusted')]),
    sensors: Type.Array(
      Type.Object(
        {
          id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
          state: Type.Union([Type.Literal('up'), Type.Literal('down'), Type.Literal('not-driven')]),
          scan: Type.Optional(
            Type.Union([Type.Literal('monitor'), Type.Literal('discovery')], {
              description: 'Of a radio: does it hear only what was asked for, or everything?',
            }),
          ),
        },
        closed,
      ),
    ),
    beacons: Type.Optional(
      Type.Array(beacon, { maxItems: 256, description: "The shop's own devices; never those of staff." }),
    ),
    outboxHoursLeft: Type.Integer({
      minimum: 0,
      description: 'Hours of aggregates that still fit if nothing can be sent.',
    }),
    shed: Type.Union([Type.Array(range, { minItems: 1, maxItems: 50 }), Type.Null()], {
      description:
        'Ranges of aggregates that this box no longer holds and that were not confirmed: they will not come.',
    }),
    storage: Type.Optional(
      Type.Union([Type.Object({ quarantined: Type.Integer({ minimum: 1 }) }, closed), Type.Null()], {
        description: 'Rows and files that the disk damaged and that are not used as they are, since the start.',
      }),
    ),
    chain: Type.Union([Type.String({ pattern: '^[0-9A-Za-z:+/=-]{1,100}$' }), Type.Null()], {
      description: 'Head of the hash chain over all releases.',
    }),
  },
  { ...closed, description: 'How the box is, never how many people it saw.' },
)
