import { mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nothing } from '../../src/box/findings.ts'
import { deviceAdded, deviceChanged, type HeardDevice } from '../../src/commands/prove/bluez-signals.ts'
import { createCanaries, plantedIn } from '../../src/commands/prove/canaries.ts'
import { encodeFed, encodeOrder, type Fed, openFeedReader } from '../../src/commands/prove/feed.ts'
import { searchLive } from '../../src/commands/prove/live.ts'
import { isClean, type Proof, summaryOf } from '../../src/commands/prove/proof.ts'
import { tasksOf } from '../../src/commands/prove/search.ts'
import { proofPage } from '../../src/commands/prove/words.ts'
import { readConfig } from '../../src/config.ts'
import { exampleFolder, exampleWith } from '../commands/example.ts'
import { hearing } from '../drivers/ble/hearing.ts'

const home = exampleFolder()

function exampleConfig(changes: Readonly<Record<string, unknown>>) {
  const reading = readConfig(exampleWith(changes), join(home, 'drempel.yaml'))
  if ('config' in reading) return reading.config
  throw new Error(JSON.stringify(reading.problems))
}

describe('what the shadow is fed', () => {
  it('comes out of the pipe as it went in, and is gone when the next piece is asked for', () => {
    const feds: Fed[] = [
      { t: 0, kind: 'edge', sensor: 3, bytes: Uint8Array.of(1, 0) },
      { t: 2 ** 32 - 1, kind: 'bus', sensor: 63, bytes: new Uint8Array(65_535).fill(7) },
      { t: 5, kind: 'tell', sensor: 255, bytes: new Uint8Array() },
    ]
    const file = join(mkdtempSync(join(tmpdir(), 'drempel-feed-')), 'feed')
    writeFileSync(file, Buffer.concat([encodeOrder('{"a":"é"}'), ...feds.map(encodeFed), Buffer.from([1, 2])]))
    const reader = openFeedReader(openSync(file, 'r'))
    expect(reader.order()).toBe('{"a":"é"}')
    const first = reader.next()!
    expect({ ...first, bytes: Uint8Array.from(first.bytes) }).toEqual(feds[0])
    const second = reader.next()!
    expect(Buffer.from(second.bytes).equals(feds[1]!.bytes)).toBe(true)
    reader.next()
    expect(second.bytes.every((byte) => byte === 0)).toBe(true)
    expect(reader.next()).toBeUndefined()
  })

  it('are signals that the reader of BlueZ hears as adverts', () => {
    const device: HeardDevice = {
      adapter: 'hci0',
      address: Uint8Array.of(0xc7, 0x1d, 0x5e, 0xad, 0xbe, 0xef),
      type: 'random',
      rssi: -61,
      name: "José's phone",
      manufacturer: { 65535: Uint8Array.of(1, 2, 3) },
      service: { '0000feaa-0000-1000-8000-00805f9b34fb': Uint8Array.of(0x30, 9) },
      uuids: ['f1b81652-c96f-42f9-8c3e-40382406267a'],
    }
    const ear = hearing()
    ear.push(deviceAdded(device))
    ear.push(deviceChanged({ ...device, rssi: -40 }))
    expect(ear.counts.malformed).toBe(0)
    expect(ear.adverts.map(({ rssi }) => rssi)).toEqual([-61, -40])
    const [heard] = ear.adverts
    expect(heard).toMatchObject({ address: [...device.address], type: 'random' })
    for (const part of ['06ffffff010203', '0516aafe3009', '11077a26062438403e8cf9426fc95216b8f1']) {
      expect(heard!.data).toContain(part)
    }
  })

  it('has a canary for each kind of input that is there', () => {
    const inputs = (sensors: unknown) =>
      new Set(plantedIn(exampleConfig({ sensors }), createCanaries()).map(({ input }) => input))
    const beam = { id: 'door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' }
    expect(inputs([beam])).toEqual(new Set(['broker']))
    expect(inputs(exampleConfig({}).sensors)).toEqual(new Set(['radio', 'side-door', 'aisle', 'broker']))
  })
})

