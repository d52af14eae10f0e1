import type { Declined } from './consents.ts'
import type { exportOf } from './export.ts'
import type { PurposeState } from './record.ts'

/** What the desk answers. Texts that a person may read are the page's; here are names and numbers only. */
export type Answer = OfferAnswer | Given | Seen | Changed | Left | TagBegun | TagState | Done | Refusal

/** What the shop measures and what it asks for. Public: the same for everybody. */
export interface OfferAnswer {
  readonly state: 'offer'
  readonly fresh: string
  /** Base64url of 65 bytes: questions are sealed for it. */
  readonly askKey: string
  readonly askKeyId: string
  readonly signKeyId: string
  readonly language: string
  readonly languages: readonly string[]
  readonly shop: {
    readonly id: string
    readonly name: string
    readonly country: string
    readonly controller: string
    readonly contact: string
    readonly dpo: string | null
    readonly authority: string | null
    readonly recipients: readonly {
      readonly name: string
      readonly country: string
      readonly safeguard: string | null
    }[]
  }
  readonly ageLimit: number
  readonly isOpen: boolean
  readonly closesAt: string | null
  readonly measured: Measured
  readonly purposes: readonly OfferedPurpose[]
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

export interface Given {
  readonly state: 'given'
  readonly kind: 'visit' | 'record'
  /** One line of JSON, signed. */
  readonly receipt: string
  /** The same for a QR code. */
  readonly code: string
  readonly until: string
}

export interface Seen {
  readonly state: 'seen'
  readonly kind: 'visit' | 'record'
  readonly since: string
  readonly isPaused: boolean
  readonly purposes: readonly {
    readonly purpose: string
    readonly state: PurposeState
    readonly until: string | null
    readonly agreedAt: string | null
  }[]
  readonly erasure: Erasure
  readonly hasTag: boolean
  readonly record: ReturnType<typeof exportOf> | null
}

/** What head office said of the erasure that it was asked for. */
export type Erasure = 'none' | 'asked' | 'confirmed'

export interface Changed {
  readonly state: 'changed'
  readonly receipt: string
  readonly code: string
}

export interface Left {
  readonly state: 'left'
  readonly erasure: Erasure
}

export interface TagBegun {
  readonly state: 'tag'
  readonly tagToken: string
  /** X25519, base64url. */
  readonly publicKey: string
  readonly seconds: number
}

export interface TagState {
  readonly state: 'tag-state'
  readonly phase: 'none' | 'waiting' | 'enrolled' | 'refused'
  readonly why?: string
}

export interface Done {
  readonly state: 'done'
}

export interface Refusal {
  readonly state: 'declined'
  readonly why: Why
}

export type Why =
  | Declined['why']
  | 'malformed'
  | 'stale'
  | 'token'
  | 'too-many-tries'
  | 'closed'
  | 'unknown'
  | 'wrong-token'
  | 'off'

export function refusal(why: Why): Refusal {
  return { state: 'declined', why }
}
