import { describe, expect, it } from 'vitest'
import { stayMilli } from '../../src/privacy/phones-price.ts'
import type { PrivacySettings } from '../../src/privacy/settings.ts'
import { type Influence, influenceOf } from '../support/influence.ts'
import { phonesSettings, policyFor, type Shop, type ShopOptions } from '../support/wall.ts'

/**
 * Somebody who stays: the price that `check` states for a stay is not exceeded by what the stay changes in everything that
 * leaves, and is reached by the stay that lies worst between the windows. False alarm: less than 1 in 10^20.
 */

type Window = PrivacySettings['window']

const start = '2026-11-23T08:58:00Z'
const minute = 60_000
const open: ShopOptions = { start, opening: '09:00-18:00' }
const seconds: Record<Window, number> = { '5m': 300, '15m': 900, '30m': 1800, '60m': 3600 }

function withPhones(window: Window): ShopOptions {
  return { ...open, radios: ['entrance'], privacy: { profile: 'phones', window, phones: phonesSettings } }
}

/** Heard every `step` minutes and at last, from `from` for so many minutes, under an address that is `address(minute)`. */
function stays(from: number, minutes: number, step: number, address: (minute: number) => number) {
  return (shop: Shop, people: number) => {
    shop.until('2026-11-23T09:00:00Z')
    const begin = Date.parse('2026-11-23T09:00:00Z') + from * minute
    for (let at = 0; at < minutes; at++) {
      shop.until(new Date(begin + at * minute).toISOString(), minute)
      if (at % step !== 0 && at !== minutes - 1) continue
      shop.phones(Array.from({ length: people }, (_, i) => i * 1000 + address(at)))
    }
  }
}

/** @param address by the minute; without it one that stays */
function staying(window: Window, minutes: number, address?: (minute: number) => number): Influence {
  // A minute before a window ends, so that a stay meets as many windows as it can.
  const from = seconds[window] / 60 - 1
  // A hundred times the scale of the noise, which is 5 for each sub-window.
  const crowd = (seconds[window] / 300) * 500
  // An address counts once in five minutes, so that more is needed only where it changes.
  const visit = stays(from, minutes, address ? 1 : 5, address ?? (() => 0))
  return influenceOf({ options: withPhones(window), until: '2026-11-23T18:01:00Z', crowd, visit })
}

describe('a phone that stays', () => {
  it.each([
    ['15m', 15],
    ['15m', 60],
    ['15m', 480],
    ['5m', 60],
    ['30m', 60],
    ['60m', 60],
  ] as const)('with windows of %s for %d minutes pays no more than is stated', (window, minutes) => {
    const { byId, lossMilli } = staying(window, minutes)
    const stated = stayMilli(minutes, seconds[window], 1)
    expect(lossMilli).toBeGreaterThan(0)
    expect(lossMilli).toBeLessThanOrEqual(stated)
    // At each end a window holds a part of the stay only; what is stated holds for whole ones.
    expect(lossMilli).toBeGreaterThanOrEqual(stated - 400)
    expect([...byId.keys()].every((id) => id.includes('/phones/'))).toBe(true)
  })

  it('pays twice at most with an address that changes once in every window', () => {
    const { lossMilli } = staying('15m', 60, (at) => Math.floor((at + 7) / 15))
    expect(lossMilli).toBeGreaterThan(staying('15m', 60).lossMilli)
    expect(lossMilli).toBeLessThanOrEqual(2 * stayMilli(60, 900, 1))
  })

  it('is found to pay more than a price that forgets that it stays', () => {
    expect(staying('15m', 60).lossMilli).toBeGreaterThan(stayMilli(15, 900, 1))
  })
})

describe('a visitor who stays', () => {
  it.each([15, 60, 480])('for %d minutes pays for coming and going, and not for staying', (minutes) => {
    const { byId, lossMilli } = influenceOf({
      options: open,
      until: '2026-11-23T18:01:00Z',
      crowd: 100_000,
      visit(shop, people) {
        shop.until('2026-11-23T09:07:00Z')
        if (people > 0) shop.pass('in', people)
        shop.until(new Date(Date.parse('2026-11-23T09:07:00Z') + minutes * minute).toISOString(), minute)
        if (people > 0) shop.pass('out', people)
      },
    })
    expect(lossMilli).toBe(policyFor(open).perVisitMilli)
    expect([...byId.values()].flat().filter((change) => change !== 0)).toEqual([1, 1, 1, 1])
  })
})
