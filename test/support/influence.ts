import { isDrawn, type Release } from '../../src/privacy/release.ts'
import { numbersIn, unitOf } from './neighbours.ts'
import { openShop, policyFor, type Shop, type ShopOptions } from './wall.ts'

/**
 * What somebody changes in everything that leaves, through the real wall with real noise: a crowd of `crowd` does at once
 * what one would do, so that the noise is nothing beside it. The difference to a shop without them, divided by their number,
 * is one person's influence: a whole number, wrong less than once in 10^20 where the crowd is 100 times the noise's scale.
 */
export interface Influence {
  /** By id: for each number of that release. Those that nobody changed are not in it. */
  readonly byId: ReadonlyMap<string, readonly number[]>
  /** Thousandths of epsilon of all drawn numbers together: each change over its unit, times the series' epsilon. */
  readonly lossMilli: number
}

export interface Scenario {
  readonly options: ShopOptions
  /** The end of the day, wall time. */
  readonly until: string
  readonly crowd: number
  /** What they do; `people` is 0 or `crowd`. Passes time by itself. */
  readonly visit: (shop: Shop, people: number) => void
}

export function influenceOf({ options, until, crowd, visit }: Scenario): Influence {
  const [without, there] = [0, crowd].map((people) => {
    const shop = openShop(options)
    visit(shop, people)
    shop.until(until, 60_000)
    return new Map(shop.sent.map(({ release }) => [release.id, release]))
  }) as [Map<string, Release>, Map<string, Release>]
  const changes = [...there].map(([id, release]) => {
    const before = numbersIn(without.get(id)!)
    return [id, numbersIn(release).map((number, i) => Math.round((number - before[i]!) / crowd))] as const
  })
  const byId = new Map(changes.filter(([, change]) => change.some((by) => by !== 0)))
  return { byId, lossMilli: lossOf(options, byId, there) }
}

function lossOf(options: ShopOptions, byId: Influence['byId'], sent: ReadonlyMap<string, Release>): number {
  const drawn = new Map(
    policyFor(options)
      .series.filter(isDrawn)
      .map((series) => [series.name, series]),
  )
  const losses = [...byId].map(([id, change]) => {
    const series = drawn.get(sent.get(id)!.series)
    const units = series ? change.reduce((sum, by) => sum + Math.abs(by), 0) / unitOf(series) : 0
    return units * (series?.epsilon ?? 0) * 1000
  })
  return Math.round(losses.reduce((sum, loss) => sum + loss, 0))
}
