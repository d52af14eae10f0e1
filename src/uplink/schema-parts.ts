import { Type } from 'typebox'

/** Parts that several messages of the feed share. */

/** Counts are clamped to this, so that the longest message of a series is known. */
export const largestCount = 9_999_999
/** The highest sequence number: 12 digits. */
export const largestSeq = 999_999_999_999

export const closed = { additionalProperties: false }
export const datePattern = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
export const instant = Type.String({ pattern: `^${datePattern}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$` })
export const name = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
export const zone = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })
export const seq = Type.Integer({ minimum: 1, maximum: largestSeq, description: 'Contiguous per gateway and lane.' })
export const figure = Type.Integer({ minimum: -largestCount, maximum: largestCount })
export const hash = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' })
export const range = Type.Tuple([seq, seq], { description: 'First and last seq, both included.' })
export const mechanism = Type.Literal('discrete-laplace')
export const epsilon = Type.Number({ minimum: 0, maximum: 4, description: 'Of each number in the message.' })
export const noise95 = Type.Integer({
  minimum: 0,
  maximum: 99_999,
  description: 'Smallest t with P(|noise| <= t) >= 0.95. It says nothing of the error of the sensor.',
})
