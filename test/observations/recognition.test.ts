import { describe, expect, it } from 'vitest'
import type { Advert } from '../../src/drivers/reading.ts'
import type { BeaconSettings } from '../../src/drivers/settings.ts'
import type { Observation } from '../../src/observations/observation.ts'
import { type AdvertTally, createRecognition } from '../../src/observations/recognition.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { trials } from '../support/need.ts'
import * as build from './adverts.ts'

const { advert, heard, own, shopUuid, namespace } = build
const irk = 'ec0234a357c8ad05341010a60a397d9b'
const resolvable = '70:81:94:0D:FB:AA'
const device = { key: '231d39c1d7cc1ab1aee224cd096db932', address: '54:48:E6:8F:80:A5' }
const counting = { rssiMin: -75 }

function recognition(beacons: readonly BeaconSettings[], phones?: { rssiMin: number }) {
  const said: Observation[] = []
  const { hear, tick, tally } = createRecognition({ beacons, phones, observe: (one) => said.push(one) })
  return { said, tick, tally, hear: (one: Advert, at = 0) => hear(heard(one, at), 'entrance') }
}

/** What became of one advert, and what was said of it. */
function fateOf(one: Advert, beacons: readonly BeaconSettings[], phones?: { rssiMin: number }): string[] {
  const { hear, tally, said } = recognition(beacons, phones)
  hear(one)
  return [...fates(tally()), ...said.map(({ kind }) => kind)]
}

function fates({ adverts: _, dropped, ...rest }: AdvertTally): string[] {
  return Object.entries({ ...rest, ...dropped }).flatMap(([fate, count]) => (count > 0 ? [fate] : []))
}

describe('a phone', () => {
  it('near enough goes on, sealed as it came', () => {
    const { said, hear, tally } = recognition([], counting)
    hear(advert(), 7)
    expect(said).toEqual([{ kind: 'nearby', sensor: 'radio', zone: 'entrance', at: 7, advert: expect.anything() }])
    expect(JSON.parse(JSON.stringify(said))).toMatchObject([{ advert: '[sealed]' }])
    expect(tally()).toMatchObject({ adverts: 1, phones: 1, own: 0, staff: 0, refused: 0 })
  })

  it.each([
    ['a resolvable address', { address: '40:00:00:00:00:01' }],
    ['a non-resolvable address', { address: '3F:FF:FF:FF:FF:FF' }],
    ['a strength just enough', { rssi: -75 }],
    ['no data', { data: new Uint8Array() }],
    ['data cut off', { data: build.bytes('1fff4c00') }],
    [
      'an empty structure, behind which nothing is read',
      { data: build.joined(build.bytes('00'), build.refusals[0]![1]) },
    ],
  ])('with %s goes on', (_, changes) => {
    expect(fateOf(advert(changes), [], counting)).toEqual(['phones', 'nearby'])
  })

  it.each([
    ['a public address', { type: 'public' }, 'public address'],
    ['a public address that looks random', { type: 'public', address: 'C0:11:22:33:44:55' }, 'public address'],
    ['a static address', { address: 'C0:11:22:33:44:55' }, 'static address'],
    ['a reserved address', { address: '80:11:22:33:44:55' }, 'reserved address'],
    ['a strength too low', { rssi: -76 }, 'too weak'],
    ['no strength', { rssi: 127 }, 'too weak'],
    ['a strength that is no number', { rssi: Number.NaN }, 'too weak'],
    ['an address cut off', { address: '40:11' }, 'malformed'],
  ] as const)('with %s does not', (_, changes, fate) => {
    expect(fateOf(advert(changes), [], counting)).toEqual([fate])
  })

  it('goes no further where phones are not counted', () => {
    expect(fateOf(advert(), [])).toEqual(['not counting phones'])
  })
})

