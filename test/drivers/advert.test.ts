import { describe, expect, it } from 'vitest'
import { parseAd } from '../../src/base/ad.ts'
import { decodeAdvert } from '../../src/drivers/ble/advert.ts'
import { bthomeObjects } from '../../src/drivers/ble/bthome-objects.ts'
import { createRandom } from '../../src/simulator/random.ts'
import vectors from '../fixtures/adverts.json' with { type: 'json' }
import { joined, refusals } from '../observations/adverts.ts'
import { trials } from '../support/need.ts'
import { fromHex } from './serial/hearing.ts'

function service(uuid: string, data: string): Uint8Array {
  const bytes = fromHex(data)
  return Uint8Array.of(bytes.length + 3, 0x16, ...fromHex(uuid).reverse(), ...bytes)
}

describe('the structures of an advert', () => {
  it('are walked by their lengths', () => {
    const { structures, isTruncated } = parseAd(fromHex('020106 0303aafe 01ff'))
    expect(structures.map(({ type, data }) => [type, data.length])).toEqual([
      [1, 1],
      [3, 2],
      [0xff, 0],
    ])
    expect(isTruncated).toBe(false)
  })

  it('end at a length of zero', () => {
    expect(parseAd(fromHex('020106 00 0303aafe')).structures).toHaveLength(1)
  })

  it('are kept up to one that reaches past the end', () => {
    expect(parseAd(fromHex('020106 0503aafe'))).toMatchObject({ structures: [{ type: 1 }], isTruncated: true })
  })
})

describe('decoding an advert', () => {
  it.each(vectors.known)('reads $decoded.format of $source', ({ advert, decoded }) => {
    expect(decodeAdvert(fromHex(advert))).toEqual(decoded)
  })

  it.each(vectors.unknown)('does not read $source', ({ advert }) => {
    expect(decodeAdvert(fromHex(advert))).toEqual({ format: 'unknown', reason: expect.any(String) })
  })

  it.each(vectors.known)('says that a cut $decoded.format of $source is none', ({ advert }) => {
    const bytes = fromHex(advert)
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeAdvert(bytes.subarray(0, length))).toHaveProperty('format', 'unknown')
    }
  })

  it('never says what a person carries', () => {
    const tag = service('feaa', `40${'11'.repeat(20)}`)
    expect(decodeAdvert(tag)).toEqual({ format: 'unknown', reason: expect.stringMatching(/person/) })
  })

  it.each(refusals)('reads nothing of who asks not to be counted %s', (_, refusal) => {
    for (const { advert } of vectors.known) {
      const bytes = joined(fromHex(advert), refusal)
      expect(decodeAdvert(bytes)).toEqual({ format: 'unknown', reason: expect.stringMatching(/not to be counted/) })
    }
  })

  it.each([
    ['a reserved character', '10f80320'],
    ['an unknown scheme', '10f80461'],
    ['more than 17 bytes', `10f803${'61'.repeat(18)}`],
  ])('refuses a URL with %s', (_, frame) => {
    expect(decodeAdvert(service('feaa', frame))).toHaveProperty('format', 'unknown')
  })

  it('expands the shortest URL', () => {
    expect(decodeAdvert(service('feaa', '10000161620d'))).toMatchObject({ url: 'https://www.ab.gov' })
  })

  it('knows that a tag may not know its battery and temperature', () => {
    const frame = service('feaa', '2000 0000 8000 00000001 0000000a')
    expect(decodeAdvert(frame)).toMatchObject({ batteryMillivolts: null, temperature: null, uptimeSeconds: 1 })
  })

  it('reads the objects of BTHome up to one that it does not know', () => {
    const frame = service('fcd2', '44 0007 0164 5aff80 5303616263 5402beef f001')
    expect(decodeAdvert(frame)).toEqual({
      format: 'bthome',
      encrypted: false,
      onEvent: true,
      objects: [
        { name: 'packet', value: 7 },
        { name: 'battery', value: 100, unit: '%' },
        { name: 'count', value: -32513 },
        { name: 'text', value: 'abc' },
        { name: 'raw', value: 'beef' },
      ],
      unread: 'f001',
    })
  })

  it('knows all objects of BTHome', () => {
    expect(bthomeObjects.size).toBe(88)
  })

  it('never throws on noise', () => {
    const random = createRandom('advert')
    for (let i = 0; i < trials(50_000, 1_000_000); i++) {
      const known = fromHex(random.pick(vectors.known).advert)
      const bytes = random.chance(0.5)
        ? Uint8Array.from({ length: random.below(40) }, () => random.below(256))
        : known.with(random.below(known.length), random.below(256))
      const { format, reason } = decodeAdvert(bytes)
      if (format === 'unknown' && typeof reason !== 'string') expect.fail(`no reason for ${i}`)
    }
  })
})
