import { type Static, Type } from 'typebox'

/**
 * Every message of the feed, closed: a key that is not declared here cannot leave. Key order is wire order.
 * JSON Schema, AsyncAPI and the README table are made from these.
 */

/** Raised when a consumer that obeys the schemas below could misread a message. */
export const schemaVersion = 'drempel/1'

/** Counts are clamped to this, so that the longest message of a series is known. */
export const largestCount = 9_999_999
/** The highest sequence number: 12 digits. */
export const largestSeq = 999_999_999_999

const closed = { additionalProperties: false }
const datePattern = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
const instant = Type.String({ pattern: `^${datePattern}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$` })
const name = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
const zone = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })
const seq = Type.Integer({ minimum: 1, maximum: largestSeq, description: 'Contiguous per gateway and lane.' })
const figure = Type.Integer({ minimum: -largestCount, maximum: largestCount })
const count = Type.Union([figure, Type.Null()], {
  description: 'Blurred, so it may be negative; null where the slot is missing or the profile does not release it.',
})
const hash = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' })
const range = Type.Tuple([seq, seq], { description: 'First and last seq, both included.' })
const unit = Type.Literal('zone-visit')
const mechanism = Type.Literal('discrete-laplace')
const epsilon = Type.Number({ minimum: 0, maximum: 4, description: 'Of each number in the message.' })
const noise95 = Type.Integer({
  minimum: 0,
  maximum: 99_999,
  description: 'Smallest t with P(|noise| <= t) >= 0.95. It says nothing of the error of the sensor.',
})

const releaseHead = {
  window: Type.Object({ start: instant, seconds: Type.Integer({ minimum: 1, maximum: 99_999 }) }, closed),
  in: count,
  out: count,
}
const releaseTail = {
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
  privacy: Type.Object({ unit, epsilon, mechanism, policy: hash }, closed),
  seq,
}

function id(kind: string, start: string) {
  return Type.String({
    pattern: `^${name}/${name}/${kind}/[a-z0-9][a-z0-9-]{0,31}/${start}$`,
    description: 'Deduplicate by it.',
  })
}

export const footfallSchema = Type.Object(
  { id: id('footfall', `${datePattern}T[0-9:]{8}Z`), ...releaseHead, ...releaseTail },
  { ...closed, description: 'People in and out of one zone in one window.' },
)

export const daySchema = Type.Object(
  {
    id: id('day', datePattern),
    ...releaseHead,
    windows: Type.Array(Type.Object({ start: instant, in: count, out: count }, closed), { maxItems: 400 }),
    ...releaseTail,
  },
  { ...closed, description: 'The total of one zone and local day, and its windows made consistent with it.' },
)

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
    policy: hash,
    series: Type.Array(
      Type.Object(
        {
          kind: Type.Union([Type.Literal('footfall'), Type.Literal('day')]),
          zone,
          window: Type.Object({ seconds: Type.Integer({ minimum: 1 }) }, closed),
          unit,
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
        },
        closed,
      ),
    ),
    outboxHoursLeft: Type.Integer({
      minimum: 0,
      description: 'Hours of aggregates that still fit if nothing can be sent.',
    }),
    shed: Type.Union([Type.Array(range, { minItems: 1, maxItems: 50 }), Type.Null()], {
      description:
        'Ranges of aggregates that this box no longer holds and that were not confirmed: they will not come.',
    }),
    chain: Type.Union([Type.String({ pattern: '^[0-9A-Za-z:+/=-]{1,100}$' }), Type.Null()], {
      description: 'Head of the hash chain over all releases.',
    }),
  },
  { ...closed, description: 'How the box is, never how many people it saw.' },
)

export const backlogSchema = Type.Object(
  {
    releases: Type.Array(Type.Union([footfallSchema, daySchema]), { minItems: 1, maxItems: 50 }),
  },
  { ...closed, description: 'Releases of an outage, in seq order; they are not also sent on their own topics.' },
)

const handle = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$', description: '16 random bytes, base64url.' })
const purpose = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })

export const signalSchema = Type.Object(
  {
    id: Type.String({ pattern: `^${name}/${name}/signal/[!-~]{1,100}$` }),
    handle,
    purpose,
    event: Type.String({ pattern: '^[a-z-]{1,32}$' }),
    zone,
    minute: Type.String({ pattern: `^${datePattern}T[0-9]{2}:[0-9]{2}Z$` }),
    seq,
  },
  { ...closed, description: 'An event of a shopper who consented to this purpose.' },
)

export const consentSchema = Type.Object(
  {
    id: Type.String({ pattern: `^${name}/${name}/consent/[!-~]{1,100}$` }),
    handle,
    purpose,
    event: Type.Union([Type.Literal('given'), Type.Literal('withdrawn'), Type.Literal('expired')]),
    seq,
  },
  { ...closed, description: 'withdrawn tells the consumer to erase that handle.' },
)

export const voidSchema = Type.Object(
  { seq, void: Type.Literal('withdrawn') },
  { ...closed, description: 'A signal that was taken back before it was sent keeps its seq.' },
)

const known = Type.Integer({ minimum: 0, maximum: largestSeq })
const lane = { upTo: known, missing: Type.Array(range, { maxItems: 1000 }) }

export const storedSchema = Type.Object(
  {
    aggregates: Type.Optional(Type.Object(lane, closed)),
    signals: Type.Optional(Type.Object({ ...lane, erasedUpTo: Type.Optional(known) }, closed)),
  },
  { ...closed, description: 'Written by the consumer: what it has stored, and which seq below that it lacks.' },
)

/** The schemas by the first level of their topic below the gateway's root; `signal` also carries `void`. */
export const feedSchemas = {
  status: statusSchema,
  catalogue: catalogueSchema,
  footfall: footfallSchema,
  day: daySchema,
  health: healthSchema,
  backlog: backlogSchema,
  signal: signalSchema,
  consent: consentSchema,
  void: voidSchema,
  stored: storedSchema,
} as const

export type FeedKind = keyof typeof feedSchemas
export type Status = Static<typeof statusSchema>
export type Catalogue = Static<typeof catalogueSchema>
export type Health = Static<typeof healthSchema>
export type StoredMessage = Static<typeof storedSchema>

/** The range of both ends, as `health.shed` and `stored.missing` write it. */
export type SeqRange = readonly [first: number, last: number]

/** The schemas as plain JSON Schema documents, for documentation and other programs. */
export function jsonSchemas(): Record<FeedKind, unknown> {
  return JSON.parse(JSON.stringify(feedSchemas))
}
