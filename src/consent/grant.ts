/**
 * A Grant is what one shopper agreed to: one purpose, under one notice, until a moment. Nothing else opens the way
 * for a signal.
 */
export interface Grant {
  /** Random, per shopper and purpose; derived from nothing. base64url, 16 bytes. */
  readonly handle: string
  readonly purpose: Purpose
  /** SHA-256 of the notice the shopper saw, `sha256:` and 64 hex digits. */
  readonly notice: string
  /** Milliseconds since 1970 UTC. */
  readonly validFrom: number
  readonly validUntil: number
  readonly withdrawnAt: number | null
}

/** A purpose's id as the configuration declares it, such as 'offers'. */
export type Purpose = string

/** Fails closed: an unknown, expired, withdrawn or outdated grant is no grant. `now` in ms since 1970. */
export function isGranted(grant: Grant | undefined, purpose: Purpose, notice: string, now: number): boolean {
  if (!grant || grant.purpose !== purpose || grant.notice !== notice) return false
  return grant.withdrawnAt === null && grant.validFrom <= now && now < grant.validUntil
}
