/**
 * A Release is the only kind of number that may leave the shop. It speaks of a window and a zone, never of a visitor.
 * To hold one is proof that boundary.ts was crossed: it cannot be built by hand, by type or at run time.
 * Not promised: secrecy against someone who stands at the door and counts for himself.
 */
export type Release = ReleaseFields & { readonly [minted]: true }

declare const minted: unique symbol

/** What a release says, by its kind. On the wire the kind stands in the topic and in the id. */
export type ReleaseFields = FootfallFields | DayFields | OccupancyFields | DwellFields | PhonesFields | VisitorsFields

/** What every kind of release says. */
interface CommonFields {
  /** Topic below the gateway's root: 'footfall/entrance', 'day/entrance', 'occupancy/shop', 'visitors'. */
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

/** People inside at the end of one window. */
export interface OccupancyFields extends CommonFields {
  readonly kind: 'occupancy'
  /** Released `in` minus released `out` since the shop opened. May be negative: the noise is unbiased. */
  readonly inside: number | null
}

/** How long people stayed in one zone on one local day. */
export interface DwellFields extends CommonFields {
  readonly kind: 'dwell'
  /** Stays of each length, by `stayMinutes`, each number blurred. */
  readonly stays: readonly number[] | null
}

/** Where the bins of a dwell histogram begin, in minutes; the last has no end. */
export const stayMinutes = [0, 1, 2, 5, 10, 20, 40, 60] as const

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

/** Shoppers who agreed to be counted and were here on one local day, each once. */
export interface VisitorsFields extends CommonFields {
  readonly kind: 'visitors'
  readonly visitors: number | null
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

/** What the noise hides: one entering and one leaving of a zone, one address in one window, or all of one shopper's day. */
export type Unit = 'zone-visit' | 'address-window' | 'person-day'

/** One kind of release of one zone, as the `catalogue` declares it. */
export type Series = FootfallSeries | OccupancySeries | DwellSeries | PhonesSeries | VisitorsSeries

interface CommonSeries {
  /** Its kind and zone: 'footfall/entrance', 'occupancy/shop'; of the one that there is once in a shop, its kind. */
  readonly name: string
  readonly zone: string
  /** Seconds of one slot; a day's series says 86400. */
  readonly windowSeconds: number
  readonly unit: Unit
  readonly epsilon: number
  readonly mechanism: 'discrete-laplace'
  /** The most that a message of it can say; made from several numbers, it may say less. */
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

/** Computed from windows that were released already, at no cost; `epsilon` is that of their numbers. */
export interface OccupancySeries extends CommonSeries {
  readonly kind: 'occupancy'
  /** The zones whose windows are added up: all doors, or one area. */
  readonly of: readonly string[]
}

/** Drawn once a day: one stay changes one of its numbers by one. */
export interface DwellSeries extends CommonSeries {
  readonly kind: 'dwell'
}

export interface PhonesSeries extends CommonSeries {
  readonly kind: 'phones'
  /** Sub-windows in a slot: the most that one address can add to its number. */
  readonly subWindows: number
}

/** Drawn once a day: one shopper who agreed to be counted changes its number by one. */
export interface VisitorsSeries extends CommonSeries {
  readonly kind: 'visitors'
}

/** A number of a release, or a row of them, by its key on the wire. */
export type NumberName = 'in' | 'out' | 'devices' | 'inside' | 'stays' | 'visitors'

/** The numbers that a series releases. One unit of privacy pays for each; of a row it changes one number only. */
export function numbersOf(series: Series): readonly NumberName[] {
  switch (series.kind) {
    case 'phones':
      return ['devices']
    case 'occupancy':
      return ['inside']
    case 'dwell':
      return ['stays']
    case 'visitors':
      return ['visitors']
    default:
      return series.releasesOut ? ['in', 'out'] : ['in']
  }
}

/** Is noise drawn for it? Else it is computed from numbers released before. */
export function isDrawn(series: Series): boolean {
  return 'drawn' in series ? series.drawn : series.kind !== 'occupancy'
}

/** One slot a local day: its id ends in the date. */
export function isDaily(series: Series): boolean {
  return series.kind === 'day' || series.kind === 'dwell' || series.kind === 'visitors'
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
