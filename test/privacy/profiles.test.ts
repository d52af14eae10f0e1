import { describe, expect, it } from 'vitest'
import { loosens, type Policy } from '../../src/privacy/policy.ts'
import type { PrivacySettings, Zone } from '../../src/privacy/settings.ts'
import { openShop, phonesSettings, policyFor, sentOf } from '../support/wall.ts'

const zones: readonly Zone[] = [
  { id: 'entrance', name: 'Entrance', kind: 'door' },
  { id: 'shelf', name: 'Shelf', kind: 'area' },
]
type Profile = PrivacySettings['profile']
const profiles: readonly Profile[] = ['footfall-in', 'footfall', 'occupancy', 'dwell', 'phones']

const optionsOf = (profile: Profile) => ({
  zones,
  areas: ['shelf'],
  radios: ['entrance'],
  privacy: { profile, ...(profile === 'phones' ? { phones: phonesSettings } : {}) },
})

const policyOfProfile = (profile: Profile): Policy => policyFor(optionsOf(profile))

/** The doors alone, as in the table of the contract. */
function atTheDoors(privacy: Partial<PrivacySettings>, areas: readonly string[] = ['entrance']): number {
  return (
    policyFor({ privacy: { phones: phonesSettings, ...privacy }, areas, radios: ['entrance'] }).perVisitMilli / 1000
  )
}

describe('what a visit pays', () => {
  it('is what the table of profiles says', () => {
    expect(profiles.map((profile) => atTheDoors({ profile }))).toEqual([0.5, 1, 1, 1.5, 1.5])
    expect(atTheDoors({ profile: 'dwell', precision: 'fine' })).toBe(2.5)
  })

  it('grows with each area: to cross it in both directions, and to be timed in it', () => {
    const shelves = (count: number): Zone[] =>
      Array.from({ length: count }, (_, i) => ({ id: `shelf-${i}`, name: 'Shelf', kind: 'area' }))
    const dwell = (count: number, timed: number) =>
      policyFor({
        privacy: { profile: 'dwell' },
        zones: [zones[0]!, ...shelves(count)],
        areas: shelves(timed).map(({ id }) => id),
      }).perVisitMilli
    expect([dwell(1, 1), dwell(2, 1), dwell(2, 2), dwell(3, 3)]).toEqual([1900, 2300, 2800, 3700])
    expect(() => dwell(4, 4)).toThrow('It would pay 4.6; the most is 4.')
  })

  it('counts two polygons of one zone as one', () => {
    expect(atTheDoors({ profile: 'dwell' }, ['entrance', 'entrance'])).toBe(1.5)
  })
})

describe('the series of a profile', () => {
  it('name the whole shop once, whatever its doors, and each area and timed zone', () => {
    const doors: Zone[] = [...zones, { id: 'back', name: 'Back', kind: 'door' }]
    const policy = policyFor({ zones: doors, areas: ['shelf'], privacy: { profile: 'dwell' } })
    expect(policy.series.slice(6).map(({ name }) => name)).toEqual(['occupancy/shop', 'occupancy/shelf', 'dwell/shelf'])
    expect(policy.series[6]).toMatchObject({ of: ['entrance', 'back'], epsilon: 0.4, windowSeconds: 900 })
  })

  it('leave those of footfall as they were', () => {
    const [footfall, dwell] = [policyOfProfile('footfall'), policyOfProfile('dwell')]
    expect(dwell.series.slice(0, 4)).toEqual(footfall.series)
  })
})

describe('a less private profile needs the person at the box', () => {
  const reasons = (from: Profile, to: Profile) => loosens(policyOfProfile(from), policyOfProfile(to))

  it('from footfall to occupancy, though it costs no more', () => {
    expect(reasons('footfall', 'occupancy')).toEqual([
      'occupancy/shop inside would leave the shop too',
      'occupancy/shelf inside would leave the shop too',
    ])
  })

  it('from occupancy to dwell', () => {
    expect(reasons('occupancy', 'dwell')).toEqual([
      'a visit would pay 1.9 instead of 1.4',
      'dwell/shelf stays would leave the shop too',
    ])
  })

  it('and not the way back', () => {
    expect([reasons('dwell', 'occupancy'), reasons('occupancy', 'footfall'), reasons('dwell', 'footfall')]).toEqual([
      [],
      [],
      [],
    ])
  })
})

describe('a profile that changes', () => {
  const pairs = profiles.flatMap((from) => profiles.filter((to) => to !== from).map((to) => [from, to] as const))

  it.each(pairs)('from %s to %s does so at midnight', (from, to) => {
    const shop = openShop({ start: '2026-11-23T08:50:00Z', ...optionsOf(from) })
    shop.until('2026-11-23T12:00:05Z', 60_000)
    expect(shop.adopt(optionsOf(to))).toBe('2026-11-24')
    shop.until('2026-11-24T18:00:05Z', 60_000)
    const seriesOn = (day: string) => {
      const rows = shop.database.connection.prepare<[string], string>('SELECT series FROM release WHERE day = ?')
      return [...new Set(rows.pluck().all(day))].toSorted()
    }
    const declared = (profile: Profile) => policyOfProfile(profile).series.map(({ name }) => name)
    expect(seriesOn('2026-11-23')).toEqual(declared(from).toSorted())
    expect(seriesOn('2026-11-24')).toEqual(declared(to).toSorted())
    expect(sentOf(shop, 'day').every(({ missing }) => missing === null)).toBe(true)
  })
})
