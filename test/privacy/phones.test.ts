import { describe, expect, it } from 'vitest'
import { release } from '../../src/privacy/boundary.ts'
import type { Slot } from '../../src/privacy/calendar.ts'
import { type Bits, cryptoBits } from '../../src/privacy/mechanism.ts'
import { createPhones, type PhonesParts } from '../../src/privacy/phones.ts'
import { phonesSeries } from '../../src/privacy/phones-price.ts'
import { encodeRelease, paddedLength } from '../../src/uplink/feed.ts'
import { trials } from '../support/need.ts'
import { chiSquareUpperTail, discreteLaplaceProbability } from '../support/statistics.ts'
import { advertOf, openShop, phonesSettings, type Shop, type ShopOptions, sentOf } from '../support/wall.ts'

const minute = 60_000
const nine = Date.parse('2026-11-23T09:00:00Z')
const privacy = { profile: 'phones', phones: phonesSettings } as const
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i)
const phones = (shop: Shop) => sentOf(shop, 'phones')
// Stands out of any noise drawn here: P(|noise| > 700) < 1e-19 at scale 15, a slot's of 15 minutes.
const near = (value: number | null, truth: number) => expect(Math.abs((value ?? Number.NaN) - truth)).toBeLessThan(700)

/** A shop whose clock was looked at, as the gateway does before it opens its drivers. */
function openPhoneShop(options: Partial<ShopOptions> = {}): Shop {
  const shop = openShop({
    start: '2026-11-23T09:00:00Z',
    radios: ['entrance'],
    ...options,
    privacy: { ...privacy, ...options.privacy },
  })
  shop.wall.tick()
  return shop
}

/** Only the sets: one endless slot of an hour, for two zones. */
function openEars(parts: Partial<PhonesParts> = {}) {
  const slot: Slot = { day: '2026-11-23', start: nine, end: nine + 60 * minute }
  const phones = createPhones({ bits: cryptoBits(), placeAt: () => ({ slot, zones: ['entrance', 'shoes'] }), ...parts })
  const hear = (minutes: number, address: number, zone = 'entrance') =>
    phones.hear(nine + minutes * minute, zone, advertOf(address))
  return { phones, slot, hear }
}

describe('phones near a zone', () => {
  it('are counted once in each five minutes, by whichever radio, and added up', () => {
    const { phones, slot, hear } = openEars()
    for (const minutes of [0, 1, 4.99]) for (const address of [1, 2, 3]) hear(minutes, address)
    for (const address of [2, 3, 4]) hear(5, address)
    expect(phones.devices(slot, 'entrance')).toBe(3)
    phones.endBefore(nine + 10 * minute)
    expect(phones.devices(slot, 'entrance')).toBe(6)
  })

  it('add at most one for each sub-window of the slot, however often and long they are heard', () => {
    const { phones, slot, hear } = openEars()
    for (let second = 0; second < 3600; second += 7) for (let i = 0; i < 3; i++) hear(second / 60, 1)
    phones.endBefore(slot.end)
    expect(phones.devices(slot, 'entrance')).toBe(phonesSeries('entrance', 3600).subWindows)
  })

  it('are counted in each zone for itself, under keys of their own', () => {
    const keys: string[] = []
    const fill = cryptoBits()
    const bits: Bits = (bytes) => {
      fill(bytes)
      keys.push(bytes.toString('hex'))
    }
    const { phones, slot, hear } = openEars({ bits })
    for (const address of [1, 2]) hear(0, address)
    hear(1, 1, 'shoes')
    hear(6, 1)
    phones.endBefore(slot.end)
    expect([phones.devices(slot, 'entrance'), phones.devices(slot, 'shoes')]).toEqual([3, 1])
    expect(new Set(keys).size).toBe(4)
  })

  it('are not counted again when the clock was set back by seconds into a sub-window that has ended', () => {
    const { phones, slot, hear } = openEars()
    hear(4, 1)
    hear(5, 1)
    hear(4.9, 2)
    phones.endBefore(nine + 10 * minute)
    hear(9.9, 3)
    phones.endBefore(nine + 15 * minute)
    expect(phones.devices(slot, 'entrance')).toBe(2)
  })

  it('leave no key and no pseudonym in memory when their five minutes end, nor when the process does', () => {
    for (const finish of ['end', 'clear', 'next'] as const) {
      const keys: Buffer[] = []
      const sets: ArrayBuffer[] = []
      const fill = cryptoBits()
      const { phones, hear } = openEars({
        bits(bytes) {
          fill(bytes)
          keys.push(bytes)
        },
        allocate(length) {
          const buffer = new ArrayBuffer(length)
          sets.push(buffer)
          return buffer
        },
      })
      for (const address of numbers(500)) hear(1, address)
      const held = () =>
        [...keys, ...sets.map((set) => Buffer.from(set))].filter((bytes) => bytes.some((byte) => byte !== 0))
      expect(held().length).toBe(2 + 64)
      if (finish === 'end') phones.endBefore(nine + 5 * minute)
      else if (finish === 'clear') phones.clear()
      else hear(5, 1, 'nowhere')
      const old = keys.slice(0, 2).map((key) => Buffer.from(key.buffer))
      expect([...old, ...sets.map((set) => Buffer.from(set))].every((bytes) => bytes.every((byte) => byte === 0))).toBe(
        true,
      )
    }
  })

  it('are refused, and the refusal is told, where somebody makes up more addresses than a set may hold', () => {
    const { phones, slot, hear } = openEars({ limit: 100 })
    for (const address of numbers(150)) hear(0, address)
    phones.endBefore(slot.end)
    expect([phones.devices(slot, 'entrance'), phones.refused]).toEqual([100, 50])
  })
})

