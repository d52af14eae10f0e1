import type { Findings } from '../../box/findings.ts'
import type { SelfCheck } from '../../box/self-check.ts'

/** What a proof found, place by place. It holds no identifier, so that anybody may read it. */
export interface Proof {
  /** ISO 8601, UTC. */
  readonly date: string
  readonly version: string
  /** Hash of the policy that the shadow ran. */
  readonly policy: string
  readonly store: string
  readonly gateway: string
  readonly search: SelfCheck
  readonly shadow: ShadowProof | undefined
  readonly live: readonly Searched[]
  readonly seconds: number
}

export interface ShadowProof {
  /** What was planted, by where it came in. */
  readonly planted: readonly { readonly input: string; readonly names: readonly string[] }[]
  /** In how many spellings, encodings, hashes and salts each was looked for, all added up. */
  readonly needles: number
  readonly messages: number
  /** In what the shadow is not the running box. */
  readonly differs: readonly string[]
  readonly places: readonly Searched[]
}

/** A kind of place, and what was found there. */
export interface Searched {
  readonly place: string
  readonly findings: Findings
  /** Said beside it: what was looked for there, or why it was not searched. */
  readonly note: string
}

export function isClean({ search, shadow, live }: Proof): boolean {
  const places = [...(shadow?.places ?? []), ...live]
  const isQuiet = places.every(({ findings }) => findings.found.length === 0 && findings.unsearched.length === 0)
  return search.missing.length === 0 && shadow !== undefined && isQuiet
}

/** What is kept of a proof: no place, no label. */
export interface ProofSummary {
  readonly date: string
  readonly version: string
  readonly policy: string
  readonly store: string
  readonly gateway: string
  /** found: a trace; incomplete: something could not be searched, or the search itself is not to be trusted. */
  readonly verdict: 'clean' | 'found' | 'incomplete'
  readonly found: number
  readonly unsearched: number
  readonly missedByTheSearch: number
  readonly canaries: number
  readonly needles: number
  readonly bytes: number
}

export function summaryOf(proof: Proof): ProofSummary {
  const { date, version, policy, store, gateway, search, shadow, live } = proof
  const places = [...(shadow?.places ?? []), ...live].map(({ findings }) => findings)
  const sum = (of: (one: Findings) => number) => places.reduce((all, one) => all + of(one), 0)
  const found = sum((one) => one.found.length)
  return {
    ...{ date, version, policy, store, gateway },
    verdict: isClean(proof) ? 'clean' : found > 0 ? 'found' : 'incomplete',
    found,
    unsearched: sum((one) => one.unsearched.length),
    missedByTheSearch: search.missing.length,
    canaries: shadow?.planted.flatMap(({ names }) => names).length ?? 0,
    needles: shadow?.needles ?? 0,
    bytes: sum((one) => one.bytes),
  }
}
