/**
 * A Release is the only kind of number that may leave the shop. It speaks of a window and a zone, never of a visitor.
 * To hold one is proof that boundary.ts was crossed: it cannot be built by hand, by type or at run time.
 * Not promised: secrecy against someone who stands at the door and counts for himself.
 */
export interface Release extends ReleaseFields {
  readonly [minted]: true
}

declare const minted: unique symbol

export interface ReleaseFields {
  /** Topic below the gateway's root: 'footfall/entrance', 'day/entrance'. */
  readonly series: string
  /** `{store}/{gateway}/{series}/{start}`; consumers deduplicate by it. */
  readonly id: string
  readonly window: { readonly start: string; readonly seconds: number }
  /** null where the slot is missing or the profile does not release it. May be negative: the noise is unbiased. */
  readonly in: number | null
  readonly out: number | null
  /** Only in `day`: the day's windows, made consistent with the day's total. */
  readonly windows?: readonly ReleasedWindow[]
  /** Smallest t with P(|noise| <= t) >= 0.95, for each number of this message. */
  readonly noise95: number
  /** Share of the window in which the feeding sensors were alive, in steps of 0.05. */
  readonly coverage: number
  readonly missing: Missing | null
  readonly privacy: {
    readonly unit: 'zone-visit'
    readonly epsilon: number
    readonly mechanism: 'discrete-laplace'
    /** `sha256:` and 64 hex digits of the policy in force. */
    readonly policy: string
  }
  /** Contiguous per gateway and lane. */
  readonly seq: number
}

/** A window's numbers as part of its day. */
export interface ReleasedWindow {
  readonly start: string
  readonly in: number | null
  readonly out: number | null
}

/** Why a slot has no number. */
export type Missing = 'lost' | 'sensor-down' | 'clock' | 'calibration' | 'restored'

/** One kind of release of one zone, as the `catalogue` declares it. */
export interface Series {
  /** 'footfall/entrance' or 'day/entrance'. */
  readonly name: string
  readonly kind: 'footfall' | 'day'
  readonly zone: string
  /** Seconds of one slot; a day's series says 86400. */
  readonly windowSeconds: number
  readonly unit: 'zone-visit'
  readonly epsilon: number
  readonly mechanism: 'discrete-laplace'
  readonly noise95: number
  readonly releasesOut: boolean
  /** false: computed from numbers already released, at no cost. */
  readonly drawn: boolean
  /** The most windows a `day` message can hold; 0 for a window series. */
  readonly windowsPerDay: number
}

const known = new WeakSet<object>()

/** Makes a Release. Named only in privacy/boundary.ts (law 4). */
export function mint(fields: ReleaseFields): Release {
  const release = Object.freeze({ ...fields }) as Release
  known.add(release)
  return release
}

/** Was this object minted by the boundary in this process? A copy or a look-alike was not. */
export function isRelease(value: unknown): value is Release {
  return typeof value === 'object' && value !== null && known.has(value)
}