describe('a release of phones', () => {
  it('is the sum of three sub-windows in a quarter of an hour, beside the people who came in', () => {
    const shop = openPhoneShop()
    for (const time of ['09:00:30', '09:06:00', '09:11:00']) {
      shop.until(`2026-11-23T${time}Z`)
      shop.phones(numbers(1000))
    }
    shop.pass('in', 5000)
    shop.until('2026-11-23T09:31:00Z')
    const [first, second] = phones(shop)
    near(first!.devices, 3000)
    near(second!.devices, 0)
    expect(first).toMatchObject({
      id: 'shop/gw/phones/entrance/2026-11-23T09:00:00Z',
      subWindows: 3,
      noise95: 45,
      coverage: 1,
      missing: null,
      people: null,
      privacy: { unit: 'address-window', epsilon: 0.2 },
    })
    expect(sentOf(shop, 'footfall')[0]).toMatchObject({ out: null, missing: null })
  })

  it('has one row in the journal for each slot, charged 0.2, and nothing of it is on the disk besides', () => {
    const shop = openPhoneShop()
    shop.phones(numbers(50))
    shop.until('2026-11-23T18:01:00Z', 5000)
    const rows = shop.database.connection.prepare("SELECT spent_milli FROM release WHERE series = 'phones/entrance'")
    expect(rows.pluck().all()).toEqual(Array.from({ length: 36 }, () => 200))
    expect(shop.database.connection.prepare('SELECT count(*) FROM running_day').pluck().get()).toBe(0)
  })

  it('has the size and the moment of any other, also when nobody came', () => {
    const identity = { organisation: 'o', store: 'shop', gateway: 'gw' }
    const series = phonesSeries('entrance', 900)
    const [quiet, busy] = [openPhoneShop(), openPhoneShop()]
    busy.phones(numbers(3000))
    for (const shop of [quiet, busy]) shop.until('2026-11-23T12:01:00Z', 5000)
    expect(quiet.sent.map((one) => one.leavesAt)).toEqual(busy.sent.map((one) => one.leavesAt))
    const lengths = [quiet, busy].flatMap(phones).map((one) => encodeRelease(one, series, identity).bytes.length)
    expect(new Set(lengths)).toEqual(new Set([paddedLength(series, identity)]))
  })

  it('is made only in opening hours, and only where the policy says so', () => {
    const early = openPhoneShop({ start: '2026-11-23T08:30:00Z' })
    early.phones(numbers(5000))
    early.until('2026-11-23T09:16:00Z')
    near(phones(early)[0]!.devices, 0)
    const keys: Buffer[] = []
    const bits: Bits = (bytes) => {
      if (bytes.length === 16) keys.push(bytes)
      cryptoBits()(bytes)
    }
    for (const options of [{ privacy: { profile: 'footfall-in' } }, { radios: ['shoes'] }] as const) {
      const other = openPhoneShop({ ...options, bits })
      other.phones(numbers(100))
      other.until('2026-11-23T09:16:00Z')
      expect(phones(other)).toEqual([])
    }
    expect(keys).toEqual([])
  })

  // False alarm: 1 in 100,000 for each.
  it.each([300, 900, 1800, 3600])(
    'has noise of the discrete Laplace distribution of the scale of %d seconds',
    (seconds) => {
      const series = phonesSeries('entrance', seconds)
      const slot: Slot = { day: '2026-11-23', start: nine, end: nine + seconds * 1000 }
      const closing = {
        series,
        slot,
        seq: 1,
        counts: { devices: 500 },
        missing: null,
        coverage: 1,
        origin: 'shop/gw',
        policy: '',
      }
      const [count, reach, bits] = [trials(100_000, 1_000_000), 100, cryptoBits()]
      const epsilon = 0.2 / series.subWindows
      const seen = new Array<number>(2 * reach + 1).fill(0)
      let within = 0
      for (let i = 0; i < count; i++) {
        const drawn = release(closing, bits)
        const noise = drawn.kind === 'phones' ? drawn.devices! - 500 : Number.NaN
        seen[Math.min(Math.max(noise, -reach), reach) + reach]! += 1
        if (Math.abs(noise) <= series.noise95) within += 1
      }
      const off = (factor: number) => {
        const wanted = seen.map((_, i) => discreteLaplaceProbability(i - reach, epsilon * factor) * count)
        const tail = (count - wanted.reduce((sum, one) => sum + one, 0)) / 2
        wanted[0]! += tail
        wanted[2 * reach]! += tail
        return chiSquareUpperTail(
          seen.reduce((sum, one, i) => sum + (one - wanted[i]!) ** 2 / wanted[i]!, 0),
          2 * reach,
        )
      }
      expect(off(1)).toBeGreaterThan(1e-5)
      for (const factor of [0.9, 1.1]) expect(off(factor)).toBeLessThan(1e-9)
      expect(Math.abs(within / count - 0.95)).toBeLessThan(0.02)
    },
  )
})

