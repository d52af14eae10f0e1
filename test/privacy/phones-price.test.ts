import { describe, expect, it } from 'vitest'
import { noise95 } from '../../src/privacy/band.ts'
import { loosens } from '../../src/privacy/policy.ts'
import type { PrivacySettings, Zone } from '../../src/privacy/settings.ts'
import { discreteLaplaceProbability } from '../support/statistics.ts'
import { phonesSettings, policyFor } from '../support/wall.ts'

const zones: Zone[] = [
  { id: 'entrance', name: 'Entrance', kind: 'door' },
  { id: 'side', name: 'Side door', kind: 'door' },
]

function phonesPolicy(window: PrivacySettings['window'] = '15m', radios = ['entrance'], rssiMin = -75) {
  return policyFor({ zones, radios, privacy: { profile: 'phones', window, phones: { ...phonesSettings, rssiMin } } })
}

describe('the profile phones', () => {
  it.each([
    ['5m', 3.1, 1],
    ['15m', 1.5, 3],
    ['30m', 1.1, 6],
    ['60m', 0.9, 12],
  ] as const)(
    'with windows of %s costs a visit %d, and its numbers hold %d sub-windows',
    (window, price, subWindows) => {
      const policy = phonesPolicy(window)
      expect(policy.perVisitMilli).toBe(price * 1000)
      const series = policy.series.filter((one) => one.kind === 'phones')
      expect(series).toMatchObject([{ name: 'phones/entrance', subWindows, epsilon: 0.2, unit: 'address-window' }])
    },
  )

  it('costs again in each zone with a radio, and is refused above 4', () => {
    expect(phonesPolicy('15m', ['entrance', 'side']).perVisitMilli).toBe(2500)
    expect(() => phonesPolicy('5m', ['entrance', 'side'])).toThrow('It would pay 5.7; the most is 4.')
  })

  it('releases who comes in, and never who goes out', () => {
    const out = phonesPolicy().series.filter((one) => 'releasesOut' in one && one.releasesOut)
    expect(out).toEqual([])
  })

  it('states the smallest band that holds 95 in 100 numbers of its scale', () => {
    for (const subWindows of [1, 3, 6, 12]) {
      const within = (t: number) => {
        const one = (k: number) => discreteLaplaceProbability(k, 0.2 / subWindows)
        return Array.from({ length: 2 * t + 1 }, (_, i) => one(i - t)).reduce((sum, p) => sum + p, 0)
      }
      const band = noise95(200, subWindows)
      expect(within(band)).toBeGreaterThanOrEqual(0.95)
      expect(within(band - 1)).toBeLessThan(0.95)
    }
  })

  it('is another policy with a weaker signal, a further radio or another window, and says what that loosens', () => {
    const policy = phonesPolicy()
    const [nearer, more, finer] = [
      phonesPolicy('15m', ['entrance'], -85),
      phonesPolicy('15m', ['entrance', 'side']),
      phonesPolicy('5m'),
    ]
    expect(new Set([policy, nearer, more, finer].map(({ hash }) => hash)).size).toBe(4)
    expect(loosens(policy, nearer)).toEqual(['phones would be heard at -85 instead of -75 dBm, so from further away'])
    expect(loosens(nearer, policy)).toEqual([])
    expect(loosens(policy, more)).toEqual([
      'a visit would pay 2.5 instead of 1.5',
      'phones/side devices would leave the shop too',
    ])
    expect(loosens(policy, finer)).toContain('windows would be 5 instead of 15 minutes')
    const footfallIn = policyFor({ zones, privacy: { profile: 'footfall-in' } })
    expect(loosens(footfallIn, policy)).toContain('phones/entrance devices would leave the shop too')
    expect(loosens(policy, footfallIn)).toEqual([])
  })
})
