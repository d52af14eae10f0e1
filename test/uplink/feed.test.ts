import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import type { Release } from '../../src/privacy/release.ts'
import {
  declareSeries,
  encodeBacklog,
  encodeNotice,
  encodeRelease,
  fits,
  isOutgoing,
  paddedLength,
  rootTopic,
} from '../../src/uplink/feed.ts'
import { type Health, jsonSchemas } from '../../src/uplink/feed-schema.ts'
import {
  day,
  daySeries,
  dwell,
  dwellSeries,
  footfall,
  footfallSeries,
  occupancy,
  occupancySeries,
  phones,
  phonesSeries,
  policy,
  shop,
  startOf,
  visitors,
  visitorsSeries,
} from '../support/releases.ts'

const health: Health = {
  uptime: 12,
  version: '0.1.0',
  clock: 'trusted',
  sensors: [{ id: 'front-door', state: 'up' }],
  outboxHoursLeft: 2100,
  shed: null,
  chain: null,
}

const fridge = {
  id: 'fridge',
  minutesSilent: 3,
  batteryPercent: 88,
  batteryMillivolts: null,
  temperature: 4.25,
  humidity: null,
}

describe('a release on the wire', () => {
  it('is the line of the contract, key by key, padded with spaces', () => {
    const release = footfall(1833, {
      id: 'nl-0042/gw-1/footfall/entrance/2026-11-23T09:00:00Z',
      window: { start: '2026-11-23T09:00:00Z', seconds: 900 },
      in: 41,
      out: 38,
    })
    const outgoing = encodeRelease(release, footfallSeries(), shop)
    expect(outgoing.bytes.toString().trimEnd()).toBe(
      '{"id":"nl-0042/gw-1/footfall/entrance/2026-11-23T09:00:00Z","window":{"start":"2026-11-23T09:00:00Z","seconds":900},' +
        '"in":41,"out":38,"noise95":7,"coverage":1,"missing":null,"privacy":{"unit":"zone-visit","epsilon":0.4,' +
        `"mechanism":"discrete-laplace","policy":"${policy}"},"seq":1833}`,
    )
    expect(outgoing).toMatchObject({ retain: false, qos: 1, lane: 'aggregates', seq: 1833 })
    expect(outgoing.topic).toBe('drempel/v1/acme/nl-0042/gw-1/footfall/entrance')
  })

  it('has one length per series, whatever the numbers, the coverage and the reason', () => {
    const series = footfallSeries()
    const length = paddedLength(series, shop)
    const variants: Release[] = [
      footfall(1, { in: 0, out: 0 }),
      footfall(999_999_999_999, { in: -9_999_999, out: -9_999_999, coverage: 0.95 }),
      footfall(2, { in: 1e12, out: -1e12 }),
      footfall(3, { in: null, out: null, missing: 'sensor-down', coverage: 0.15000000000000002 }),
      footfall(4, { in: null, out: null, missing: 'calibration', coverage: 0 }),
    ]
    for (const release of variants) expect(encodeRelease(release, series, shop).bytes).toHaveLength(length)
  })

  it('has one length per day series, also on a short day and with out withheld', () => {
    const series = daySeries('shoes', { releasesOut: false })
    const windows = Array.from({ length: 48 }, (_, i) => ({ start: startOf(i), in: -9_999_999, out: null }))
    const lengths = [windows, windows.slice(0, 1), []].map((some) => {
      const release = day(7, { windows: some, in: -9_999_999, out: null }, 'shoes')
      return encodeRelease(release, series, shop).bytes.length
    })
    expect(new Set(lengths)).toEqual(new Set([paddedLength(series, shop)]))
  })

  it('of phones is a line of its own keys, of one length with and without people', () => {
    const people = { estimate: 31, low: 12, high: 50 }
    const outgoing = encodeRelease(phones(9, { devices: 87, people }), phonesSeries(), shop)
    expect(outgoing.topic).toBe('drempel/v1/acme/nl-0042/gw-1/phones/entrance')
    expect(outgoing.bytes.toString()).toContain(
      '"devices":87,"subWindows":3,"people":{"estimate":31,"low":12,"high":50},"noise95":45,',
    )
    const longest = { estimate: -1e9, low: -1e9, high: -1e9 }
    const others = [
      phones(10),
      phones(11, { devices: null, missing: 'sensor-down', coverage: 0.45 }),
      phones(999_999_999_999, { devices: -1e9, people: longest, coverage: 0.95 }),
    ]
    for (const one of others) expect(encodeRelease(one, phonesSeries(), shop).bytes).toHaveLength(outgoing.bytes.length)
    const packed = encodeBacklog([outgoing, encodeRelease(footfall(10), footfallSeries(), shop)], shop)
    expect(fits('backlog', JSON.parse(packed.bytes.toString()))).toBe(true)
  })

  it('of who is inside and of stays are lines of their own keys, of one length with and without numbers', () => {
    const inside = encodeRelease(occupancy(9, { inside: -12 }), occupancySeries(), shop)
    expect(inside.topic).toBe('drempel/v1/acme/nl-0042/gw-1/occupancy/shop')
    expect(inside.bytes.toString()).toContain('"seconds":900},"inside":-12,"noise95":7,')
    const stays = encodeRelease(dwell(10), dwellSeries(), shop)
    expect(stays.topic).toBe('drempel/v1/acme/nl-0042/gw-1/dwell/shoes')
    expect(stays.bytes.toString()).toContain(
      '"seconds":86400},"minutes":[0,1,2,5,10,20,40,60],"stays":[41,60,22,-3,7,2,0,1],"noise95":7,',
    )
    const gone = { missing: 'calibration', coverage: 0.45 } as const
    for (const one of [occupancy(11, { inside: null, ...gone }), occupancy(999_999_999_999, { inside: -1e9 })]) {
      expect(encodeRelease(one, occupancySeries(), shop).bytes).toHaveLength(inside.bytes.length)
    }
    const most = Array<number>(8).fill(-1e9)
    for (const one of [dwell(11, { stays: null, ...gone }), dwell(999_999_999_999, { stays: most })]) {
      expect(encodeRelease(one, dwellSeries(), shop).bytes).toHaveLength(stays.bytes.length)
    }
    expect(fits('backlog', JSON.parse(encodeBacklog([inside, stays], shop).bytes.toString()))).toBe(true)
    expect(() => encodeRelease(dwell(12, { stays: [1, 2, 3] }), dwellSeries(), shop)).toThrow('/stays')
  })

  it('of visitors is a line of its own keys under a topic without a zone, of one length with and without a number', () => {
    const came = encodeRelease(visitors(9), visitorsSeries(), shop)
    expect(came.topic).toBe('drempel/v1/acme/nl-0042/gw-1/visitors')
    expect(came.bytes.toString().trimEnd()).toBe(
      '{"id":"nl-0042/gw-1/visitors/2026-11-23","window":{"start":"2026-11-22T23:00:00Z","seconds":86400},"visitors":23,' +
        '"noise95":6,"coverage":1,"missing":null,"privacy":{"unit":"person-day","epsilon":0.5,' +
        `"mechanism":"discrete-laplace","policy":"${policy}"},"seq":9}`,
    )
    const gone = { missing: 'calibration', coverage: 0.45, visitors: null } as const
    for (const one of [visitors(11, gone), visitors(999_999_999_999, { visitors: -1e9, coverage: 0.95 })]) {
      expect(encodeRelease(one, visitorsSeries(), shop).bytes).toHaveLength(came.bytes.length)
    }
    expect(fits('backlog', JSON.parse(encodeBacklog([came], shop).bytes.toString()))).toBe(true)
    expect(() => encodeRelease(visitors(12, { visitors: 0.5 }), visitorsSeries(), shop)).toThrow('/visitors')
    expect(declareSeries(visitorsSeries())).toMatchObject({ kind: 'visitors', zone: 'shop', unit: 'person-day' })
  })

  it('clamps what no shop can count, and rounds steps to the digits they have', () => {
    const release = footfall(1, { in: 1e9, out: -1e9, coverage: 0.15000000000000002 })
    const sent = JSON.parse(encodeRelease(release, footfallSeries(), shop).bytes.toString())
    expect(sent).toMatchObject({ in: 9_999_999, out: -9_999_999, coverage: 0.15 })
  })

  it('refuses a look-alike that did not cross the wall', () => {
    const copy = { ...footfall(1) } as Release
    expect(() => encodeRelease(copy, footfallSeries(), shop)).toThrow('did not cross the wall')
  })

  it.each([
    ['another series', footfall(1), footfallSeries('shoes')],
    ['another store', footfall(1, { id: 'xx/gw-1/footfall/entrance/2026-11-23T09:15:00Z' }), footfallSeries()],
    ['no number', footfall(1, { in: Number.NaN }), footfallSeries()],
    ['a fraction', footfall(1, { in: 0.5 }), footfallSeries()],
    ['a seq of 13 digits', footfall(1_000_000_000_000), footfallSeries()],
    [
      'a policy that is no hash',
      footfall(1, { privacy: { ...footfall(1).privacy, policy: 'none' } }),
      footfallSeries(),
    ],
    ['phones for people', phones(1), footfallSeries()],
    ['people in parts', phones(1, { people: { estimate: 1.5, low: 0, high: 2 } }), phonesSeries()],
    ['more windows than declared', day(1), daySeries('entrance', { windowsPerDay: 0 })],
  ])('refuses %s', (_, release, series) => {
    expect(() => encodeRelease(release, series, shop)).toThrow('did not fit its closed schema')
  })

  it('never quotes a value in its refusal', () => {
    const release = footfall(1, { in: 41.5 })
    expect(() => encodeRelease(release, footfallSeries(), shop)).not.toThrow('41')
  })
})

