import type { Sealed } from '../base/sealed.ts'

/**
 * A Reading is what a driver heard, before anybody decided what it means. It may speak of one person, so it
 * lives in memory only and never longer than its window. Identifiers in it are sealed on the line that heard them.
 */
export type Reading = Edge | Targets | Presence | Distance | Counted | AdvertHeard | SensorState

interface Heard {
  /** The sensor's id in the configuration. */
  readonly sensor: string
  /** Milliseconds on the box's monotonic clock (Clock.monotonic). */
  readonly at: number
}

/** A beam was broken (1) or restored (0). */
export interface Edge extends Heard {
  readonly kind: 'edge'
  readonly line: 'outer' | 'inner'
  readonly level: 0 | 1
}

/** One radar frame: at most three moving points. Slots renumber, so the order says nothing about who is who. */
export interface Targets extends Heard {
  readonly kind: 'targets'
  readonly targets: readonly Target[]
}

export interface Target {
  /** mm, right of the sensor is positive. */
  readonly x: number
  /** mm in front of the sensor. */
  readonly y: number
  /** cm/s, negative = approaching. */
  readonly speed: number
  /** mm, the gate size. */
  readonly resolution: number
}

/** Somebody is or is not before a presence radar (LD2410). */
export interface Presence extends Heard {
  readonly kind: 'presence'
  readonly present: boolean
}

/** One range measurement of a ToF sensor in mm; null where the sensor itself says it is invalid. */
export interface Distance extends Heard {
  readonly kind: 'distance'
  readonly millimetres: number | null
}

/** A counter that counts by itself says how many people passed since it last told us. */
export interface Counted extends Heard {
  readonly kind: 'counted'
  readonly in: number
  readonly out: number
}

/**
 * One Bluetooth advertisement, sealed. What the seal holds is true only until `hear` returns: the driver overwrites its
 * bytes, so that no address spreads over the memory of the process. Whoever needs it later keeps a pseudonym.
 */
export interface AdvertHeard extends Heard {
  readonly kind: 'advert'
  readonly advert: Sealed<Advert>
}

export interface Advert {
  /** Six bytes, in the order in which people write them. */
  readonly address: Uint8Array
  readonly type: 'public' | 'random'
  /** dBm; 127 where the radio does not say. */
  readonly rssi: number
  /** AD structures (Core Specification Supplement, part A), at most 1650 bytes. */
  readonly data: Uint8Array
}

/**
 * Whether the sensor can hear. Judged only by what no shopper can influence: port open, unconditional frames or
 * heartbeats, line held. `reason` is one plain sentence for staff.
 */
export interface SensorState extends Heard {
  readonly kind: 'state'
  readonly state: 'up' | 'down'
  readonly reason?: string
}

/** Takes readings; called synchronously and never throws. */
export type Hear = (reading: Reading) => void

/** Something that hears. Construction does nothing; `open` acquires; `close` is idempotent. */
export interface Driver {
  readonly sensor: string
  /** Starts hearing. Resolves when it began trying: a part that is missing shows as a `state` reading, not as an error. */
  open(hear: Hear): Promise<void>
  close(): Promise<void>
  health(): DriverHealth
}

export interface DriverHealth {
  readonly sensor: string
  readonly state: 'up' | 'down' | 'not-driven'
  /** One sentence for staff when it is not up. */
  readonly reason?: string
  /** Bytes, frames, lines or messages that could not be understood since start. */
  readonly dropped: number
  /** Of a radio that is up: does BlueZ hand over only what was asked for, or all that it hears? */
  readonly scan?: 'monitor' | 'discovery'
  /** Of a radio that has a token to say: does it say it? Off: not now, or the radio itself is down. */
  readonly beacon?: 'on' | 'off' | 'unsupported' | 'refused'
}

/** What the opt-in beacon says. */
export interface OptInToken {
  /** 8 bytes. */
  readonly token: Buffer
  /** Milliseconds until it must say another one, of the same moment as the token. */
  readonly changesInMs: number
}

/** Turns a stream of bytes, split anywhere, into readings. Pure: no I/O, no clock, never throws, bounded memory. */
export interface Decoder {
  /** `at` is the arrival time in monotonic ms. */
  push(bytes: Uint8Array, at: number): void
  /** Frames or lines dropped since start. */
  readonly dropped: number
}
