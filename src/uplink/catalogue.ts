import type { Series } from '../privacy/release.ts'
import { declareSeries, type Identity, paddedLength } from './feed.ts'
import type { Catalogue } from './feed-schema.ts'
import { schemaVersion } from './schema-notices.ts'

/** What the catalogue needs to know of the policy in force. */
export interface Declared {
  readonly profile: string
  readonly perVisitMilli: number
  readonly hash: string
  readonly series: readonly Series[]
}

/**
 * The catalogue of a policy. What its prices allow is said in words: `guess` of a visit, `guessOfDay` of the day of a shopper
 * who agreed to be counted, undefined where nobody is.
 */
export function catalogueOf(policy: Declared, guess: string, guessOfDay: string | undefined): Catalogue {
  const visitors = policy.series.find(({ kind }) => kind === 'visitors')
  return {
    schema: schemaVersion,
    profile: policy.profile,
    perVisit: { epsilon: policy.perVisitMilli / 1000, guess },
    ...(visitors && guessOfDay ? { perDay: { epsilon: visitors.epsilon, guess: guessOfDay } } : {}),
    policy: policy.hash,
    series: policy.series.map((series) => declareSeries(series)),
  }
}

/** Bytes that all series together put into the outbox in an hour of opening. */
export function bytesPerHour({ series }: Declared, identity: Identity): number {
  return series.reduce((sum, one) => sum + (paddedLength(one, identity) * 3600) / one.windowSeconds, 0)
}
