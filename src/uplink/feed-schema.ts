import type { Static } from 'typebox'
import { answerSchema, offerSchema, requestSchema } from './schema-asks.ts'
import { catalogueSchema, healthSchema, statusSchema } from './schema-notices.ts'
import {
  backlogSchema,
  daySchema,
  dwellSchema,
  footfallSchema,
  occupancySchema,
  phonesSchema,
  visitorsSchema,
} from './schema-releases.ts'
import { consentSchema, signalSchema, storedSchema, voidSchema } from './schema-signals.ts'

/**
 * Every message of the feed, closed: a key that is not declared there cannot leave. Key order is wire order.
 * JSON Schema, AsyncAPI and the README table are made from these.
 */

/** The schemas by the first level of their topic below the gateway's root; `signal` also carries `void`, `answer` also `offer`. */
export const feedSchemas = {
  status: statusSchema,
  catalogue: catalogueSchema,
  footfall: footfallSchema,
  day: daySchema,
  occupancy: occupancySchema,
  dwell: dwellSchema,
  phones: phonesSchema,
  visitors: visitorsSchema,
  health: healthSchema,
  backlog: backlogSchema,
  signal: signalSchema,
  consent: consentSchema,
  void: voidSchema,
  stored: storedSchema,
  request: requestSchema,
  answer: answerSchema,
  offer: offerSchema,
} as const

export type FeedKind = keyof typeof feedSchemas
export type Status = Static<typeof statusSchema>
export type Catalogue = Static<typeof catalogueSchema>
export type Health = Static<typeof healthSchema>
export type StoredMessage = Static<typeof storedSchema>
export type RequestMessage = Static<typeof requestSchema>
export type OfferMessage = Static<typeof offerSchema>

/** The range of both ends, as `health.shed` and `stored.missing` write it. */
export type SeqRange = readonly [first: number, last: number]

/** The schemas as plain JSON Schema documents, for documentation and other programs. */
export function jsonSchemas(): Record<FeedKind, unknown> {
  return JSON.parse(JSON.stringify(feedSchemas))
}