describe('somebody who said no', () => {
  const [, refusal] = build.refusals[0]!
  const beacons = [own('ibeacon', { uuid: shopUuid }), own('irk', { key: irk, staff: true })]

  it.each(build.refusals)('%s is refused', (_, no) => {
    for (const data of [no, build.joined(build.phoneData, no), build.joined(no, build.phoneData)]) {
      expect(fateOf(advert({ data }), beacons, counting)).toEqual(['refused'])
      expect(fateOf(advert({ data }), beacons)).toEqual(['refused'])
    }
  })

  it('is refused before anything else is asked', () => {
    const ofTheShop = build.joined(build.iBeacon(shopUuid, 1, 1), refusal)
    expect(fateOf(advert({ data: ofTheShop, address: resolvable, rssi: 127 }), beacons, counting)).toEqual(['refused'])
  })

  it('leaves no address behind by sending the name of a beacon of the shop', () => {
    const { hear, tally } = recognition([own('eddystone-uid', { namespace })], counting)
    hear(advert({ data: build.joined(build.eddystoneUid(namespace, '000000000001'), refusal) }))
    hear(advert({ data: build.eddystoneTlm }), 100)
    expect(fates(tally())).toEqual(['phones', 'refused'])
  })

  it.each([
    ['one bit of it is changed', refusal.with(5, refusal[5]! ^ 1)],
    [
      'it reaches over its structure',
      build.joined(build.structure(0x07, refusal.subarray(2, 17)), refusal.subarray(17)),
    ],
    ['its structure reaches past the end', refusal.with(0, refusal.length)],
    ['it is cut off', build.structure(0x07, refusal.subarray(2, 17))],
    ['it stands in other data', build.structure(0xff, refusal.subarray(2))],
    [
      'it does not begin at a place of a list',
      build.structure(0x07, build.joined(build.bytes('00'), refusal.subarray(2))),
    ],
  ])('is not recognised where %s', (_, data) => {
    expect(fateOf(advert({ data }), [], counting)).toEqual(['phones', 'nearby'])
  })
})

