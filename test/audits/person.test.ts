import { describe, expect, it } from 'vitest'
import type { PrivacySettings, Zone } from '../../src/privacy/settings.ts'
import { liveDays } from '../support/days.ts'
import { influenceOf } from '../support/influence.ts'
import { trials } from '../support/need.ts'
import { epsilonBound, type Hits } from '../support/statistics.ts'
import { forgetsAnArea } from '../support/unprotected.ts'
import { phonesSettings, policyFor, type Shop, type ShopOptions } from '../support/wall.ts'

/**
 * One person enters, passes every area once and leaves: a whole day of a shop with and without her, through the real wall.
 * Two ways: what she changes in every number, exactly, and at the price of that number (false alarm less than 1 in 10^20);
 * and the lower bound on epsilon by the event that tells most, all numbers at least what they are with her, which is where
 * the likelihood ratio of the stated mechanism is largest (1 in 1000 by Clopper and Pearson).
 */

const door = (id: string): Zone => ({ id, name: id, kind: 'door' })
const area = (id: string): Zone => ({ id, name: id, kind: 'area' })
const shops: readonly (readonly Zone[])[] = [
  [door('entrance')],
  [door('entrance'), door('side')],
  [door('entrance'), area('shoes')],
  [area('shoes'), area('coats'), door('entrance'), area('tills')],
]

type Choice = Partial<PrivacySettings>
const choices: readonly Choice[] = [
  { profile: 'footfall' },
  { profile: 'footfall-in' },
  { profile: 'footfall', precision: 'fine' },
  { profile: 'footfall', window: '60m' },
  { profile: 'occupancy' },
  { profile: 'dwell' },
  { profile: 'phones', phones: phonesSettings },
  { profile: 'phones', phones: phonesSettings, window: '30m' },
]

const cases = shops.flatMap((zones) => choices.map((privacy) => ({ zones, privacy })))
const crowd = 10_000

function optionsOf({ zones, privacy }: { zones: readonly Zone[]; privacy: Choice }): ShopOptions {
  const radios = privacy.profile === 'phones' ? ['entrance'] : []
  const areas = privacy.profile === 'dwell' ? timedOf(zones) : []
  return { start: '2026-11-23T08:58:00Z', opening: '09:00-11:00', zones, radios, areas, privacy }
}

/** The zones in which a radar times stays: all areas, or the door where there is none. */
function timedOf(zones: readonly Zone[]): string[] {
  const areas = zones.filter(({ kind }) => kind === 'area').map(({ id }) => id)
  return areas.length > 0 ? areas : ['entrance']
}

/** In by the entrance at 09:07, through all areas, out at 10:06; a phone is heard all the time, if phones are. */
function visits(zones: readonly Zone[], shop: Shop, people: number): void {
  for (let minute = 7; minute <= 66; minute++) {
    shop.until(new Date(Date.parse('2026-11-23T09:00:00Z') + minute * 60_000).toISOString(), 60_000)
    if (people === 0) continue
    // One of five is enough, since an address counts once in five minutes.
    if (minute % 5 === 2 || minute === 66) shop.phones(Array.from({ length: people }, (_, i) => i))
    if (minute === 7) shop.pass('in', people, 'entrance')
    if (minute === 20) passAreas(zones, shop, people)
    // Of the shortest length, since that is the bin that is looked at.
    if (minute === 21) for (const zone of timedOf(zones)) shop.stay(0.5, people, zone)
    if (minute === 66) shop.pass('out', people, 'entrance')
  }
}

function passAreas(zones: readonly Zone[], shop: Shop, people: number): void {
  for (const { id, kind } of zones) {
    if (kind === 'door') continue
    shop.pass('in', people, id)
    shop.pass('out', people, id)
  }
}

function lossMilli(options: ShopOptions): number {
  const visit = (shop: Shop, people: number) => visits(options.zones!, shop, people)
  return influenceOf({ options, until: '2026-11-23T11:01:00Z', crowd, visit }).lossMilli
}

