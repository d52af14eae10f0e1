import type { Lane, Outgoing } from './feed.ts'
import type { Read } from './line.ts'
import type { Batch, Row, Stored } from './outbox-words.ts'

/** What can happen to the courier. */
export type CourierInput =
  | { readonly is: 'opened' }
  | { readonly is: 'closing' }
  | { readonly is: 'connected'; readonly receiveMaximum: number; readonly maximumPacketSize: number }
  | { readonly is: 'lost'; readonly why: Loss }
  /** The broker's PUBACK; a reason of 0x80 or more is a refusal (MQTT 5, 3.4.2.1). */
  | { readonly is: 'answered'; readonly ticket: number; readonly reason: number }
  | { readonly is: 'stored'; readonly message: unknown; readonly isRetained: boolean; readonly lastSeq: LastSeq }
  | { readonly is: 'noticed'; readonly notice: Outgoing }
  | { readonly is: 'rows'; readonly lane: Lane; readonly again: boolean; readonly batch: Batch }
  /** There may be rows to send: new ones were put, or the moment of one has come. */
  | { readonly is: 'woken' }
  /** A moment of the real clock came that was asked for. */
  | { readonly is: 'ticked' }

/** What the courier wants done, in this order. */
export type CourierAction =
  | { readonly do: 'connect'; readonly protocol: Protocol }
  /** The broker holds the line but answers nothing. */
  | { readonly do: 'disconnect' }
  | { readonly do: 'publish'; readonly ticket: number; readonly outgoing: Outgoing; readonly createdAt: number | null }
  | ({ readonly do: 'read'; readonly lane: Lane } & Read)
  | { readonly do: 'acknowledge' | 'refuse' | 'pack'; readonly lane: Lane; readonly seqs: readonly number[] }
  | { readonly do: 'trim'; readonly lane: Lane; readonly stored: Stored }
  /** Wake me in so many ms of that clock, at the latest. */
  | { readonly do: 'wake'; readonly on: 'shop' | 'real'; readonly inMs: number }
  /** Head office has seen a higher `seq` than this box ever gave out. */
  | { readonly do: 'adopt'; readonly upTo: LastSeq }
  /** `key` names a notice's topic, or lane and seq. */
  | { readonly do: 'report'; readonly what: Report; readonly key: string; readonly reason: number }

export type LastSeq = Readonly<Record<Lane, number>>
export type Protocol = 4 | 5
/** 'protocol': this version of MQTT was turned down. 'refused': who we are, or how much we send. */
export type Loss = 'network' | 'refused' | 'protocol'
export type Report = 'refused' | 'stored-ignored' | 'unanswered'

/** Moments of one step. */
export interface Moment {
  /** Wall ms of the shop's clock: rows become due on it. */
  readonly shop: number
  /** Wall and monotonic ms of the real clock: the network runs on it. */
  readonly wall: number
  readonly real: number
}

/** The courier as its shell sees it: inputs go in, actions come out. */
export interface Courier {
  step(input: CourierInput, moment: Moment): readonly CourierAction[]
  readonly progress: Progress
}

export interface Progress {
  readonly isConnected: boolean
  readonly protocol: Protocol
  /** Messages handed to the broker that it has not answered yet. */
  readonly inFlight: number
  /** Rows handed to the broker and taken by it, messages refused by it; a resend counts again. */
  readonly sent: number
  readonly acknowledged: number
  readonly refused: number
}

/** A message between its publish and its answer. */
export interface Load {
  /** Names it in reports: a notice's topic, or lane and seq of the first row. */
  readonly key: string
  readonly lane: Lane | null
  readonly rows: readonly Row[]
  readonly sentAt: number
}
