import { isDrawn, type Release } from '../../src/privacy/release.ts'
import { numbersIn } from './neighbours.ts'
import { openShop, policyFor, type Shop, type ShopOptions } from './wall.ts'

const day = 86_400_000
const hour = 3_600_000
/** A journal of more days makes each slower. */
const daysPerBox = 200

/** A shop that is open for one hour a day, in one window: its days are trials that know nothing of each other. */
export const oneHour: ShopOptions = { start: '2026-11-23T08:00:00Z', opening: '09:00-10:00' }

/** The same with an hour before it that was hardly heard: a day that lacks a window gives its number as it was drawn. */
export const withGap: Partial<ShopOptions> = {
  opening: '08:00-10:00',
  aliveShare: (_feed, from) => (from % day < hour / 2 ? 0.4 : 1),
}

/**
 * All drawn numbers of each of so many days through the real wall, in the order of the policy.
 * @param visit what happens on day `index`
 */
export function liveDays(
  changes: Partial<ShopOptions>,
  days: number,
  visit: (shop: Shop, index: number) => unknown,
): number[][] {
  const options: ShopOptions = { ...oneHour, ...changes, privacy: { window: '60m', ...changes.privacy } }
  const drawn = new Set(
    policyFor(options)
      .series.filter(isDrawn)
      .map(({ name }) => name),
  )
  const lived: number[][] = []
  while (lived.length < days) {
    const shop = openShop(options)
    // What is not kept counts as heard from the first look at the clock.
    shop.wall.tick()
    for (let index = 0; index < daysPerBox && lived.length < days; index++) {
      shop.clock.advanceTo(index * day + 1.25 * hour)
      shop.wall.tick()
      visit(shop, lived.length)
      shop.clock.advanceTo(index * day + 2.25 * hour)
      shop.wall.tick()
      lived.push(shop.sent.splice(0).flatMap(({ release }) => numbersOfDrawn(release, drawn)))
    }
  }
  return lived
}

function numbersOfDrawn(release: Release, drawn: ReadonlySet<string>): number[] {
  return drawn.has(release.series) ? numbersIn(release) : []
}
