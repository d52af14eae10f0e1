import type { Sealed } from '../base/sealed.ts'
import type { Advert, Reading } from '../drivers/reading.ts'

/**
 * An Observation is what readings mean: a crossing, a presence. Still personal, so still memory only.
 * Everything here is pure: values in, values out, time passed in.
 */
export type Observation = Crossing | Stay | Occupied | Nearby | Recognised | Telemetry | Alive | Trouble

/** People stepped over a zone's sill. */
export interface Crossing {
  readonly kind: 'crossing'
  readonly sensor: string
  readonly zone: string
  readonly direction: 'in' | 'out'
  /** How many: 1, or more from a counter that counts by itself. */
  readonly people: number
  /** Monotonic ms at which the crossing was completed. */
  readonly at: number
}

/** Somebody was in a zone for a while. */
export interface Stay {
  readonly kind: 'stay'
  readonly sensor: string
  readonly zone: string
  /** From first to last seen there, ms. */
  readonly lasted: number
  readonly people: number
  /** Monotonic ms at which it was certain that it had ended, a few seconds after it did. */
  readonly at: number
}

/** A presence sensor changed its mind. Feeds no number. */
export interface Occupied {
  readonly kind: 'occupied'
  readonly sensor: string
  readonly zone: string
  readonly occupied: boolean
  readonly at: number
}

/**
 * A phone may be near: a random address, near enough, of nobody who said no and of none of the shop's own devices.
 * Only while phones are counted. As with the reading, what the seal holds is true only until `observe` returns.
 */
export interface Nearby {
  readonly kind: 'nearby'
  readonly sensor: string
  readonly zone: string
  readonly advert: Sealed<Advert>
  readonly at: number
}

/** The tag of a shopper who agreed was heard: by its number in this process, which says nothing elsewhere. */
export interface Recognised {
  readonly kind: 'recognised'
  readonly sensor: string
  readonly zone: string
  readonly tag: number
  readonly at: number
}

/** One of the shop's own devices was heard; what it says of itself, if anything. Never of a device of staff. */
export interface Telemetry {
  readonly kind: 'telemetry'
  readonly sensor: string
  /** Its id in the configuration. */
  readonly beacon: string
  readonly at: number
  readonly batteryPercent?: number
  readonly batteryMillivolts?: number
  /** Degrees Celsius. */
  readonly temperature?: number
  /** Per cent. */
  readonly humidity?: number
}

/** The sensor can hear from now on, or cannot. Coverage is the share of a window in which it could. */
export interface Alive {
  readonly kind: 'alive'
  readonly sensor: string
  readonly alive: boolean
  readonly at: number
}

/** Something staff should look at. It enters coverage only when it fills a whole window. `null` = over. */
export interface Trouble {
  readonly kind: 'trouble'
  readonly sensor: string
  readonly trouble: 'obstructed' | 'chatter' | null
  readonly at: number
}

export type Observe = (observation: Observation) => void

/** Gives meaning to one sensor's readings (or to a pair that forms one beam). */
export interface Observer {
  /** Readings of its sensors in time order. Never throws. */
  observe(reading: Reading): void
  /** Time passed without a reading: timeouts fire. Called about once a second. */
  tick(at: number): void
}
