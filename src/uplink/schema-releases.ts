import { Type } from 'typebox'
import { stayMinutes } from '../privacy/release.ts'
import { closed, datePattern, epsilon, figure, hash, instant, mechanism, name, noise95, seq } from './schema-parts.ts'

/** The messages of the aggregates: a release of each kind, and the backlog that packs them. */

const count = Type.Union([figure, Type.Null()], {
  description: 'Blurred, so it may be negative; null where the slot is missing or the profile does not release it.',
})

const window = Type.Object({ start: instant, seconds: Type.Integer({ minimum: 1, maximum: 99_999 }) }, closed)
const inAndOut = { in: count, out: count }

function tail<U extends string>(unit: U) {
  return {
    noise95,
    coverage: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the window in which the sensors were alive, in steps of 0.05.',
    }),
    missing: Type.Union(
      [
        Type.Literal('lost'),
        Type.Literal('sensor-down'),
        Type.Literal('clock'),
        Type.Literal('calibration'),
        Type.Literal('restored'),
        Type.Null(),
      ],
      { description: 'Why there is no number.' },
    ),
    privacy: Type.Object({ unit: Type.Literal(unit), epsilon, mechanism, policy: hash }, closed),
    seq,
  }
}

function id(kind: string, start: string) {
  return Type.String({
    pattern: `^${name}/${name}/${kind}/[a-z0-9][a-z0-9-]{0,31}/${start}$`,
    description: 'Deduplicate by it.',
  })
}

export const footfallSchema = Type.Object(
  { id: id('footfall', `${datePattern}T[0-9:]{8}Z`), window, ...inAndOut, ...tail('zone-visit') },
  { ...closed, description: 'People in and out of one zone in one window.' },
)

export const daySchema = Type.Object(
  {
    id: id('day', datePattern),
    window,
    ...inAndOut,
    windows: Type.Array(Type.Object({ start: instant, ...inAndOut }, closed), { maxItems: 400 }),
    ...tail('zone-visit'),
  },
  {
    ...closed,
    description:
      'The total of one zone and local day, made from its own blurred number and from its windows, which add up to it.',
  },
)

export const occupancySchema = Type.Object(
  {
    id: id('occupancy', `${datePattern}T[0-9:]{8}Z`),
    window,
    inside: Type.Union([figure, Type.Null()], {
      description: 'Released in minus released out since the shop opened: blurred, so it may be negative.',
    }),
    ...tail('zone-visit'),
  },
  { ...closed, description: 'People inside at the end of one window: not for fire safety.' },
)

export const dwellSchema = Type.Object(
  {
    id: id('dwell', datePattern),
    window,
    minutes: Type.Tuple(
      stayMinutes.map((minutes) => Type.Literal(minutes)),
      { description: 'Where each length begins; the last has no end.' },
    ),
    stays: Type.Union(
      [Type.Array(figure, { minItems: stayMinutes.length, maxItems: stayMinutes.length }), Type.Null()],
      {
        description:
          'How many stays were of each length: blurred, so it may be negative; null where the day is missing.',
      },
    ),
    ...tail('zone-visit'),
  },
  { ...closed, description: 'How long people stayed in one zone on one local day.' },
)

export const phonesSchema = Type.Object(
  {
    id: id('phones', `${datePattern}T[0-9:]{8}Z`),
    window,
    devices: Type.Union([figure, Type.Null()], {
      description: 'Distinct addresses of each five minutes, added up and blurred; null where the slot is missing.',
    }),
    subWindows: Type.Integer({ minimum: 1, maximum: 12, description: 'How often five minutes fit in the window.' }),
    people: Type.Union([Type.Object({ estimate: figure, low: figure, high: figure }, closed), Type.Null()], {
      description:
        'People who came in through all doors meanwhile, guessed from released numbers, with a band of 95 %; null until there are enough.',
    }),
    ...tail('address-window'),
  },
  { ...closed, description: 'Phones near the radios of one zone in one window.' },
)

export const visitorsSchema = Type.Object(
  {
    id: Type.String({ pattern: `^${name}/${name}/visitors/${datePattern}$`, description: 'Deduplicate by it.' }),
    window,
    visitors: Type.Union([figure, Type.Null()], {
      description: 'Each shopper once: blurred, so it may be negative; null where the day is missing.',
    }),
    ...tail('person-day'),
  },
  { ...closed, description: 'Shoppers who agreed to be counted and were here on one local day.' },
)

export const backlogSchema = Type.Object(
  {
    releases: Type.Array(
      Type.Union([footfallSchema, daySchema, occupancySchema, dwellSchema, phonesSchema, visitorsSchema]),
      { minItems: 1, maxItems: 50 },
    ),
  },
  { ...closed, description: 'Releases of an outage, in seq order; they are not also sent on their own topics.' },
)
