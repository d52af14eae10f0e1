import type { Reading } from '../drivers/reading.ts'

/**
 * An Observation is what readings mean: a crossing, a presence. Still personal, so still memory only.
 * Everything here is pure: values in, values out, time passed in.
 */
export type Observation = Crossing | Occupied | Alive | Trouble

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

/** A presence sensor changed its mind. Feeds no number. */
export interface Occupied {
  readonly kind: 'occupied'
  readonly sensor: string
  readonly zone: string
  readonly occupied: boolean
  readonly at: number
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
