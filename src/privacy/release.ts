/**
 * A Release is the only kind of number that may leave the shop. It speaks of a window and a zone, never of a visitor.
 * To hold one is proof that boundary.ts was crossed: it cannot be built by hand, by type or at run time.
 * Not promised: secrecy against someone who stands at the door and counts for himself.
 */
export type Release = ReleaseFields & { readonly [minted]: true }

declare const minted: unique symbol

/** What a release says, by its kind. On the wire the kind stands in the topic and in the id. */
export type ReleaseFields = FootfallFields | DayFields | PhonesFields

/** What every kind of release says. */
interface CommonFields {
  /** Topic below the gateway's root: 'footfall/entrance', 'day/entrance'. */
  readonly series: string
  /** `{store}/{gateway}/{series}/{start}`; consumers deduplicate by it. */
  readonly id: string
  readonly window: { readonly start: string; readonly seconds: number }
  /** Smallest t with P(|noise| <= t) >= 0.95, for each number of this message. */
  readonly noise95: number
  /** Share of the window in which the feeding sensors were alive, in steps of 0.05. */
  readonly coverage: number
  readonly missing: Missing | null
  readonly privacy: {
    readonly unit: Unit
    readonly epsilon: number
    readonly mechanism: 'discrete-laplace'
    /** `sha256:` and 64 hex digits of the policy in force. */
    readonly policy: string
  }
  /** Contiguous per gateway and lane. */
  readonly seq: number
}

/** People in and out; null where the slot is missing or the profile does not release it. May be negative: the noise is unbiased. */
interface InAndOut {
  readonly in: number | null
  readonly out: number | null
}

/** One zone in one window. */
export interface FootfallFields extends CommonFields, InAndOut {
  readonly kind: 'footfall'
}

/** One zone and local day. */
export interface DayFields extends CommonFields, InAndOut {
  readonly kind: 'day'
  /** The day's windows, made consistent with the day's total. */
  readonly windows: readonly ReleasedWindow[]
}

/** Phones near the radios of one zone in one window. */
export interface PhonesFields extends CommonFields {
  readonly kind: 'phones'
  /** Distinct addresses of each sub-window, added up, and blurred. */
  readonly devices: number | null
  /** Sub-windows of five minutes in the window. */
  readonly subWindows: number
  /** Null until there are enough released numbers to go by. */
  readonly people: People | null
}

/** How many people came in through all doors meanwhile, guessed from released numbers; 95 % of guesses hold. */
export interface People {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

/** A window's numbers as part of its day. */
export interface ReleasedWindow extends InAndOut {
  readonly start: string
}

/** Why a slot has no number. */
export type Missing = 'lost' | 'sensor-down' | 'clock' | 'calibration' | 'restored'

/** What the noise hides: one entering and one leaving of a zone, or one address in one window. */
export type Unit = 'zone-visit' | 'address-window'

/** One kind of release of one zone, as the `catalogue` declares it. */
export type Series = FootfallSeries | PhonesSeries

interface CommonSeries {
  /** 'footfall/entrance', 'day/entrance' or 'phones/entrance'. */
  readonly name: string
  readonly zone: string
  /** Seconds of one slot; a day's series says 86400. */
  readonly windowSeconds: number
  readonly unit: Unit
  readonly epsilon: number
  readonly mechanism: 'discrete-laplace'
  readonly noise95: number
}

/** Series of people: a window's, or a day's. */
export interface FootfallSeries extends CommonSeries {
  readonly kind: 'footfall' | 'day'
  readonly releasesOut: boolean
  /** false: computed from numbers already released, at no cost. */
  readonly drawn: boolean
  /** The most windows a `day` message can hold; 0 for a window series. */
  readonly windowsPerDay: number
}

export interface PhonesSeries extends CommonSeries {
  readonly kind: 'phones'
  /** Sub-windows in a slot: the most that one address can add to its number. */
  readonly subWindows: number
}

/** A number of a release, by its key on the wire. */
export type NumberName = 'in' | 'out' | 'devices'

/** The numbers that a series releases, each blurred and paid for. */
export function numbersOf(series: Series): readonly NumberName[] {
  if (series.kind === 'phones') return ['devices']
  return series.releasesOut ? ['in', 'out'] : ['in']
}

/** Is noise drawn for it? Else it is computed from numbers released before. */
export function isDrawn(series: Series): boolean {
  return series.kind === 'phones' || series.drawn
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