describe('what one person changes', () => {
  it.each(cases)('costs no more than a visit is said to pay: $zones.length zones, $privacy', (one) => {
    const options = optionsOf(one)
    const { perVisitMilli } = policyFor(options)
    const loss = lossMilli(options)
    expect(loss).toBeLessThanOrEqual(perVisitMilli)
    // A phone that comes and goes inside a window is heard in a part of it only.
    expect(loss).toBeGreaterThanOrEqual(perVisitMilli - (one.privacy.profile === 'phones' ? 400 : 0))
  })

  it.each(
    cases.filter(({ zones, privacy }) => zones.some(({ kind }) => kind === 'area') && privacy.profile !== 'phones'),
  )('is found to cost more than a sum without one area: $zones.length zones, $privacy', (one) => {
    const options = optionsOf(one)
    expect(lossMilli(options)).toBeGreaterThan(forgetsAnArea(policyFor(options)).perVisitMilli)
  })
})

describe('what a shopper changes who agreed to be counted', () => {
  const zones = shops[2]!
  const options: ShopOptions = { ...optionsOf({ zones, privacy: { profile: 'footfall', visitors: 'offers' } }) }

  /** Comes, is seen every few minutes, and passes all areas. */
  function comes(shop: Shop, people: number): void {
    const shoppers = Array.from({ length: people }, (_, i) => i)
    shop.until('2026-11-23T09:05:00Z', 60_000)
    for (let i = 0; i < 3; i++) shop.visit(shoppers)
    visits(zones, shop, people)
    shop.visit(shoppers)
  }

  it('costs 0.5 beside a visit, however often they are seen', () => {
    const { lossMilli: loss, byId } = influenceOf({ options, until: '2026-11-23T11:01:00Z', crowd, visit: comes })
    expect(byId.get('shop/gw/visitors/2026-11-23')).toEqual([1])
    expect(loss).toBe(policyFor(options).perVisitMilli + 500)
  })

  it('and that of one who did not is what a visit pays', () => {
    expect(lossMilli(options)).toBe(policyFor(options).perVisitMilli)
  })
})

describe('the whole day of a shop', () => {
  const zones = shops[2]!
  const options = { zones, privacy: { profile: 'footfall-in', window: '60m' } as const }
  const days = trials(6000, 40_000)
  const perVisit = policyFor(options).perVisitMilli / 1000
  const lived = new Map<number, number[][]>()

  function livedWith(people: number): number[][] {
    const known = lived.get(people) ?? liveDays(options, days, (shop) => people > 0 && passAll(shop, people))
    lived.set(people, known)
    return known
  }

  function passAll(shop: Shop, people: number): void {
    shop.pass('in', people, 'entrance')
    passAreas(zones, shop, people)
  }

  /** How often the numbers with these places are at least what they are with her. */
  function reached(people: number, which: readonly number[]): Hits {
    const hits = livedWith(people).filter((numbers) => which.every((i) => numbers[i]! >= 1)).length
    return { hits, tries: days }
  }

  const bound = (which: readonly number[], people = 1) => epsilonBound(reached(people, which), reached(0, which))

  it('tells no more of her than a visit is said to pay, and nearly as much', () => {
    expect(livedWith(1)[0]).toHaveLength(3)
    expect(bound([0, 1, 2])).toBeLessThanOrEqual(perVisit)
    expect(bound([0, 1, 2])).toBeGreaterThanOrEqual(trials(0.25, 0.75) * perVisit)
  })

  // Window and day of the door at 0.4 and 0.1, window of the area at 0.2. The number of a day is a blend of its own draw with
  // its windows, so that alone it may tell what both pay.
  it.each([
    ['a window and its day', [0, 2], 0.5],
    ['a door and an area', [0, 1], 0.6],
    ['an area and the day of the door', [1, 2], 0.7],
  ] as const)('no pair of numbers tells more than the sum of both: %s', (_, which, stated) => {
    expect(bound(which)).toBeLessThanOrEqual(stated)
  })

  it('is found to tell more than is stated where she is counted twice', () => {
    expect(bound([0, 1, 2], 2)).toBeGreaterThan(perVisit)
  })
})