describe('an Outgoing', () => {
  it('cannot be copied or changed', () => {
    const outgoing = encodeNotice('status', { state: 'online', session: 1 }, shop)
    expect(isOutgoing(outgoing)).toBe(true)
    expect(isOutgoing({ ...outgoing })).toBe(false)
    expect(Object.isFrozen(outgoing)).toBe(true)
  })

  it('is never made of a notice with a key too many', () => {
    expect(encodeNotice('health', health, shop).topic).toBe('drempel/v1/acme/nl-0042/gw-1/health')
    const devices = { sensors: [{ id: 'radio', state: 'up' as const, scan: 'monitor' as const }], beacons: [fridge] }
    expect(fits('health', { ...health, ...devices })).toBe(true)
    expect(fits('health', { ...health, beacons: [{ ...fridge, address: 'C0:11:22:33:44:55' }] })).toBe(false)
    const more: Health = Object.assign({ visitors: 3 }, health)
    expect(() => encodeNotice('health', more, shop)).toThrow('closed schema')
  })

  it('declares the series in the catalogue', () => {
    const catalogue = {
      schema: 'drempel/1' as const,
      profile: 'footfall',
      perVisit: { epsilon: 1, guess: 'At most 73 times in 100.' },
      policy,
      series: [declareSeries(footfallSeries()), declareSeries(daySeries(), 0.98), declareSeries(phonesSeries())],
    }
    const sent = JSON.parse(encodeNotice('catalogue', catalogue, shop).bytes.toString())
    expect(sent.series[0]).toEqual({
      kind: 'footfall',
      zone: 'entrance',
      window: { seconds: 900 },
      unit: 'zone-visit',
      epsilon: 0.4,
      mechanism: 'discrete-laplace',
      noise95: 7,
      accuracy: null,
    })
  })

  it('packs a backlog of exactly the bytes that each release has of its own', () => {
    const own = [1, 2, 3].map((seq) => encodeRelease(footfall(seq), footfallSeries(), shop))
    const backlog = encodeBacklog(own, shop)
    for (const one of own) expect(backlog.bytes.includes(one.bytes)).toBe(true)
    expect(fits('backlog', JSON.parse(backlog.bytes.toString()))).toBe(true)
    expect(() => encodeBacklog([], shop)).toThrow('closed schema')
    expect(() => encodeBacklog([encodeNotice('health', health, shop)], shop)).toThrow('closed schema')
  })
})

