/**
 * What the demo's page shows, message by message. Exact counts and the truth are in it, so it exists for virtual
 * shoppers only: no other command makes these messages, and no page of a real shop takes them.
 */
export type Showing = Snapshot | Moment | Received | Link

export interface Count {
  readonly in: number
  readonly out: number
}

/** Sent once to each viewer: all that went before. */
export interface Snapshot {
  readonly kind: 'snapshot'
  readonly premises: Premises
  /** The last releases, oldest first. */
  readonly received: readonly Received[]
  readonly link: Link
}

/** What stays the same while the demo runs. */
export interface Premises {
  readonly timezone: string
  /** Virtual seconds in a real one. */
  readonly speed: number
  readonly zones: readonly { readonly id: string; readonly name: string }[]
  /** In the order in which the plan draws them. */
  readonly doors: readonly { readonly sensor: string; readonly kind: string; readonly zone: string }[]
  readonly visit: { readonly epsilon: number; readonly guess: string; readonly guessIn100: number }
  /** A command line that prints everything that leaves. */
  readonly listen: string
}

/** A tenth of a second in the shop. */
export interface Moment {
  readonly kind: 'moment'
  /** Wall ms of the virtual shop. */
  readonly now: number
  /** The open window (wall ms); null while the shop is closed. */
  readonly window: { readonly start: number; readonly end: number } | null
  /** Wall ms at which it opens again, while it is closed. */
  readonly opensAt: number | null
  /** What the box counted so far in the open window, by zone: exact. */
  readonly open: Readonly<Record<string, Count>>
  readonly walks: readonly ShownWalk[]
  /** Sensors that counted somebody since the last moment. */
  readonly counted: readonly string[]
}

/** One virtual shopper's way past a sensor, slowed down so that it can be seen. */
export interface ShownWalk {
  readonly sensor: string
  /** Real ms from now at which it begins, and that it lasts. */
  readonly startsIn: number
  readonly lasts: number
  /** cm [to the right of the middle of the door, outside of the sill], seen from inside, at equal steps of time. */
  readonly points: readonly (readonly [number, number])[]
}

/** A release as head office received it over MQTT, with the truth beside it. */
export interface Received {
  readonly kind: 'received'
  readonly topic: string
  /** The payload, byte for byte. */
  readonly text: string
  /** Who walked over the sill in that window, and what the box counted before the noise. */
  readonly walked: Count
  readonly counted: Count
}

/** How the box and head office stand with each other, as head office knows it. */
export interface Link {
  readonly kind: 'link'
  /** What the box's retained `status` says. */
  readonly isOnline: boolean
  /** Of the last release that arrived. */
  readonly seq: number
  /** What head office last told the box that it stored. */
  readonly storedUpTo: number
}
