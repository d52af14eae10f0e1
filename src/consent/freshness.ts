import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { minute } from '../base/duration.ts'
import { macOf } from '../base/mac.ts'

/**
 * A word that a box gives with what it offers, and wants back with every answer that gives something: so that a question
 * that somebody recorded on its way cannot be played again next week. Its key lives in memory; a restart makes all void.
 */
export interface Freshness {
  word(): string
  isFresh(word: string): boolean
}

const period = 5 * minute

/** A word is taken for five to ten minutes. */
export function createFreshness(clock: Clock): Freshness {
  const key = randomBytes(32)

  function wordOf(number: number): Buffer {
    return macOf(key, 'fresh', number).subarray(0, 16)
  }

  function current(): number {
    return Math.floor(clock.monotonic() / period)
  }

  return {
    word: () => wordOf(current()).toString('base64url'),
    isFresh(word) {
      const given = Buffer.from(word, 'base64url')
      if (given.length !== 16) return false
      return [current(), current() - 1].some((number) => timingSafeEqual(wordOf(number), given))
    },
  }
}
