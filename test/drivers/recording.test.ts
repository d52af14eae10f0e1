import { describe, expect, it } from 'vitest'
import { Sealed } from '../../src/base/sealed.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import {
  createRecordingReader,
  formatRecordedEvent,
  formatRecordingHeader,
  parseRecordingHeader,
  type RecordedEvent,
} from '../../src/drivers/recording.ts'
import type { SensorSettings } from '../../src/drivers/settings.ts'
import { encodeFrame } from '../../src/simulator/ld2450.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { trials } from '../support/need.ts'
import { settingsOf } from './serial/hearing.ts'

const sensors: SensorSettings[] = [
  {
    id: 'front-door',
    kind: 'beam-pair',
    zone: 'entrance',
    outer: 'GPIO17',
    inner: 'GPIO27',
    broken: 'high',
    driver: 'auto',
  },
  settingsOf.ld2450,
  settingsOf['json-lines'],
  { id: 'radio', kind: 'ble', zone: 'entrance', adapter: 'hci0' },
]
const advert = { address: fromHex('C01122334455'), type: 'random', rssi: -61, data: fromHex('0201061aff4c00') } as const
const frame = encodeFrame([{ x: -782, y: 1713, speed: -16, resolution: 320 }])

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function open() {
  const readings: Reading[] = []
  const reader = createRecordingReader({ sensors, hear: (reading) => readings.push(reading) })
  const read = (line: unknown, number = 2) =>
    reader.read(typeof line === 'string' ? line : JSON.stringify(line), number)
  return { reader, readings, read }
}

describe('the header of a recording', () => {
  it('says when it starts', () => {
    const start = Date.UTC(2026, 10, 22, 8)
    expect(parseRecordingHeader('{"drempel":"recording/1","start":"2026-11-22T08:00:00Z"}')).toEqual({ start })
    expect(parseRecordingHeader(formatRecordingHeader(start))).toEqual({ start })
  })

  it.each([
    '',
    'null',
    '[]',
    '{"t":1,"sensor":"front-door","edge":{"line":"outer","level":1}}',
    '{"drempel":"recording/2","start":"2026-11-22T08:00:00Z"}',
    '{"drempel":"recording/1"}',
    '{"drempel":"recording/1","start":1763798400}',
    '{"drempel":"recording/1","start":"2026-11-22"}',
    '{"drempel":"recording/1","start":"2026-11-22T08:00:00+01:00"}',
    '{"drempel":"recording/1","start":"2026-02-30T08:00:00Z"}',
    '{"drempel":"recording/1","start":"2026-11-22T25:00:00Z"}',
  ])('is not %s', (line) => {
    expect(parseRecordingHeader(line)).toEqual({ bad: expect.any(String) })
  })
})

