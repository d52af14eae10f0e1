import { backoff } from './backoff.ts'

/**
 * How much the broker can bear. It may refuse one message, refuse everything for a while, or drop the connection over a
 * message that it cannot take. None of these may hold up what comes behind, and none of them loses anything.
 */
export interface Caution {
  /** How many messages may be in flight where the broker allows `window`. */
  allowance(window: number): number
  pausedUntil(): number
  accepted(key: string): void
  /** @param real monotonic ms */
  refused(reason: number, real: number): void
  /** The connection ended before these were answered. Returns the one that is to blame, once that is plain. */
  lost(keys: readonly string[]): string | undefined
  /** Everything was answered: no suspicion is left. */
  calm(): void
}

const packetTooLarge = 0x95
const quotaExceeded = 0x97
const refusalsBeforePause = 5
const lossesBeforeCaution = 2
const lossesBeforeBlame = 4

/** @param random in [0, 1) */
export function createCaution(random: () => number): Caution {
  /** Connections that ended while a message was unanswered. */
  const losses = new Map<string, number>()
  let refusals = 0
  let pauses = 0
  let until = -Infinity

  const isSuspicious = () => losses.values().some((count) => count >= lossesBeforeCaution)

  return {
    // One at a time, so that the next loss points at one message.
    allowance: (window) => (refusals >= refusalsBeforePause || isSuspicious() ? 1 : window),
    pausedUntil: () => until,
    accepted(key) {
      losses.delete(key)
      refusals = 0
      pauses = 0
    },
    refused(reason, real) {
      // One large message says little of those behind it; a thousand in a row mean that nothing fits.
      refusals += reason === packetTooLarge ? 1 / 200 : 1
      if (reason === quotaExceeded || refusals >= refusalsBeforePause) {
        until = real + backoff(pauses, 'refused', random())
        pauses += 1
      }
    },
    lost(keys) {
      for (const key of keys) losses.set(key, (losses.get(key) ?? 0) + 1)
      const [only] = keys
      if (keys.length !== 1 || only === undefined || losses.get(only)! < lossesBeforeBlame) return undefined
      losses.delete(only)
      return only
    },
    calm: () => losses.clear(),
  }
}
