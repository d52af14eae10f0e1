import { beforeAll, describe, expect, it } from 'vitest'
import { release } from '../../src/privacy/boundary.ts'
import { cryptoBits } from '../../src/privacy/mechanism.ts'
import { encodeRelease } from '../../src/uplink/feed.ts'
import { closingOf, drawnSeries } from '../support/neighbours.ts'
import { type Faults, type Heard, transcriptOf } from '../support/transcript.ts'
import { countsInHealth, silentWhenEmpty, unpadded } from '../support/unprotected.ts'
import { openShop, phonesSettings, type ShopOptions } from '../support/wall.ts'

/**
 * What leaves an empty shop and a busy one under the same faults: the same messages, at the same minutes, of the same
 * sizes; `health`, `status` and `catalogue`, and the coverage of every release, byte for byte. Exact, so there is no false
 * alarm. The hash in `health` is over what was sent, so it differs, as that does.
 */

const faults: Faults = {
  outages: [
    { sensor: 'front', from: 20, to: 31 },
    { sensor: 'radio', from: 50, to: 58 },
    { sensor: 'side', from: 60, to: 79 },
    { sensor: 'radio', from: 103, to: 104 },
  ],
  restartAt: 95,
}

/** What of a message nobody in the shop may change. */
function shapeOf({ minute, topic, bytes }: Heard): string {
  const { in: people, out, devices, windows, people: guess, chain, ...rest } = JSON.parse(bytes.toString())
  const starts = windows?.map(({ start }: { start: string }) => start)
  return JSON.stringify({ minute, topic, length: bytes.length, rest, starts, chain: chain?.length })
}

/** Numbers are told or not for both alike; what they are is for the noise to hide. */
function differences(one: readonly Heard[], other: readonly Heard[]): string[] {
  const [shapes, others] = [one.map(shapeOf), other.map(shapeOf)]
  const length = Math.max(shapes.length, others.length)
  return Array.from({ length }, (_, i) => i)
    .filter((i) => shapes[i] !== others[i])
    .map((i) => `${shapes[i]} is not ${others[i]}`)
}

describe('a box in a shop with nobody and in one with fifty', () => {
  let empty: Heard[]
  let busy: Heard[]
  beforeAll(async () => {
    empty = await transcriptOf(0, faults)
    busy = await transcriptOf(50, faults)
  })

  it('says the same of itself, at the same time, in messages of the same size', () => {
    const kinds = empty.map(({ topic }) => topic.split('/')[5])
    expect(new Set(kinds)).toEqual(new Set(['status', 'catalogue', 'health', 'footfall', 'phones', 'day']))
    expect(kinds.filter((kind) => kind === 'health').length).toBeGreaterThan(20)
    expect(kinds.filter((kind) => kind === 'footfall')).toHaveLength(16)
    expect(differences(empty, busy)).toEqual([])
  })

  it('covers what the sensors heard, outages and a restart included, and counts somebody', () => {
    const messages = busy.map(({ topic, bytes }) => ({ topic, json: JSON.parse(bytes.toString()) }))
    const of = (end: string) => messages.filter(({ topic }) => topic.endsWith(end)).map(({ json }) => json)
    expect(new Set(of('footfall/side').map(({ missing }) => missing))).toEqual(new Set([null, 'sensor-down']))
    expect(new Set(of('phones/entrance').map(({ coverage }) => coverage)).size).toBeGreaterThan(1)
    expect(of('day/side')[0].in).toBeGreaterThan(3000)
    expect(of('phones/entrance')[0].devices).toBeGreaterThan(100)
  })

  it.each([
    ['messages without padding', unpadded],
    ['messages only when there is something to tell', silentWhenEmpty],
    ['exact counts in health', countsInHealth],
  ])('is found out with %s', (_, plant) => {
    expect(differences(plant(empty, 0), plant(busy, 50))).not.toEqual([])
  })
})

describe('the wall', () => {
  const choices: Partial<ShopOptions>[] = [
    {
      zones: [
        { id: 'entrance', name: 'E', kind: 'door' },
        { id: 'shoes', name: 'S', kind: 'area' },
      ],
    },
    { radios: ['entrance'], privacy: { profile: 'phones', phones: phonesSettings } },
    { privacy: { visitors: 'offers' } },
  ]

  it.each(choices)('lets the same messages leave at the same moments, whoever comes', (choice) => {
    const [empty, busy] = [0, 50].map((people) => {
      // Down in the second quarter of an hour, half down in the third.
      const share = (_: string, from: number) => [1, 0, 0.6][Math.floor(from / 900_000) % 3]!
      const shop = openShop({ ...choice, start: '2026-11-23T09:00:00Z', opening: '09:00-12:00', aliveShare: share })
      for (let quarter = 0; quarter < 13; quarter++) {
        if (people > 0) shop.pass('in', people)
        shop.phones(Array.from({ length: people }, (_, i) => i))
        shop.visit(Array.from({ length: people }, (_, i) => i))
        shop.until(new Date(Date.parse('2026-11-23T09:15:02Z') + quarter * 900_000).toISOString(), 30_000)
      }
      return shop.sent.map(({ release: { id, seq, coverage, missing }, leavesAt }) => {
        return { id, seq, coverage, missing, leavesAt }
      })
    })
    expect(busy!.length).toBeGreaterThan(12)
    expect(busy).toEqual(empty)
  })

  it('makes messages of one length, whatever the number', () => {
    const bits = cryptoBits()
    const identity = { organisation: 'acme', store: 'shop', gateway: 'gw' }
    for (const series of drawnSeries(choices).values()) {
      const lengths = [0, 7, 123, 45_678, 1_000_000].map((count) => {
        const closing = { ...closingOf(series, count), policy: `sha256:${'ab'.repeat(32)}` }
        return encodeRelease(release(closing, bits), series, identity).bytes.length
      })
      expect(new Set(lengths).size, series.name).toBe(1)
    }
  })
})
