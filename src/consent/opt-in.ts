import { randomBytes, timingSafeEqual } from 'node:crypto'
import { fromReadable, toReadable } from '../base/base-codes.ts'
import type { Clock } from '../base/clock.ts'
import { second } from '../base/duration.ts'
import { macOf } from '../base/mac.ts'
import { optInTokenLength } from '../base/opt-in-advert.ts'
import { createAttempts } from './attempts.ts'

/**
 * The token that the opt-in beacon says and the screen shows. Who brings it back saw or heard it in the shop within the last
 * minute, or was told it by somebody who did: that is all it proves. Its key lives in memory, so no disk can tell past or
 * coming tokens; a restart makes all of them void.
 */
export interface OptIn {
  /** 8 bytes, in force at this moment. */
  token(): Buffer
  /** The same for a screen: 13 signs without I, L, O and U. */
  shown(): string
  /** Judges a token that a page sends. @param source whom to count a wrong one against */
  redeem(typed: string, source: string): Redeemed
  /** Ms until there is another token. */
  changesIn(): number
}

export type Redeemed = 'in-the-shop' | 'wrong-or-late' | 'too-many-tries'

/** A token's age may be this much, counted from when it was first shown. */
export const tokenLife = 60 * second
/** A new one is shown this often, so that whoever sees one has at least half a minute. */
export const tokenPeriod = 30 * second

export function createOptIn(clock: Clock, attempts = createAttempts()): OptIn {
  const key = randomBytes(32)

  function tokenAt(period: number): Buffer {
    return macOf(key, 'opt-in', period).subarray(0, optInTokenLength)
  }

  function current(): number {
    return Math.floor(clock.monotonic() / tokenPeriod)
  }

  // Every token that may be right is compared, in constant time: how long it takes says nothing.
  function isKnown(token: Buffer): boolean {
    const oldest = Math.max(0, Math.ceil((clock.monotonic() - tokenLife) / tokenPeriod))
    let found = false
    for (let period = oldest; period <= current(); period++) {
      if (timingSafeEqual(tokenAt(period), token)) found = true
    }
    return found
  }

  return {
    token: () => tokenAt(current()),
    shown: () => toReadable(tokenAt(current())),
    changesIn: () => (current() + 1) * tokenPeriod - clock.monotonic(),
    redeem(typed, source) {
      const token = fromReadable(typed, optInTokenLength)
      // The right one is taken always: 64 bits are not guessed in a minute, and nobody can shut others out by guessing.
      if (token && isKnown(token)) return 'in-the-shop'
      return attempts.mayTry(source, clock.monotonic()) ? 'wrong-or-late' : 'too-many-tries'
    },
  }
}
