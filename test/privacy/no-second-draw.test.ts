import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/privacy/policy.ts'
import { isDrawn, numbersOf } from '../../src/privacy/release.ts'
import type { Zone } from '../../src/privacy/settings.ts'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { openShop, phonesSettings, policyFor, type Shop, type ShopOptions } from '../support/wall.ts'

const hour = 3_600_000
const door = (id: string): Zone => ({ id, name: id, kind: 'door' })
const area = (id: string): Zone => ({ id, name: id, kind: 'area' })

/** What somebody may write into the file to have a number drawn again: renamed, split and merged zones, other profiles. */
const configurations: readonly Partial<ShopOptions>[] = [
  { zones: [door('entrance')] },
  { zones: [door('front')] },
  { zones: [door('entrance'), door('side')] },
  { zones: [door('entrance')], opening: '00:00-24:00' },
  { zones: [door('entrance')], opening: '08:00-13:00,14:00-20:00', privacy: { window: '5m' } },
  { zones: [door('entrance')], privacy: { window: '60m', precision: 'fine' } },
  { zones: [door('entrance')], timezone: 'America/Los_Angeles', opening: '00:00-24:00' },
  { zones: [door('entrance')], timezone: 'Pacific/Auckland' },
  { zones: [door('entrance'), area('shelf')], privacy: { profile: 'occupancy' } },
  { zones: [door('entrance'), area('shelf')], areas: ['shelf'], privacy: { profile: 'dwell' } },
  {
    zones: [door('entrance'), area('rack')],
    areas: ['rack', 'entrance'],
    privacy: { profile: 'dwell', window: '30m' },
  },
  { zones: [door('entrance')], radios: ['entrance'], privacy: { profile: 'phones', phones: phonesSettings } },
  { zones: [door('entrance')], privacy: { visitors: 'offers' } },
  { zones: [door('front')], opening: '00:00-24:00', privacy: { visitors: 'presence' } },
]

const policies = new Map<string, Policy>(configurations.map((one) => [policyFor(one).hash, policyFor(one)]))

interface Row {
  readonly series: string
  readonly day: string
  readonly start: number
  readonly end: number
  readonly spent_milli: number
  readonly policy: string
}

/** Two to four days of a box whose configuration, clock, power and trust change all the time. */
function live(seed: number): Row[] {
  const random = seededRandom(seed)
  const pick = () => configurations[Math.floor(random() * configurations.length)]!
  let real = Date.parse('2026-11-23T06:00:00Z')
  let now = pick()
  let shop: Shop = openShop({ start: new Date(real).toISOString(), trusted: random() < 0.8, ...now })

  function reboot(): void {
    const snapshot = shop.wall.snapshot()
    now = random() < 0.7 ? pick() : now
    const start = new Date(real + random() * hour).toISOString()
    shop = openShop({ start, database: shop.database, trusted: random() < 0.8, ...now })
    if (random() < 0.5) shop.wall.restore(snapshot)
  }

  for (let step = 0; step < 60; step++) {
    const dice = random()
    if (dice < 0.1) shop.clock.step((random() - 0.5) * 30 * hour)
    else if (dice < 0.2) shop.clock.setTrusted(true)
    else if (dice < 0.4) reboot()
    if (random() < 0.5) {
      shop.pass('in', 3)
      shop.stay(1 + random() * 50, 2, 'shelf')
      shop.visit([Math.floor(random() * 5)])
    }
    const pass = random() * 2 * hour
    for (let part = 0; part < 4; part++) {
      shop.clock.advanceTo(shop.clock.monotonic() + pass / 4)
      real += pass / 4
      shop.wall.tick()
    }
    // As the gateway does once a day; here at any moment, again and again.
    if (shop.wall.policy()) shop.wall.adopt(policyFor(now))
  }
  return shop.database.connection.prepare<[], Row>('SELECT * FROM release ORDER BY seq').all()
}

/** What is paid twice, or for less than its policy says. */
function faultsOf(rows: readonly Row[]): string[] {
  const paid = rows.filter((row) => row.spent_milli > 0)
  const faults: string[] = []
  // One policy a day, so that nobody is counted in it under two names of a zone.
  for (const [day, ofDay] of Map.groupBy(rows, (row) => row.day)) {
    if (new Set(ofDay.map(({ policy }) => policy)).size > 1) faults.push(`two policies on ${day}`)
  }
  for (const row of paid) {
    const series = policies.get(row.policy)!.series.find(({ name }) => name === row.series)
    const price = series && isDrawn(series) ? Math.round(series.epsilon * 1000) * numbersOf(series).length : 0
    if (row.spent_milli !== price) faults.push(`${row.series} for ${row.spent_milli} in place of ${price}`)
  }
  for (const kind of ['footfall', 'phones']) {
    const slots = paid.filter(({ series }) => series.startsWith(`${kind}/`)).toSorted((a, b) => a.start - b.start)
    for (const [i, slot] of slots.slice(1).entries()) {
      const before = slots[i]!
      const isSameSlot = before.start === slot.start && before.end === slot.end && before.policy === slot.policy
      if (!isSameSlot && slot.start < before.end) faults.push(`${before.series} and ${slot.series} at one time`)
    }
  }
  return faults
}

describe('no configuration, clock or power cut', () => {
  it('buys a number of the same time or day twice, or for less', async () => {
    let drawn = 0
    const profiles = new Set<string>()
    for (let seed = 1; seed <= trials(50, 200); seed++) {
      // Statements of SQLite are freed between two turns of the event loop only.
      await new Promise(setImmediate)
      const rows = live(seed)
      expect(faultsOf(rows), `seed ${seed}`).toEqual([])
      for (const row of rows.filter((one) => one.spent_milli > 0)) {
        drawn += 1
        profiles.add(policies.get(row.policy)!.profile)
      }
    }
    expect(drawn).toBeGreaterThan(1000)
    expect(profiles).toEqual(new Set(['footfall', 'occupancy', 'dwell', 'phones']))
  })

  it('would go unnoticed: a renamed zone that is counted at once, and a price that is too low', () => {
    const morning = (id: string) => {
      const shop = openShop({ start: '2026-11-23T08:50:00Z', zones: [door(id)] })
      shop.until('2026-11-23T09:30:05Z', 60_000)
      return shop.database.connection.prepare<[], Row>('SELECT * FROM release').all()
    }
    const [before, renamed] = [morning('entrance'), morning('front')]
    expect(faultsOf(before)).toEqual([])
    expect(faultsOf([...before, ...renamed])).toContain('two policies on 2026-11-23')
    expect(faultsOf([...before, ...renamed])).toContain('footfall/entrance and footfall/front at one time')
    expect(faultsOf(before.map((row) => ({ ...row, spent_milli: 400 })))).toHaveLength(2)
  })
})