describe('a line of a recording', () => {
  const events: RecordedEvent[] = [
    { t: 1.25, sensor: 'front-door', kind: 'edge', line: 'outer', level: 1 },
    { t: 1.3, sensor: 'aisle', kind: 'bytes', bytes: frame },
    { t: 1.4, sensor: 'radio', kind: 'advert', advert },
    { t: 9, sensor: 'aisle', kind: 'state', state: 'down' },
  ]

  it('is written as the contract shows it', () => {
    expect(events.map(formatRecordedEvent)).toEqual([
      '{"t":1.25,"sensor":"front-door","edge":{"line":"outer","level":1}}',
      '{"t":1.3,"sensor":"aisle","bytes":"aaff03000e03b186100040010000000000000000000000000000000055cc"}',
      '{"t":1.4,"sensor":"radio","advert":{"address":"C0:11:22:33:44:55","type":"random","rssi":-61,"data":"0201061aff4c00"}}',
      '{"t":9,"sensor":"aisle","state":"down"}',
    ])
  })

  it('is heard at its time', () => {
    const { read, readings } = open()
    expect(events.map((event) => read(formatRecordedEvent(event)))).toEqual(events.map(({ t }) => ({ t })))
    expect(readings).toEqual([
      { kind: 'edge', sensor: 'front-door', at: 1250, line: 'outer', level: 1 },
      { kind: 'targets', sensor: 'aisle', at: 1300, targets: [{ x: -782, y: 1713, speed: -16, resolution: 320 }] },
      { kind: 'advert', sensor: 'radio', at: 1400, advert: expect.any(Sealed) },
      { kind: 'state', sensor: 'aisle', at: 9000, state: 'down' },
    ])
  })

  it('moves the clock before it is heard', () => {
    const order: string[] = []
    const reader = createRecordingReader({ sensors, hear: ({ kind }) => order.push(kind) })
    reader.read(formatRecordedEvent(events[0]!), 2, (at) => order.push(`clock ${at}`))
    reader.read('not a line', 3, (at) => order.push(`clock ${at}`))
    expect(order).toEqual(['clock 1250', 'edge'])
  })

  it('seals an advert: nothing of it can be printed or kept in JSON', () => {
    const { read, readings } = open()
    read(formatRecordedEvent(events[2]!))
    expect(JSON.stringify(readings)).not.toMatch(/C0:11|-61|4c00/i)
  })

  it('may hold any piece of the stream', () => {
    const { read, readings } = open()
    const pieces = [frame.subarray(0, 3), frame.subarray(3, 29), frame.subarray(29)]
    for (const [i, bytes] of pieces.entries())
      read(formatRecordedEvent({ t: i, sensor: 'aisle', kind: 'bytes', bytes }))
    expect(readings).toMatchObject([{ kind: 'targets', at: 2000 }])
  })
})

const goodEdge = { t: 5, sensor: 'front-door', edge: { line: 'outer', level: 1 } }
const goodAdvert = { address: 'C0:11:22:33:44:55', type: 'random', rssi: -61, data: '020106' }
const badLines: [string, unknown][] = [
  ['nothing', ''],
  ['no JSON', 'hello'],
  ['half a line', '{"t":5,"sensor":"front-do'],
  ['a list', []],
  ['a number', 5],
  ['null', 'null'],
  ['a second header', '{"drempel":"recording/1","start":"2026-11-22T08:00:00Z"}'],
  ['no time', { sensor: 'front-door', edge: { line: 'outer', level: 1 } }],
  ['a time in words', { ...goodEdge, t: '5' }],
  ['an endless time', '{"t":1e999,"sensor":"front-door","edge":{"line":"outer","level":1}}'],
  ['a time before the start', { ...goodEdge, t: -1 }],
  ['a time before that of the last line', { ...goodEdge, t: 3.999 }],
  ['no sensor', { t: 5, state: 'up' }],
  ['an unknown sensor', { t: 5, sensor: 'nobody', state: 'up' }],
  ['a sensor of the prototype', { t: 5, sensor: 'constructor', state: 'up' }],
  ['no reading', { t: 5, sensor: 'front-door' }],
  ['two readings', { ...goodEdge, state: 'up' }],
  ['something else besides', { ...goodEdge, note: 'x' }],
  ['an edge of a radar', { ...goodEdge, sensor: 'aisle' }],
  ['bytes of a beam', { t: 5, sensor: 'front-door', bytes: '00' }],
  ['an advert of a radar', { t: 5, sensor: 'aisle', advert: goodAdvert }],
  ['an unknown line of a beam', { ...goodEdge, edge: { line: 'middle', level: 1 } }],
  ['an unknown level', { ...goodEdge, edge: { line: 'outer', level: 2 } }],
  ['a level in words', { ...goodEdge, edge: { line: 'outer', level: '1' } }],
  ['an edge with more', { ...goodEdge, edge: { line: 'outer', level: 1, by: 'x' } }],
  ['an edge that is none', { ...goodEdge, edge: null }],
  ['an odd number of digits', { t: 5, sensor: 'aisle', bytes: 'aaf' }],
  ['digits that are none', { t: 5, sensor: 'aisle', bytes: 'zz' }],
  ['spaces in the hex', { t: 5, sensor: 'aisle', bytes: 'aa ff' }],
  ['no bytes', { t: 5, sensor: 'aisle', bytes: '' }],
  ['too many bytes', { t: 5, sensor: 'aisle', bytes: '00'.repeat(65_537) }],
  ['bytes as a list', { t: 5, sensor: 'aisle', bytes: [170] }],
  ['an unknown state', { t: 5, sensor: 'aisle', state: 'sideways' }],
  ['an address too short', { t: 5, sensor: 'radio', advert: { ...goodAdvert, address: 'C0:11:22:33:44' } }],
  ['an address without colons', { t: 5, sensor: 'radio', advert: { ...goodAdvert, address: 'C01122334455' } }],
  ['an unknown type of address', { t: 5, sensor: 'radio', advert: { ...goodAdvert, type: 'static' } }],
  ['a loud signal', { t: 5, sensor: 'radio', advert: { ...goodAdvert, rssi: 21 } }],
  ['half a decibel', { t: 5, sensor: 'radio', advert: { ...goodAdvert, rssi: -61.5 } }],
  ['no strength', { t: 5, sensor: 'radio', advert: { ...goodAdvert, rssi: null } }],
  ['data that is no hex', { t: 5, sensor: 'radio', advert: { ...goodAdvert, data: 'xx' } }],
  ['data too long', { t: 5, sensor: 'radio', advert: { ...goodAdvert, data: '00'.repeat(1651) } }],
  [
    'an advert without data',
    { t: 5, sensor: 'radio', advert: { address: goodAdvert.address, type: 'random', rssi: 0 } },
  ],
  ['an advert with a name', { t: 5, sensor: 'radio', advert: { ...goodAdvert, name: 'x' } }],
  ['a megabyte', `{"t":5,"sensor":"front-door","x":"${'x'.repeat(1_000_000)}"}`],
]