describe("one of the shop's own devices", () => {
  const space = 'edd1ebeac04e5defa017'

  it.each<[string, BeaconSettings, { data: Uint8Array; rssi?: number }]>([
    ['an iBeacon of any number', own('ibeacon', { uuid: shopUuid }), { data: build.iBeacon(shopUuid, 3, 4) }],
    [
      'an iBeacon of its numbers',
      own('ibeacon', { uuid: shopUuid.toUpperCase(), major: 3, minor: 999 }),
      { data: build.iBeacon(shopUuid, 3, 999) },
    ],
    ['an AltBeacon', own('altbeacon', { uuid: shopUuid, major: 3 }), { data: build.altBeacon(shopUuid, 3, 4) }],
    [
      'an Eddystone of any instance',
      own('eddystone-uid', { namespace: space }),
      { data: build.eddystoneUid(space, '00000000000f') },
    ],
    [
      'an Eddystone of its instance',
      own('eddystone-uid', { namespace: space, instance: '00000000000f' }),
      { data: build.eddystoneUid(space, '00000000000f') },
    ],
    [
      'an Eddystone without reserved bytes',
      own('eddystone-uid', { namespace }),
      { data: build.structure(0x16, `aafe 00 e3 ${namespace} 000000000001`) },
    ],
    [
      'a device behind other structures',
      own('ibeacon', { uuid: shopUuid }),
      { data: build.joined(build.phoneData, build.iBeacon(shopUuid, 3, 4)) },
    ],
    [
      'a device too far to be a phone',
      own('ibeacon', { uuid: shopUuid }),
      { rssi: 127, data: build.iBeacon(shopUuid, 3, 4) },
    ],
  ])('is known: %s', (_, beacon, changes) => {
    for (const address of ['5A:11:22:33:44:55', 'C4:11:22:33:44:55']) {
      expect(fateOf(advert({ ...changes, address }), [beacon], counting)).toEqual(['own', 'telemetry'])
    }
    expect(fateOf(advert(changes), [{ ...beacon, staff: true }], counting)).toEqual(['staff'])
  })

  it.each<[string, BeaconSettings, Uint8Array]>([
    ['another UUID', own('ibeacon', { uuid: shopUuid.replace('f', 'e') }), build.iBeacon(shopUuid, 3, 4)],
    ['another major', own('ibeacon', { uuid: shopUuid, major: 2 }), build.iBeacon(shopUuid, 3, 4)],
    ['another minor', own('ibeacon', { uuid: shopUuid, major: 3, minor: 260 }), build.iBeacon(shopUuid, 3, 4)],
    ['another format', own('altbeacon', { uuid: shopUuid }), build.iBeacon(shopUuid, 3, 4)],
    [
      'another instance',
      own('eddystone-uid', { namespace: space, instance: '00000000000e' }),
      build.eddystoneUid(space, '00000000000f'),
    ],
    [
      'an Eddystone of no known length',
      own('eddystone-uid', { namespace }),
      build.structure(0x16, `aafe 00 e3 ${namespace} 000000000001 00`),
    ],
    [
      'an iBeacon that reaches past the end',
      own('ibeacon', { uuid: shopUuid }),
      build.iBeacon(shopUuid, 3, 4).with(0, 0x1b),
    ],
    [
      'an iBeacon cut off',
      own('ibeacon', { uuid: shopUuid }),
      build.structure(0xff, build.iBeacon(shopUuid, 3, 4).subarray(2, 26)),
    ],
  ])('is not taken for one of %s', (_, beacon, data) => {
    expect(fateOf(advert({ data }), [beacon], counting)).toEqual(['phones', 'nearby'])
  })

  it('is told with what it says of itself', () => {
    const [tag, sensor] = ['CB:B8:33:4C:88:4F', 'A4:C1:38:8D:18:B2']
    const { hear, said } = recognition([
      own('ruuvi', { address: tag.toLowerCase() }),
      own('bthome', { address: sensor }),
    ])
    hear(advert({ address: tag, data: build.ruuviData }), 5)
    hear(advert({ address: sensor, type: 'public', data: build.bthome('40 015f 02ca09') }), 6)
    hear(advert({ address: sensor, type: 'public' }), 7)
    expect(said).toEqual([
      {
        kind: 'telemetry',
        sensor: 'radio',
        beacon: 'ruuvi',
        at: 5,
        batteryMillivolts: 2977,
        temperature: 24.3,
        humidity: 53.49,
      },
      { kind: 'telemetry', sensor: 'radio', beacon: 'bthome', at: 6, batteryPercent: 95, temperature: 25.06 },
      { kind: 'telemetry', sensor: 'radio', beacon: 'bthome', at: 7 },
    ])
  })

  it('that encrypts is believed once', () => {
    const { hear, said, tally } = recognition([own('bthome', { ...device })], counting)
    const send = (counter: number, at: number) =>
      hear(
        advert({
          address: device.address,
          data: build.bthome(Buffer.from(build.bthomeSealed('0164', counter, device)).toString('hex')),
        }),
        at,
      )
    for (const [counter, at] of [
      [41, 0],
      [42, 1000],
      [42, 1010],
      [41, 2000],
    ] as const)
      send(counter, at)
    hear(advert({ address: device.address, data: build.bthome('40 0101') }), 3000)
    expect(said.map(({ at }) => at)).toEqual([0, 1000])
    expect(said[1]).toEqual({ kind: 'telemetry', sensor: 'radio', beacon: 'bthome', at: 1000, batteryPercent: 100 })
    expect(tally()).toMatchObject({ own: 2, phones: 0, dropped: { 'repeated or forged': 3 } })
  })

  it('says its battery without its name within ten seconds from the same address', () => {
    const { hear, said, tally } = recognition([own('eddystone-uid', { namespace })], counting)
    const tlm = (address: string, at: number) => hear(advert({ address, data: build.eddystoneTlm }), at)
    hear(advert({ data: build.eddystoneUid(namespace, '000000000001') }), 1000)
    tlm('5A:11:22:33:44:55', 11_000)
    tlm('5A:11:22:33:44:56', 11_000)
    tlm('5A:11:22:33:44:55', 11_001)
    expect(said.map(({ kind, at }) => [kind, at])).toEqual([
      ['telemetry', 1000],
      ['telemetry', 11_000],
      ['nearby', 11_000],
      ['nearby', 11_001],
    ])
    expect(said[1]).toMatchObject({ beacon: 'eddystone-uid', batteryMillivolts: 2840, temperature: 19 })
    expect(tally()).toMatchObject({ own: 2, phones: 2 })
  })

  it('is not followed to an address that it no longer uses', () => {
    const { hear, said, tick } = recognition([own('eddystone-uid', { namespace })], counting)
    const uid = build.eddystoneUid(namespace, '000000000001')
    hear(advert({ address: '5A:00:00:00:00:01', data: uid }), 0)
    hear(advert({ address: '5A:00:00:00:00:02', data: uid }), 1000)
    hear(advert({ address: '5A:00:00:00:00:01', data: build.eddystoneTlm }), 1001)
    tick(20_000)
    hear(advert({ address: '00:00:00:00:00:00', data: build.eddystoneTlm }), 20_001)
    expect(said.slice(2).map(({ kind }) => kind)).toEqual(['nearby', 'nearby'])
  })
})