describe('the schemas', () => {
  it('refuse names that would add a level to a topic', () => {
    expect(() => rootTopic({ ...shop, store: 'a/b' })).toThrow('closed schema')
    expect(() => rootTopic({ ...shop, gateway: '+' })).toThrow('closed schema')
  })

  it('compile as plain JSON Schema and allow no undeclared key', () => {
    const schemas = jsonSchemas()
    for (const schema of Object.values(schemas)) {
      const validate = new Ajv().compile(schema as object)
      expect(validate({ address: 'C0:11:22:33:44:55' })).toBe(false)
    }
  })

  it('know what the consumer writes and what a shopper may get', () => {
    const stored = {
      aggregates: { upTo: 1833, missing: [[1801, 1803]] },
      signals: { upTo: 12, missing: [], erasedUpTo: 12 },
    }
    expect(fits('stored', stored)).toBe(true)
    expect(fits('stored', { aggregates: { upTo: 1833, missing: [[1801]] } })).toBe(false)
    const handle = 'A'.repeat(22)
    const signal = { handle, purpose: 'offers', event: 'arrived', zone: 'shoes', minute: '2026-11-23T09:07Z', seq: 12 }
    expect(fits('signal', { id: 'nl-0042/gw-1/signal/12', ...signal })).toBe(true)
    expect(
      fits('consent', { id: 'nl-0042/gw-1/consent/13', handle, purpose: 'offers', event: 'withdrawn', seq: 13 }),
    ).toBe(true)
    expect(fits('void', { seq: 13, void: 'withdrawn' })).toBe(true)
  })
})
