import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { spread } from '../../src/privacy/consistency.ts'
import { type Pair, peopleLine } from '../../src/privacy/people.ts'
import { encodeBacklog, encodeNotice, encodeRelease, type Outgoing } from '../../src/uplink/feed.ts'
import { factsOf } from '../law/facts.ts'
import { liveDays, withGap } from '../support/days.ts'
import { trials } from '../support/need.ts'
import { testOutbox } from '../support/outbox.ts'
import { seededRandom } from '../support/random.ts'
import { correlationsOf } from '../support/statistics.ts'
import { dayTakesNoiseOfWindow, redrawsOnResend } from '../support/unprotected.ts'
import { health } from '../support/uplink.ts'
import { openShop, phonesSettings, policyFor, type Shop, type ShopOptions, sentOf } from '../support/wall.ts'

/**
 * Two numbers held against each other tell no more than each for itself: either both have noise of their own, or one is
 * made from released numbers alone. False alarm of the correlations: 1 in 100,000 for each shop, all pairs together; the
 * rest is exact.
 */

const zones = [
  { id: 'entrance', name: 'Entrance', kind: 'door' as const },
  { id: 'shoes', name: 'Shoes', kind: 'area' as const },
]
const phones = { radios: ['entrance'], privacy: { profile: 'phones', phones: phonesSettings } } as const
const shops: readonly (readonly [string, Partial<ShopOptions>, number])[] = [
  ['footfall', { zones }, 6],
  ['phones', phones, 3],
  ['visitors', { zones, privacy: { visitors: 'offers' } }, 7],
]

describe('two drawn numbers', () => {
  const days = trials(2500, 20_000)
  // 1 in 10 million for each of some sixty pairs, of values and of magnitudes.
  const limit = 5.33

  /** Of all pairs of one day's numbers and of each number with that of the day before, in standard deviations. */
  function furthest(noise: readonly (readonly number[])[]): number {
    const withBefore = noise.slice(1).map((today, i) => [...today, ...noise[i]!])
    const magnitudes = withBefore.map((row) => row.map(Math.abs))
    return Math.max(...[withBefore, magnitudes].flatMap(correlationsOf).map(Math.abs))
  }

  it.each(shops)('of a shop with %s have nothing to do with each other', (_, options, width) => {
    // Nobody comes, so that a number is its noise. Of a whole day the number is a blend with those of its windows, which is
    // made from released numbers (below); here a window is missing, and the day's own draw can be seen.
    const noise = liveDays({ ...withGap, ...options }, days, () => {})
    expect(noise[0]).toHaveLength(width)
    expect(furthest(noise)).toBeLessThan(limit)
  })

  it('are found out where a day takes over the noise of its window', () => {
    expect(furthest(liveDays({ ...withGap, zones }, 1000, () => {}).map(dayTakesNoiseOfWindow))).toBeGreaterThan(limit)
  })
})

describe('what is not drawn', () => {
  const random = seededRandom(5)

  function live(options: Partial<ShopOptions>, days: number, minutes: number): Shop {
    const shop = openShop({ start: '2026-11-22T23:00:00Z', ...options })
    for (let day = 23; day < 23 + days; day++) {
      for (let at = 9 * 60; at < 18 * 60; at += minutes) {
        shop.until(new Date(Date.UTC(2026, 10, day, 0, at + 1)).toISOString(), 600_000)
        const people = Math.floor(random() * 200)
        for (const zone of ['entrance', 'shoes']) shop.pass('in', people, zone)
        shop.phones(Array.from({ length: people }, (_, i) => i))
      }
      shop.until(new Date(Date.UTC(2026, 10, day, 18, 1)).toISOString(), 60_000)
    }
    return shop
  }

  it('is made from what was released: the windows of a day, and the day of an area', () => {
    const shop = live({ zones }, 1, 15)
    for (const day of sentOf(shop, 'day')) {
      const windows = sentOf(shop, 'footfall').filter(({ series }) => series === day.series.replace('day', 'footfall'))
      const released = windows.map((one) => ({ start: one.window.start, in: one.in, out: one.out }))
      expect(released).toHaveLength(36)
      expect(day.windows).toEqual(spread(released, { in: day.in, out: day.out }))
      if (day.series === 'day/shoes') expect(day.in).toBe(released.reduce((sum, one) => sum + one.in!, 0))
    }
  })

  it('is made from what was released: the people that phones stand for', () => {
    const shop = live({ ...phones, privacy: { ...phones.privacy, window: '60m' } }, 15, 60)
    const ins = new Map(sentOf(shop, 'footfall').map((one) => [one.window.start, one.in!]))
    const pairs: Pair[] = []
    const guesses = sentOf(shop, 'phones').map(({ devices, people, window }) => {
      const line = peopleLine(pairs)
      pairs.push({ devices: devices!, people: ins.get(window.start)! })
      expect(people, window.start).toEqual(line ? line(devices!) : null)
      return people
    })
    // 99 to 115 of 135 windows have a guess: on the first days the noise often hides the line.
    expect(guesses.filter((guess) => guess !== null).length).toBeGreaterThan(10)
  })
})

