import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/base/errors.ts'
import { type Config, loadConfig, readConfig } from '../../src/config.ts'
import { example, exampleFolder, exampleWith, least, purpose } from './example.ts'

const folder = exampleFolder()
const file = join(folder, 'drempel.yaml')

function accepted(text: string): { config: Config; warnings: readonly { path: string; reason: string }[] } {
  const checked = readConfig(text, file)
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems, null, 2))
  return checked
}

function problemsOf(text: string) {
  const checked = readConfig(text, file)
  return 'problems' in checked ? checked.problems : []
}

describe('a good configuration', () => {
  test('is accepted without a warning, with its files found beside it', () => {
    const { config, warnings } = accepted(example)
    expect(warnings).toEqual([])
    expect(config.upstream).toEqual({
      url: 'mqtts://broker.acme.example:8883',
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'gw-1.pem'),
      key: join(folder, 'gw-1.key'),
    })
  })

  test('may list the beacons that README lists', () => {
    const [, listed = ''] = /```yaml\n(beacons:\n[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? []
    const { config, warnings } = accepted(`${example}${listed}`)
    expect(warnings).toEqual([])
    expect(config.beacons.map(({ format }) => format)).toEqual(['ibeacon', 'eddystone-uid', 'bthome', 'ruuvi', 'irk'])
  })

  test('needs only six keys; every other has its default', () => {
    expect(accepted(least).config).toEqual({
      organisation: 'acme',
      store: {
        id: 'nl-0042',
        name: 'This shop',
        country: 'NL',
        timezone: 'Europe/Amsterdam',
        opening: '09:00-18:00',
        languages: ['en'],
      },
      controller: { name: 'Acme Retail BV', contact: 'privacy@acme.example', recipients: [] },
      gateway: 'gw-1',
      beacons: [],
      zones: [{ id: 'entrance', name: 'Entrance', kind: 'door' }],
      sensors: [
        {
          id: 'front-door',
          kind: 'beam-pair',
          zone: 'entrance',
          outer: 'GPIO17',
          inner: 'GPIO27',
          broken: 'high',
          driver: 'auto',
        },
      ],
      privacy: { profile: 'footfall', window: '15m', precision: 'standard' },
      purposes: [],
      retention: { journal: '400d', glassBox: '7d', signals: '30d', consentRecords: '5y', logs: '7d' },
      upstream: { url: 'mqtt://127.0.0.1' },
      web: { public: '0.0.0.0:8080', staff: '0.0.0.0:8443' },
      data: '/var/lib/drempel',
      clock: 'auto',
    })
  })

  test('may give hours by weekday, range and date', () => {
    const opening = { 'mo-fr': '09:00-18:00', th: '09:00-21:00', su: 'closed', '2026-12-25': 'closed' }
    expect(accepted(exampleWith({ 'store.opening': opening })).config.store.opening).toEqual(opening)
  })

  test('may ask for consent, and is then told that this version does not', () => {
    const { config } = accepted(exampleWith({ purposes: [purpose] }))
    expect(config.purposes[0]).toEqual({
      ...purpose,
      editorial: [],
      caps: { perDay: 6, perVisit: 3 },
      quiet: '21:00-08:00',
      longest: '180d',
    })
  })

  test('may have a data folder beside it', () => {
    expect(accepted(exampleWith({ data: 'state' })).config.data).toBe(join(folder, 'state'))
  })

  test.each([
    [
      'ld2450',
      {
        id: 'r',
        kind: 'ld2450',
        zone: 'shoes',
        port: '/dev/r',
        areas: [
          {
            zone: 'shoes',
            polygon: [
              [0, 0],
              [9, 0],
              [0, 9],
            ],
          },
        ],
      },
    ],
    [
      'rd03d',
      {
        id: 'r',
        kind: 'rd03d',
        zone: 'shoes',
        port: '/dev/r',
        line: [
          [0, 0],
          [1, 0],
        ],
        fields: 'speed-first',
      },
    ],
    ['ld2410', { id: 'r', kind: 'ld2410', zone: 'shoes', port: '/dev/r' }],
    [
      'modbus-counter',
      {
        id: 'r',
        kind: 'modbus-counter',
        zone: 'entrance',
        port: '/dev/r',
        registers: [{ addr: 0, kind: 'total_in', words: 2 }],
      },
    ],
  ])('may hold a sensor of kind %s', (kind, sensor) => {
    expect(accepted(exampleWith({ 'sensors[0]': sensor })).config.sensors[0]?.kind).toBe(kind)
  })

  test('may pair two tf-luna', () => {
    const outer = { id: 'a', kind: 'tf-luna', zone: 'entrance', port: '/dev/a', inner: 'b' }
    const inner = { id: 'b', kind: 'tf-luna', zone: 'entrance', port: '/dev/b' }
    expect(accepted(exampleWith({ 'sensors[0]': outer, 'sensors[1]': inner })).warnings).toEqual([])
  })
})

describe('a warning is given, and the configuration taken,', () => {
  test.each([
    [
      'for an open connection to another machine',
      { upstream: { url: 'mqtt://10.0.0.7' } },
      'upstream.url',
      'not encrypted',
    ],
    [
      'for a password on an open connection',
      { upstream: { url: 'mqtt://b.example', username: 'a', password: 'hunter2' } },
      'upstream.url',
      'password is readable',
    ],
    ['for a radar without line or areas', { 'sensors[2].line': undefined }, 'sensors[2]', 'It counts nothing.'],
    [
      'for a lone tf-luna',
      { 'sensors[0]': { id: 'a', kind: 'tf-luna', zone: 'entrance', port: '/dev/a' } },
      'sensors[0]',
      'in from out',
    ],
    ['for a zone that nobody counts', { 'sensors[2].zone': 'entrance' }, 'zones[1]', 'No sensor counts here'],
    ['for no sensor at all', { sensors: [] }, 'zones[0]', 'No sensor counts here'],
    ['for a pin that the header does not have', { 'sensors[0].outer': 'GPIO40' }, 'sensors[0].outer', 'GPIO27'],
    [
      'for a recipient nobody knows',
      { purposes: [{ ...purpose, recipient: 'Ad Network' }] },
      'purposes[0].recipient',
      'not told who',
    ],
    [
      'for beacons that still have the UUID of their maker',
      { beacons: [{ id: 'desk', format: 'ibeacon', uuid: 'FDA50693-A4E2-4FB1-AFCF-C6EB07647825' }] },
      'beacons[0].uuid',
      'beacons of other shops',
    ],
    [
      'for beacons that nobody hears',
      {
        beacons: [{ id: 'fridge', format: 'ruuvi', address: 'CB:B8:33:4C:88:4F' }],
        'sensors[3]': { id: 'back', kind: 'json-lines', zone: 'entrance', port: '/dev/back' },
      },
      'beacons',
      'No sensor of kind ble',
    ],
    [
      'for a counter that only counts in',
      {
        'sensors[0]': {
          id: 'r',
          kind: 'modbus-counter',
          zone: 'entrance',
          port: '/dev/r',
          registers: [{ addr: 0, kind: 'total_in' }],
        },
      },
      'sensors[0].registers',
      'total_out',
    ],
  ])('%s', (_, changes, path, reason) => {
    const told = accepted(exampleWith(changes)).warnings.find((warning) => warning.path === path)
    expect(told?.reason).toContain(reason)
  })

  test.each(['mqtt://127.0.0.1:1883', 'mqtt://localhost', 'mqtt://[::1]:1883', 'mqtt://127.9.9.9'])(
    'but not for %s',
    (url) => {
      expect(accepted(exampleWith({ upstream: { url } })).warnings).toEqual([])
    },
  )
})

describe('problems', () => {
  test('are all told at once, in the order of the file, also where parts do not fit', () => {
    const text = exampleWith({ 'retention.logs': '1y', 'sensors[0].kind': 'beam', 'store.country': 'XX', gateway: 7 })
    expect(problemsOf(text).map(({ path }) => path)).toEqual([
      'store.country',
      'gateway',
      'sensors[0].kind',
      'retention.logs',
    ])
  })

  test('name line and column', () => {
    const problems = problemsOf(example.replace('baud: 115200', 'baud: 12'))
    expect(problems).toMatchObject([{ path: 'sensors[1].baud', value: '12', line: 10, column: 87 }])
  })

  test('of a misspelt required key are told once', () => {
    expect(problemsOf(example.replace('gateway:', 'gatway:')).map(({ path }) => path)).toEqual(['gatway'])
  })

  test.each([
    ['a password in the address', { 'upstream.url': 'mqtts://me:hunter2@b.example' }],
    ['a password with a slash in the address', { 'upstream.url': 'mqtts://me:hu/hunter2@b.example' }],
    ['credentials without a scheme', { 'upstream.url': 'me:hunter2@b.example' }],
    ['a password without a name', { 'upstream.password': 'hunter2' }],
    ['a number as password', { 'upstream.password': ['hunter2'] }],
    ['a misspelt password', { 'upstream.pasword': 'hunter2' }],
    ['a password in the wrong place', { passphrase: 'hunter2' }],
    ['the key of a beacon cut short', { beacons: [{ id: 'jo', format: 'irk', key: 'hunter2' }] }],
    ['the key of a beacon where none belongs', { beacons: [{ id: 'jo', format: 'ruuvi', key: 'hunter2' }] }],
    ['a key pasted in', { 'upstream.key': '-----BEGIN PRIVATE KEY-----\nhunter2\n' }],
  ])('never show %s', (_, changes) => {
    const problems = problemsOf(exampleWith(changes))
    expect(problems.length).toBeGreaterThan(0)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })

  test('never send control characters to a terminal', () => {
    const text = example.replace('gw-1\n', '"\\e[2J\\x9b\\u202e"\n"\\e[31mred": 1\n')
    const problems = problemsOf(text)
    expect(problems).toHaveLength(2)
    expect(problems.map(({ path, value }) => path + value).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('loading', () => {
  const codeOf = (path: string) => {
    try {
      loadConfig(path)
      return undefined
    } catch (error) {
      return error instanceof GatewayError ? error.code : error
    }
  }

  test('gives the checked configuration', () => {
    expect(loadConfig(file).gateway).toBe('gw-1')
  })

  test('tells a missing, unreadable and invalid file apart', () => {
    mkdirSync(join(folder, 'folder.yaml'))
    writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0x00, 0xd8]))
    writeFileSync(join(folder, 'wrong.yaml'), 'gateway: 1\n')
    expect(codeOf(join(folder, 'none.yaml'))).toBe('CONFIG_MISSING')
    expect(codeOf(join(folder, 'folder.yaml'))).toBe('CONFIG_UNREADABLE')
    expect(codeOf(join(folder, 'binary.yaml'))).toBe('CONFIG_UNREADABLE')
    expect(codeOf('/dev/zero')).toBe('CONFIG_UNREADABLE')
    expect(codeOf(join(folder, 'wrong.yaml'))).toBe('CONFIG_INVALID')
  })
})
