import type { Clock } from '../../base/clock.ts'

/** What the shopper's page needs of the house. The roof makes it: on the box of the desk, at head office of the relay. */
export interface ShopperParts {
  /** The one shop at `/`, or the shop at `/s/{store}/{gateway}/`; undefined for none of that name. */
  readonly shop: Shop | ((store: string, gateway: string) => Shop | undefined)
  /** Do shoppers reach this page over TLS? Without it a page reads and refuses only, except on this machine itself. */
  readonly isSecure: boolean
  /** Is this `Host`, as sent and so with its port, one of ours? Any other is a stranger's name that was pointed at us (DNS rebinding). */
  readonly hosts: (host: string) => boolean
  /** Its monotonic time paces who asks too often. */
  readonly clock: Clock
  /** Addresses of the reverse proxies before us: only their word for the source of a question is taken. */
  readonly proxies?: readonly string[]
  /** Certificate and key (PEM) with which this server speaks TLS itself. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
}

export interface Shop {
  readonly desk: ShopperDesk
  /** What the shop's own screen shows; a shop without it has no such page. */
  readonly screen?: () => Shown | null
  /** Where the QR code on that screen leads: the address of this page as phones reach it, `https://...`. */
  readonly pageUrl?: string
}

export interface Shown {
  /** 13 signs. */
  readonly shown: string
  /** Until it changes. */
  readonly seconds: number
}

/** The desk, however far away. `from` is a source whose wrong tries are counted. */
export interface ShopperDesk {
  /** null: the box does not answer. */
  offer(language: string): Promise<Offer | null>
  /**
   * @param sealed a question sealed for the box, base64url
   * @param erase handles that head office is to erase at once, with a leave from home while the box may be off
   * @returns the sealed answer; 'kept' when the box is off and gets the question once it is back; null when nobody answers
   */
  ask(sealed: string, from: string, erase: readonly string[]): Promise<string | null>
  /** @param text a receipt as saved, its code, or its secret, as a person pasted or typed it */
  leave(text: string, from: string): Promise<LeaveOutcome>
}

/**
 * left: the box stopped, head office is told. erased: and has confirmed. kept: the box is off and stops when it is back,
 * head office erases at once.
 */
export type LeaveOutcome = 'left' | 'erased' | 'kept' | 'unknown' | 'unreachable' | 'too-many-tries'

export interface Offer {
  readonly state: 'offer'
  readonly fresh: string
  readonly askKey: string
  readonly askKeyId: string
  readonly signKeyId: string
  readonly language: string
  readonly languages: readonly string[]
  readonly shop: OfferedShop
  readonly ageLimit: number
  readonly isOpen: boolean
  readonly closesAt: string | null
  readonly measured: Measured
  readonly purposes: readonly OfferedPurpose[]
}

export interface OfferedShop {
  readonly id: string
  readonly name: string
  readonly country: string
  readonly controller: string
  readonly contact: string
  readonly dpo: string | null
  readonly authority: string | null
  readonly recipients: readonly { readonly name: string; readonly country: string; readonly safeguard: string | null }[]
}

export interface Measured {
  readonly profile: 'footfall-in' | 'footfall' | 'occupancy' | 'dwell' | 'phones'
  readonly windowMinutes: number
  readonly guessIn100: number
  readonly retainedDays: number
}

export interface OfferedPurpose {
  readonly id: string
  readonly text: string
  readonly benefit: string
  readonly recipient: string
  readonly retention: string
  readonly perVisit: number
  readonly perDay: number
  readonly quiet: string
  readonly longestDays: number
  readonly notice: string
}
