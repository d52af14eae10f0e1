import { describe, expect, it } from 'vitest'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { openShop, phonesSettings, type Shop } from '../support/wall.ts'

const hour = 3_600_000

/** One seeded life of a box: time, people, clock steps, loss of trust, crashes with and without snapshot, failing storage. */
function live(seed: number) {
  const random = seededRandom(seed)
  const log: { id: string; bytes: string; seq: number; series: string; start: number; spent: boolean }[] = []
  let refusals = 0
  const onKeep = () => {
    if (refusals-- > 0) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
  }
  let real = Date.parse('2026-11-23T08:00:00Z')
  const counts =
    seed % 2 ? { radios: ['entrance'], privacy: { profile: 'phones', phones: phonesSettings } as const } : {}
  let shop: Shop = openShop({ start: new Date(real).toISOString(), trusted: random() < 0.7, onKeep, ...counts })

  function collect(): void {
    for (const { release, bytes } of shop.sent.splice(0)) {
      const start = Date.parse(release.window.start)
      log.push({
        id: release.id,
        bytes: bytes.toString(),
        seq: release.seq,
        series: release.series,
        start,
        spent: release.missing === null,
      })
    }
  }

  function reboot(keepsSnapshot: boolean): void {
    const snapshot = shop.wall.snapshot()
    const start = new Date(real + random() * hour).toISOString()
    shop = openShop({ start, database: shop.database, trusted: random() < 0.7, onKeep, ...counts })
    if (keepsSnapshot) shop.wall.restore(snapshot)
  }

  for (let step = 0; step < 60; step++) {
    const dice = random()
    if (dice < 0.1) shop.clock.step((random() - 0.5) * 4 * hour)
    else if (dice < 0.15) shop.clock.setTrusted(true)
    else if (dice < 0.25) reboot(random() < 0.5)
    else if (dice < 0.3) refusals = 1 + Math.floor(random() * 3)
    else if (dice < 0.5) shop.pass(random() < 0.5 ? 'in' : 'out', 1 + Math.floor(random() * 5))
    else if (dice < 0.7) shop.phones([1, 2, 3])
    const pass = random() * 0.7 * hour
    for (let part = 0; part < 4; part++) {
      shop.clock.advanceTo(shop.clock.monotonic() + pass / 4)
      real += pass / 4
      try {
        shop.wall.tick()
      } catch (error) {
        expect((error as Error).message).toBe('full')
        // What the second commit refused was handed over but not kept.
        shop.sent.splice(0)
      }
      collect()
    }
  }
  return { log, journal: shop.journal }
}

describe('any life of a box', () => {
  it('draws each slot once, numbers without a gap, and never goes back in time', () => {
    for (let seed = 1; seed <= trials(150, 3000); seed++) {
      const { log } = live(seed)
      const byId = new Map<string, string>()
      const latest = new Map<string, number>()
      for (const one of log) {
        expect(byId.has(one.id), `seed ${seed}: ${one.id} twice`).toBe(false)
        byId.set(one.id, one.bytes)
        expect(one.start, `seed ${seed}: ${one.id} goes back`).toBeGreaterThan(latest.get(one.series) ?? 0)
        latest.set(one.series, one.start)
      }
      const numbers = log.map((one) => one.seq).sort((a, b) => a - b)
      expect(numbers, `seed ${seed}`).toEqual(numbers.map((_, i) => i + 1))
    }
  })
})
