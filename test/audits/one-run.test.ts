import { describe, expect, it } from 'vitest'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { epsilonOfGuesses } from '../support/statistics.ts'
import { openShop, policyFor, type Shop, type ShopOptions, sentOf } from '../support/wall.ts'

/**
 * The whole gateway in one run, after Steinke, Nasr and Jagielski (2023): in every slot a fair coin decides whether one
 * more visitor, a canary, comes in, passes the area and leaves. Somebody who knows all others guesses from what was
 * released, and says nothing where the numbers disagree. Whoever is right more often than randomised response at the
 * stated epsilon can be refutes it. False alarm: 1 in 1000 for each reader.
 */

const options: ShopOptions = {
  start: '2026-11-23T08:59:00Z',
  zones: [
    { id: 'entrance', name: 'Entrance', kind: 'door' },
    { id: 'shoes', name: 'Shoes', kind: 'area' },
  ],
  privacy: { profile: 'footfall', window: '5m' },
}
const stated = policyFor(options).perVisitMilli / 1000
const day = 86_400_000
const slotMs = 300_000
const slotsPerDay = 108
const daysPerBox = 10

interface Canary {
  readonly isThere: boolean
  /** The others, in each number. */
  readonly others: number
  /** What each reader has of the slot: in and out of both zones. */
  readonly windows: number[]
  readonly dayWindows: number[]
}

/** Days of a shop in which every slot holds a canary or not; `weight` is how often a canary is counted. */
function run(days: number, weight: number): Canary[] {
  const random = seededRandom(days * 31 + weight)
  const boxes = Array.from({ length: days / daysPerBox }, () => openShop(options))
  return boxes.flatMap((shop) => {
    return Array.from({ length: daysPerBox }, (_, index) => liveDay(shop, index * day, weight, random)).flat()
  })
}

function liveDay(shop: Shop, from: number, weight: number, random: () => number): Canary[] {
  const opens = from + 60_000
  const planted = Array.from({ length: slotsPerDay }, (_, slot) => {
    shop.clock.advanceTo(opens + slot * slotMs + 5000)
    shop.wall.tick()
    const [isThere, others] = [random() < 0.5, Math.floor(random() * 10)]
    for (const zone of ['entrance', 'shoes']) {
      for (const direction of ['in', 'out'] as const) shop.pass(direction, others + (isThere ? weight : 0), zone)
    }
    return { isThere, others }
  })
  shop.clock.advanceTo(opens + slotsPerDay * slotMs + 5000)
  shop.wall.tick()
  const seen = planted.map((one, slot) => ({ ...one, ...readers(sentOf(shop, 'footfall'), sentOf(shop, 'day'), slot) }))
  shop.sent.splice(0)
  return seen
}

type Numbers = { readonly in: number | null; readonly out: number | null }

function readers(
  footfall: readonly (Numbers & { series: string })[],
  days: readonly { windows: readonly Numbers[] }[],
  slot: number,
) {
  const pair = (one: Numbers) => [one.in!, one.out!]
  const windows = ['entrance', 'shoes'].flatMap((zone) => {
    return pair(footfall.filter(({ series }) => series === `footfall/${zone}`)[slot]!)
  })
  return { windows, dayWindows: days.flatMap((one) => pair(one.windows[slot]!)) }
}

/** Epsilon as far as a reader's guesses show it. */
function shown(canaries: readonly Canary[], numbersOf: (canary: Canary) => readonly number[]) {
  let [right, guesses] = [0, 0]
  for (const canary of canaries) {
    const numbers = numbersOf(canary)
    const isIn = numbers.every((number) => number > canary.others)
    if (!isIn && !numbers.every((number) => number <= canary.others)) continue
    guesses += 1
    if (isIn === canary.isThere) right += 1
  }
  return { epsilon: epsilonOfGuesses({ hits: right, tries: guesses }), guesses, right }
}

describe('canaries in one run of the whole wall', () => {
  const days = trials(80, 300)
  const canaries = run(days, 1)

  it.each([
    ['windows', (one: Canary) => one.windows],
    ['the windows in the messages of days', (one: Canary) => one.dayWindows],
  ] as const)('are guessed from %s no better than is stated', (_, numbersOf) => {
    expect(shown(canaries, numbersOf).epsilon).toBeLessThanOrEqual(stated)
  })

  it('are guessed well enough that the audit means something', () => {
    const { epsilon, guesses } = shown(canaries, (one) => one.windows)
    expect(guesses).toBeGreaterThan(canaries.length / 10)
    expect(epsilon).toBeGreaterThan(trials(0.45, 0.6) * stated)
  })

  it('are guessed too well where a canary is counted three times', () => {
    expect(shown(run(30, 3), (one) => one.windows).epsilon).toBeGreaterThan(stated)
  })

  it('are guessed too well where the message of a day holds its exact windows', () => {
    const exact = ({ others, isThere }: Canary) => [others + (isThere ? 1 : 0)]
    expect(shown(canaries, exact).epsilon).toBeGreaterThan(stated)
  })
})