describe('staff', () => {
  const strangers = Array.from({ length: 49 }, (_, i) =>
    own('irk', { id: `colleague-${i}`, key: (i + 1).toString(16).padStart(32, '0'), staff: true }),
  )
  const jo = own('irk', { id: 'jo', key: irk, staff: true })

  it('are known among fifty by the key of their changing address, and nothing is said of them', () => {
    const beacons = [...strangers, jo]
    expect(fateOf(advert({ address: resolvable }), beacons, counting)).toEqual(['staff'])
    expect(fateOf(advert({ address: resolvable }), beacons)).toEqual(['staff'])
  })

  it('with a key are no phone, also where it is not said that they are staff', () => {
    expect(fateOf(advert({ address: resolvable }), [{ ...jo, staff: false }], counting)).toEqual(['own'])
  })

  it.each([
    ['of another address', { address: '70:81:94:0D:FB:AB' }, ['phones', 'nearby']],
    ['of an address that is public', { address: resolvable, type: 'public' }, ['public address']],
  ] as const)('are not seen in an advert %s', (_, changes, fate) => {
    expect(fateOf(advert(changes), [jo], counting)).toEqual(fate)
  })
})

describe('any adverts', () => {
  const beacons = [
    own('ibeacon', { uuid: shopUuid }),
    own('eddystone-uid', { namespace }),
    own('ruuvi', { address: 'CB:B8:33:4C:88:4F', staff: true }),
    own('bthome', { ...device }),
    own('irk', { key: irk, staff: true }),
  ]
  const parts = [
    build.phoneData,
    build.iBeacon(shopUuid, 1, 2),
    build.eddystoneUid(namespace, '000000000001'),
    build.eddystoneTlm,
    build.ruuviData,
    build.structure(0x09, Buffer.from('Phone of Jo')),
    ...build.refusals.map(([, data]) => data),
  ]
  const telemetryKeys = [
    'kind',
    'sensor',
    'beacon',
    'at',
    'batteryPercent',
    'batteryMillivolts',
    'temperature',
    'humidity',
  ]

  it('with phones off: nothing that carries an address leaves, and each advert is accounted for once', () => {
    const random = createRandom('recognition')
    const { hear, said, tick, tally } = recognition(beacons)
    const count = trials(30_000, 1_000_000)
    for (let i = 0; i < count; i++) {
      const known = random.pick(['CB:B8:33:4C:88:4F', device.address, resolvable, '5A:11:22:33:44:55'])
      const noise = Array.from({ length: 6 }, () => random.below(256).toString(16).padStart(2, '0')).join(':')
      const data = build.joined(...Array.from({ length: random.below(4) }, () => random.pick(parts)))
      const type = random.pick(['public', 'random'] as const)
      hear(advert({ address: random.chance(0.5) ? known : noise, type, data, rssi: -random.below(100) }), i * 50)
      if (i % 100 === 0) tick(i * 50)
    }
    expect(said.length).toBeGreaterThan(count / 10)
    for (const one of said) {
      expect(one.kind).toBe('telemetry')
      for (const [key, value] of Object.entries(one)) {
        if (!telemetryKeys.includes(key) || typeof value === 'object') expect.fail(`${key} left`)
      }
    }
    const { adverts, dropped, ...places } = tally()
    const sum = [...Object.values(places), ...Object.values(dropped)].reduce((a, b) => a + b, 0)
    expect([adverts, sum, places.phones]).toEqual([count, count, 0])
    expect(Math.min(places.own, places.staff, places.refused, dropped['not counting phones'])).toBeGreaterThan(0)
  })
})
