import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RelayLineParts } from './relay-line.ts'
import type { RelayStore } from './relay-store.ts'

/**
 * The relay at head office: passes a shopper's sealed questions to the box of a shop, and its sealed answers back. It
 * learns that somebody asks something of this shop, when, and how long the padded bytes are; not what, nor under which
 * key. Nothing of a question is logged, and no address of who asks is kept.
 *
 * Limits. Who owns the relay serves the page and can change it: a page that sends what is typed elsewhere, or seals it for
 * another key. Against the second the sign in the shop carries the id of the box's key (`k=` behind the `#` of the QR code,
 * which no server sees), and an unchanged page refuses any other key; against the first there is only that the page is the
 * same for everybody and can be compared. With a leave from home the page hands over the random handles of that receipt,
 * so that head office, which knows them anyhow, erases at once. A leave without JavaScript cannot be sealed by the
 * browser: the receipt passes through the memory of the relay, and opens nothing once the box has heard of it.
 */
export interface Relay<O extends RelayedOffer> {
  /** The desk of a shop that has ever been heard of; undefined for any other name. */
  shop(store: string, gateway: string): RelayDesk<O> | undefined
  readonly isConnected: boolean
  /** Resolves at the first connection to the broker. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** The desk of one shop as its page needs it, far from the shop. */
export interface RelayDesk<O extends RelayedOffer> {
  /** With the box off the last known one, as that of a closed shop; null when none is known. */
  offer(language: string): Promise<O | null>
  /**
   * The sealed answer (base64url); null when none came within 8 s.
   * @param from is not used: who asks too often is the page's business
   * @param erase with any handle it is a leave, see `leaveLater`; 'kept' when the box has not answered yet
   */
  ask(sealed: string, from: string, erase?: readonly string[]): Promise<string | null>
  /** Durable before it resolves: head office erases the handles at once, the box hears of it as soon as it is there. */
  leaveLater(sealed: string, handles: readonly string[]): Promise<LeaveState>
  /** For a page without JavaScript: seals the leave of a receipt for the box itself. */
  leave(text: string, from: string): Promise<LeaveOutcome>
}

/** 'full': too many leaves wait, nothing was kept, try again later. 'refused': it is no sealed leave. */
export type LeaveState = { readonly state: 'answered'; readonly sealed: string } | { readonly state: Unanswered }
export type Unanswered = 'kept' | 'full' | 'refused'
export type LeaveOutcome = 'left' | 'erased' | 'kept' | 'unknown' | 'unreachable' | 'too-many-tries'

export interface RelayParts<O extends RelayedOffer> extends RelayLineParts {
  readonly store: RelayStore
  readonly clock: Clock
  readonly log: Log
  /** The closed schemas of the feed. */
  readonly accepts: (kind: 'status' | 'answer', message: unknown) => boolean
  readonly isOffer: (message: unknown) => message is O
  /** Secret and handles of a receipt as it was saved, typed or scanned; undefined for what is none. */
  readonly readReceipt: (text: string) => { secret: string; handles: readonly string[] } | undefined
  /** How long a shopper waits for the box, in ms. */
  readonly patience?: number
}

/** An offer as the relay knows it: the box's own words, of which it looks at few. */
export interface RelayedOffer {
  readonly state: 'offer'
  readonly language: string
  readonly languages: readonly string[]
  readonly askKey: string
}