describe('what could not be heard of phones', () => {
  it('is not held for a clock that is not trusted, and that time does not count as heard', () => {
    const shop = openPhoneShop({ trusted: false })
    shop.phones(numbers(5000))
    shop.pass('in', 5000)
    shop.until('2026-11-23T09:23:00Z')
    shop.clock.setTrusted(true)
    shop.until('2026-11-23T09:24:00Z')
    shop.phones(numbers(5000))
    shop.until('2026-11-23T09:46:00Z')
    expect(phones(shop).map((one) => [one.missing, one.coverage])).toEqual([
      ['clock', 0],
      ['sensor-down', 0.45],
      [null, 1],
    ])
    expect(sentOf(shop, 'footfall').map((one) => one.missing)).toEqual([null, null, null])
  })

  it('is wiped when the clock steps', () => {
    const shop = openPhoneShop()
    shop.phones(numbers(5000))
    shop.until('2026-11-23T09:06:00Z')
    shop.phones(numbers(5000))
    shop.clock.step(-2 * minute)
    shop.until('2026-11-23T09:16:00Z')
    near(phones(shop)[0]!.devices, 0)
    expect(phones(shop)[0]).toMatchObject({ missing: null, coverage: 0.75 })
  })

  it('is the open sub-window when the process dies: those that ended come back, and coverage tells', () => {
    const first = openPhoneShop()
    first.phones(numbers(2000))
    first.until('2026-11-23T09:06:00Z')
    first.phones(numbers(3000))
    first.until('2026-11-23T09:09:00Z')
    const next = openPhoneShop({ start: '2026-11-23T09:09:00Z', database: first.database })
    next.wall.restore(JSON.parse(JSON.stringify(first.wall.snapshot())))
    next.until('2026-11-23T09:16:00Z')
    near(phones(next)[0]!.devices, 2000)
    expect(phones(next)[0]).toMatchObject({ missing: null, coverage: 0.75 })
    expect(sentOf(next, 'footfall')[0]!.coverage).toBe(1)
  })

  it('keeps nothing of the open sub-window in the snapshot, not even how many', () => {
    const shop = openPhoneShop()
    shop.until('2026-11-23T09:06:00Z')
    const before = shop.wall.snapshot()
    shop.phones(numbers(777))
    expect(shop.wall.snapshot()).toEqual(before)
    shop.until('2026-11-23T09:10:00Z')
    expect(shop.wall.snapshot().phones).toEqual({ [nine]: { until: nine + 10 * minute, zones: { entrance: 777 } } })
  })

  it('is what its radios missed, whatever the counters of its zone heard', () => {
    const shop = openPhoneShop({ aliveShare: (feed) => (feed === 'phones/entrance' ? 0.3 : 1) })
    shop.until('2026-11-23T09:16:00Z')
    expect(phones(shop)[0]).toMatchObject({ missing: 'sensor-down', coverage: 0.3, devices: null, people: null })
    expect(sentOf(shop, 'footfall')[0]).toMatchObject({ missing: null, coverage: 1 })
  })
})

