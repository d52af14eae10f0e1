import { second } from '../base/duration.ts'
import { backoff } from './backoff.ts'
import type { Loss, Protocol } from './courier-words.ts'

/** When to connect, and with which version of MQTT. */
export interface Dialler {
  readonly isOnline: boolean
  readonly protocol: Protocol
  /** Real ms at which to connect; Infinity while connecting, online or resting. */
  readonly dialAt: number
  /** Real ms at which the last connection ended; null before the first. */
  readonly lostAt: number | null
  open(real: number): void
  dialling(): void
  connected(real: number): void
  lost(why: Loss, real: number): void
}

const steadyAfter = 10 * second

/** @param random in [0, 1) */
export function createDialler(random: () => number): Dialler {
  let isOnline = false
  let protocol: Protocol = 5
  let hasSwitched = false
  let failures = 0
  let dialAt = Infinity
  let since = 0
  let lostAt: number | null = null

  /** Turned down for our version: the other one is tried, the first time at once. What works is kept. */
  function switches(why: Loss): boolean {
    if (why !== 'protocol') return false
    protocol = protocol === 5 ? 4 : 5
    const isFirst = !hasSwitched
    hasSwitched = true
    return isFirst
  }

  return {
    get isOnline() {
      return isOnline
    },
    get protocol() {
      return protocol
    },
    get dialAt() {
      return dialAt
    },
    get lostAt() {
      return lostAt
    },
    open(real) {
      dialAt = real
    },
    dialling() {
      dialAt = Infinity
    },
    connected(real) {
      isOnline = true
      hasSwitched = false
      since = real
    },
    lost(why, real) {
      // A broker that takes us and drops us is not knocked at ever faster.
      if (isOnline && real - since >= steadyAfter) failures = 0
      if (isOnline) lostAt = real
      isOnline = false
      dialAt = real + (switches(why) ? 0 : backoff(failures++, why, random()))
    },
  }
}