describe('the search of a shadow', () => {
  it('looks for each canary with all that is known, never for too much at once', () => {
    const planted = plantedIn(exampleConfig({}), createCanaries())
    const known = Array.from({ length: 50 }, (_, i) => ({ name: `word ${i}`, value: `word-${i}` }))
    const tasks = tasksOf(planted, known)
    const pairs = tasks.flatMap((task) =>
      task.planted.flatMap(({ identifier }) => task.known.map(({ name }) => `${identifier.name}/${name}`)),
    )
    expect(new Set(pairs).size).toBe(planted.length * known.length)
    expect(pairs).toHaveLength(planted.length * known.length)
    const isBytes = ({ identifier }: (typeof planted)[number]) => 'bytes' in identifier
    expect(Math.max(...tasks.map((task) => task.planted.filter(isBytes).length * task.known.length))).toBeLessThan(20)
  })
})

describe('the search of the box itself', () => {
  const data = join(home, 'data')
  mkdirSync(data)
  const stored = (changes: Readonly<Record<string, unknown>> = {}) =>
    searchLive(exampleConfig({ data, ...changes })).find(({ place }) => place === 'stored')!

  it('finds an address in the data folder, and not one of a beacon of the shop', () => {
    writeFileSync(join(data, 'notes'), 'heard C7:1D:5E:AD:BE:EF twice')
    expect(stored().findings.found).toEqual([{ place: 'data/notes', label: 'address with colons', offset: 6 }])
    const beacons = [{ id: 'fridge', format: 'ruuvi', address: 'C7:1D:5E:AD:BE:EF' }]
    expect(stored({ beacons }).findings.found).toEqual([])
  })

  it('says that there is nothing yet where no box has run', () => {
    expect(stored({ data: join(home, 'none') })).toMatchObject({ findings: nothing, note: /nothing yet/ })
  })
})

describe('a verdict', () => {
  const place = { place: 'kept', note: 'data folder', findings: { found: [], unsearched: [], bytes: 2_000_000 } }
  const clean: Proof = {
    date: '2026-11-23T09:00:00.000Z',
    version: '0.1.0',
    policy: `sha256:${'ab'.repeat(32)}`,
    store: 'nl-0042',
    gateway: 'gw-1',
    search: { found: [{ label: 'address: bytes', places: ['file', 'memory'] }], missing: [] },
    shadow: {
      planted: [{ input: 'radio', names: ['name of a device'] }],
      needles: 9,
      messages: 4,
      differs: ['no ports'],
      places: [place],
    },
    live: [],
    seconds: 3.2,
  }
  const hit = { place: 'drempel.db', label: 'public address: bytes', offset: 4096 }
  const found: Proof = { ...clean, live: [{ ...place, findings: { ...place.findings, found: Array(30).fill(hit) } }] }
  const gap: Proof = {
    ...clean,
    live: [{ ...place, findings: { ...nothing, unsearched: [{ place: 'x', reason: 'EACCES' }] } }],
  }

  it('is clean only if the search can be trusted, a shadow was searched, and nothing was found or left out', () => {
    const blind = { ...clean, search: { found: [], missing: clean.search.found } }
    expect([clean, found, gap, blind, { ...clean, shadow: undefined }].map(isClean)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
    expect([clean, found, gap, blind].map((one) => summaryOf(one).verdict)).toEqual([
      'clean',
      'found',
      'incomplete',
      'incomplete',
    ])
  })

  it('is a page that fits the terminal and ends with what it cannot find', () => {
    for (const proof of [clean, found, gap]) {
      for (const width of [80, 120]) {
        const lines = proofPage(proof, width)
          .replace(/\u001b\[\d+m/g, '')
          .split('\n')
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
        expect(lines).toContain('What this cannot find')
      }
    }
  })

  it('says where something was found, a dozen times at most', () => {
    const page = proofPage(found, 100)
    expect(page).toContain('public address: bytes, in drempel.db at 4096')
    expect(page.match(/in drempel\.db/g)).toHaveLength(12)
    expect(page).toContain('and 18 more')
    expect(page).toContain('Not clean.')
    expect(proofPage(gap, 100)).toContain('not searched: x (EACCES)')
  })
})
