import { randomBytes } from 'node:crypto'
import { minute } from '../base/duration.ts'
import { macOf } from '../base/mac.ts'

/** Bounds guessing. Nothing is kept of who tried: a source is one of a thousand places, under a key that lives in memory. */
export interface Attempts {
  /** May this source try now? Counts the try when it may. @param now monotonic ms */
  mayTry(source: string, now: number): boolean
}

const places = 1024

/** @param perMinute tries of one source, and of those that happen to share its place */
export function createAttempts(perMinute = 10): Attempts {
  const key = randomBytes(32)
  const tries = new Uint16Array(places)
  let since = Number.NEGATIVE_INFINITY

  function placeOf(source: string): number {
    return macOf(key, source).readUInt32BE(0) % places
  }

  return {
    mayTry(source, now) {
      if (now - since >= minute || now < since) {
        tries.fill(0)
        since = now
      }
      const place = placeOf(source)
      if (tries[place]! >= perMinute) return false
      tries[place]!++
      return true
    },
  }
}