describe('a bad line', () => {
  it.each(badLines)('is told and skipped: %s', (_, line) => {
    const { reader, read, readings } = open()
    read({ ...goodEdge, t: 4 })
    expect(read(line, 17)).toEqual({ bad: expect.stringMatching(/^[\x20-\x7e]{8,120}$/) })
    expect(read(goodEdge, 18)).toEqual({ t: 5 })
    expect(readings).toHaveLength(2)
    expect(reader.summary()).toMatchObject({ bad: 1, badLines: [17] })
  })

  it('is never quoted: what it says may be personal', () => {
    const { read } = open()
    const secret = 'C0:11:22:33:44:55'
    for (const line of [
      { t: secret },
      { t: 1, sensor: secret },
      { t: 1, sensor: 'radio', [secret]: 1, advert: secret },
    ]) {
      expect(JSON.stringify(read(line))).not.toContain(secret)
    }
  })

  it('is all there is in a file of noise, and nothing throws', () => {
    const random = createRandom('recording')
    const { reader, read } = open()
    const template = formatRecordedEvent({ t: 1, sensor: 'radio', kind: 'advert', advert })
    for (let i = 0; i < trials(20_000, 1_000_000); i++) {
      const place = random.below(template.length)
      const letter = String.fromCharCode(random.below(random.chance(0.1) ? 0xffff : 128))
      read(template.slice(0, place) + letter + template.slice(place + random.below(3)), i)
    }
    expect(reader.summary().bad).toBeGreaterThan(1000)
    expect(reader.summary().badLines).toHaveLength(100)
  })
})

describe('the summary of a recording', () => {
  it('counts lines by sensor and kind, and what was not understood', () => {
    const { reader, read } = open()
    read(goodEdge)
    read({ ...goodEdge, edge: { line: 'inner', level: 1 } })
    read({ t: 6, sensor: 'radio', advert: goodAdvert })
    read({ t: 6, sensor: 'side', bytes: Buffer.from('what?\n').toString('hex') })
    read({ t: 6, sensor: 'side', state: 'down' })
    read('oops', 9)
    expect(reader.summary()).toEqual({
      lines: { 'front-door': { edge: 2 }, aisle: {}, side: { bytes: 1, state: 1 }, radio: { advert: 1 } },
      dropped: { 'front-door': 0, aisle: 0, side: 1, radio: 0 },
      bad: 1,
      badLines: [9],
    })
  })
})
