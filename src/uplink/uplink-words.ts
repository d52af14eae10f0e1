import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { LastSeq, Progress } from './courier-words.ts'
import type { AnswerValue, Identity } from './feed.ts'
import type { Catalogue, Health } from './feed-schema.ts'
import type { Outbox } from './outbox.ts'
import type { AskRequest, RequestFigures } from './requests.ts'
import type { UpstreamSettings } from './settings.ts'

/** Carries what lies in the outbox to the broker, and says how the box is. */
export interface Uplink {
  /** Begins to connect and goes on until closed. */
  open(): void
  /** New rows were put. */
  wake(): void
  /** The catalogue changed, or something in health should not wait five minutes. */
  publishNotices(): void
  /** True once everything in the outbox was PUBACKed; false after `patience` ms without progress (a connection or a PUBACK). */
  settled(patience: number): Promise<boolean>
  state(): UplinkState
  /**
   * Answers a shopper's question. Best effort: false when it was not sent, since it is not connected, has too many answers
   * under way or the value fits no schema; who got no answer asks again.
   */
  answer(nonce: string, value: AnswerValue): boolean
  /** Says offline and goodbye; what is under way gets two seconds. */
  close(): Promise<void>
}

export interface UplinkState extends Progress {
  /** Wall ms since which it is connected, or not. */
  readonly since: number
  /** Why it is not connected, in one sentence; null when it is or was not tried. */
  readonly failure: string | null
  /** Shoppers' questions, since the start. */
  readonly requests: RequestFigures
}

export interface UplinkParts {
  readonly settings: UpstreamSettings
  readonly identity: Identity
  readonly outbox: Outbox
  /** The shop's time: rows leave when it says so. Not asked in `replay`, where everything leaves at once. */
  readonly clock: Clock
  /** The network's time: the machine's own clock, also in `replay`. */
  readonly realClock: Clock
  readonly log: Log
  readonly mode: 'run' | 'replay' | 'demo'
  /** Gives the number of the next connection. */
  readonly session: () => number
  readonly notices: { catalogue(): Catalogue; health(): Health }
  /** Head office has seen numbers up to here that this box never sent: it was restored from an old image. */
  readonly onRestoredImage: (upTo: LastSeq) => void
  /**
   * A shopper asks over the relay; at most `mostPerSecond` of them come, and the same one may come again. Answer only what
   * was done: the relay repeats a leave until it is answered, and forgets it then. Without it the box does not listen.
   */
  readonly onRequest?: (request: AskRequest) => void
  /** In [0, 1); for the jitter. */
  readonly random?: () => number
}
