import { describe, expect, test } from 'vitest'
import { fromReadable } from '../../src/base/base-codes.ts'
import { manualClock } from '../../src/base/clock.ts'
import { minute, second } from '../../src/base/duration.ts'
import { optInTokenLength } from '../../src/base/opt-in-advert.ts'
import { createAttempts } from '../../src/consent/attempts.ts'
import { createOptIn, tokenPeriod } from '../../src/consent/opt-in.ts'
import { seededRandom } from '../support/random.ts'
import { noon } from './shop.ts'

const aBeacon = () => {
  const clock = manualClock(noon)
  return { clock, optIn: createOptIn(clock, createAttempts(1e4)) }
}

describe('the token of the opt-in beacon', () => {
  test('is taken for a minute from when it was first shown, and 61 s old it is refused', () => {
    const { clock, optIn } = aBeacon()
    const token = optIn.shown()
    for (const [at, answer] of [
      [0, 'in-the-shop'],
      [59, 'in-the-shop'],
      [60, 'in-the-shop'],
      [61, 'wrong-or-late'],
      [600, 'wrong-or-late'],
    ] as const) {
      clock.advanceTo(at * second)
      expect(optIn.redeem(token, 'a'), `${at} s`).toBe(answer)
    }
  })

  test('at any moment: what was first shown at most a minute ago is taken, what is older is not', () => {
    const { clock, optIn } = aBeacon()
    const random = seededRandom(5)
    const shown: { token: string; from: number }[] = []
    for (let i = 0; i < 3000; i++) {
      clock.advanceTo(clock.monotonic() + random() * 20_000)
      const from = Math.floor(clock.monotonic() / tokenPeriod) * tokenPeriod
      const token = optIn.shown()
      if (shown.at(-1)?.token !== token) shown.push({ token, from })
      for (const one of shown.slice(-6)) {
        const expected = clock.monotonic() - one.from <= minute ? 'in-the-shop' : 'wrong-or-late'
        expect(optIn.redeem(one.token, 'a')).toBe(expected)
      }
    }
    expect(new Set(shown.map(({ token }) => token)).size).toBe(shown.length)
  })

  test('on the screen is the one on the air, and people may type it as they like', () => {
    const { optIn } = aBeacon()
    expect(fromReadable(optIn.shown(), optInTokenLength)).toEqual(optIn.token())
    const typed = ` ${optIn
      .shown()
      .toLowerCase()
      .replace(/(.{4})/g, '$1-')} `
    expect(optIn.redeem(typed, 'a')).toBe('in-the-shop')
  })

  test('of another box, or from before a restart, is nothing', () => {
    const { clock, optIn } = aBeacon()
    expect(createOptIn(clock).redeem(optIn.shown(), 'a')).toBe('wrong-or-late')
  })

  test.each(['', 'x', '0'.repeat(13), '0'.repeat(10_000), 'öööööööööööö1', '<script>'])('is not %j', (typed) => {
    expect(aBeacon().optIn.redeem(typed, 'a')).toBe('wrong-or-late')
  })

  test('of a coming minute is not taken yet', () => {
    const clock = manualClock(noon)
    const optIn = createOptIn(clock)
    clock.advanceTo(10 * minute)
    const later = optIn.shown()
    expect(optIn.redeem(later, 'a')).toBe('in-the-shop')
  })
})

describe('attempts', () => {
  test('are bounded for a source and minute, and the right one is taken whoever has guessed', () => {
    const clock = manualClock(noon)
    const optIn = createOptIn(clock, createAttempts(3))
    for (let i = 0; i < 3; i++) expect(optIn.redeem('0000000000000', 'guesser')).toBe('wrong-or-late')
    expect(optIn.redeem('0000000000000', 'guesser')).toBe('too-many-tries')
    expect(optIn.redeem(optIn.shown(), 'guesser')).toBe('in-the-shop')
    clock.advanceTo(minute)
    expect(optIn.redeem('0000000000000', 'guesser')).toBe('wrong-or-late')
    expect(optIn.redeem(optIn.shown(), 'guesser')).toBe('in-the-shop')
    for (let i = 0; i < 20; i++) expect(optIn.redeem(optIn.shown(), 'guesser')).toBe('in-the-shop')
  })

  test('of a million sources take no more room, and of who tried nothing is kept', () => {
    const attempts = createAttempts(10)
    let refused = 0
    for (let i = 0; i < 200_000; i++) if (!attempts.mayTry(`source ${i}`, 0)) refused++
    // 1024 places of ten: everything else is refused, whoever it is, until the minute is over.
    expect(refused).toBeGreaterThanOrEqual(200_000 - 10 * 1024)
    expect(attempts.mayTry('another', minute)).toBe(true)
  })
})