describe('a message that is sent again', () => {
  const identity = { organisation: 'acme', store: 'shop', gateway: 'gw' }

  /** What head office gets of a day: at first, again, after a restart, in a backlog; and what the journal keeps. */
  function sendings(): Buffer[][] {
    const parts = testOutbox()
    const series = new Map(policyFor({}).series.map((one) => [one.name, one]))
    const encoded: Outgoing[] = []
    const encode = (release: Parameters<typeof encodeRelease>[0]) => {
      const outgoing = encodeRelease(release, series.get(release.series)!, identity)
      encoded.push(outgoing)
      return JSON.parse(outgoing.bytes.toString())
    }
    const shop = openShop({ start: '2026-11-23T09:00:00Z', opening: '09:00-12:00', encode })
    shop.until('2026-11-23T12:01:00Z', 60_000)
    parts.database.transaction(() => {
      for (const one of encoded) parts.outbox.put(one, 0)
    })
    const due = ({ outbox } = parts) => outbox.due('aggregates', 0, 100, parts.clock.now()).rows
    const bytesOf = (rows: ReturnType<typeof due>) => rows.map(({ outgoing }) => outgoing.bytes)
    const first = bytesOf(due())
    const backlog = encodeBacklog(
      due().map(({ outgoing }) => outgoing),
      identity,
    ).bytes.toString()
    expect(JSON.parse(backlog).releases).toHaveLength(13)
    for (const bytes of first) expect(backlog).toContain(bytes.toString())
    const kept = shop.journal.payloads('footfall/entrance', '2026-11-23').map((bytes) => bytes.toString())
    expect(first.slice(0, 12).map((bytes) => bytes.toString().trim())).toEqual(kept)
    return [encoded.map(({ bytes }) => bytes), first, bytesOf(due())]
  }

  const isSame = ([first, ...others]: readonly (readonly Buffer[])[]) =>
    others.every((again) => again.length === first!.length && again.every((bytes, i) => bytes.equals(first![i]!)))

  it('has the bytes of the first time, also in a backlog and in the journal', () => {
    expect(isSame(sendings())).toBe(true)
  })

  it('is found out with noise that is drawn again', () => {
    const [first, ...others] = sendings()
    expect(isSame([first!, ...others.map(redrawsOnResend)])).toBe(false)
  })
})

describe('exact counts', () => {
  /** Every file that a command loads. */
  function loadedBy(file: string, known = new Set<string>()): Set<string> {
    if (known.has(file)) return known
    known.add(file)
    if (!file.startsWith('src/') || !file.endsWith('.ts')) return known
    const { imports } = factsOf(file, readFileSync(file, 'utf8'))
    for (const { target, isRelative, isType } of imports) if (isRelative && !isType) loadedBy(target, known)
    return known
  }

  const pages = ['src/web/server.ts', 'src/web/audience.ts', 'src/web/showing.ts']
  const served = (file: string) => pages.filter((page) => loadedBy(file).has(page))

  it.each(['run', 'replay', 'check'])('are on no page of `%s`: it serves none that is told any', (command) => {
    expect(loadedBy(`src/commands/${command}.ts`).size).toBeGreaterThan(20)
    expect(served(`src/commands/${command}.ts`)).toEqual([])
  })

  it("are out of reach of the shoppers' page: neither it nor who answers for it loads what counts", () => {
    const counting = ['src/privacy/wall.ts', 'src/privacy/tally.ts', 'src/observations/crossing.ts']
    for (const file of ['src/shoppers/page.ts', 'src/web/shopper/server.ts']) {
      expect(loadedBy(file).size).toBeGreaterThan(10)
      expect(counting.filter((one) => loadedBy(file).has(one))).toEqual([])
    }
    expect(counting.filter((one) => loadedBy('src/gateway.ts').has(one))).toEqual(counting)
  })

  it('are on the page of the demo, whose people are virtual, and so the search finds it', () => {
    expect(served('src/commands/demo.ts')).toContain('src/web/server.ts')
  })

  it('fit no notice', () => {
    const identity = { organisation: 'acme', store: 'shop', gateway: 'gw' }
    expect(() => encodeNotice('health', health, identity)).not.toThrow()
    const counted = { ...health, counted: { entrance: { in: 41, out: 38 } } }
    expect(() => encodeNotice('health', counted, identity)).toThrow('health')
  })
})