describe('people behind the phones', () => {
  /** What the journal keeps says: people = devices / 3 + 7, give or take one. Nobody was there. */
  function doctored(options: Partial<ShopOptions> = {}): Shop {
    return openPhoneShop({
      ...options,
      encode(release) {
        const slot = Date.parse(release.window.start) / 900_000
        const devices = 30 * (1 + (slot % 12))
        if (release.kind === 'phones') return { ...release, devices }
        return { ...release, in: devices / 3 + 7 + (slot % 2) }
      },
    })
  }

  it('are guessed from what was released before, never from what was counted', () => {
    const shop = doctored()
    shop.until('2026-11-23T18:01:00Z', 5000)
    const told = phones(shop)
    expect(told.slice(0, 20).every((one) => one.people === null)).toBe(true)
    expect(told.slice(20).length).toBe(16)
    for (const { devices, people } of told.slice(20)) {
      expect(Math.abs(people!.estimate - (devices! / 3 + 7.5))).toBeLessThan(3)
      expect(people!.low).toBeLessThanOrEqual(people!.estimate)
      expect(people!.high).toBeGreaterThanOrEqual(people!.estimate)
    }
  })

  it('are the same where others were counted but the same was released', () => {
    const guesses = [0, 4000].map((crowd) => {
      const shop = doctored()
      shop.until('2026-11-23T16:00:05Z', 5000)
      shop.pass('in', crowd)
      const count = phones(shop).length
      shop.until('2026-11-23T16:16:00Z')
      const { devices, people } = phones(shop)[count]!
      return people!.estimate - devices! / 3
    })
    expect(Math.abs(guesses[0]! - guesses[1]!)).toBeLessThan(3)
  })

  it('are still known the next day, and not under another policy', () => {
    const first = doctored()
    first.until('2026-11-23T18:01:00Z', 5000)
    const next = doctored({ start: '2026-11-24T09:00:00Z', database: first.database })
    next.until('2026-11-24T09:16:00Z')
    expect(phones(next)[0]!.people).not.toBeNull()
    next.adopt({ privacy: { ...privacy, window: '30m' } })
    next.until('2026-11-25T09:31:00Z', 5000)
    expect(phones(next).at(-1)).toMatchObject({ subWindows: 6, people: null, missing: null })
  })
})
