import { Type } from 'typebox'
import { closed, datePattern, largestSeq, name, range, seq, zone } from './schema-parts.ts'

/** Messages about a shopper who consented, and what the consumer writes back. */

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
