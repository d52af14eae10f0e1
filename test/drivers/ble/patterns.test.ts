import { describe, expect, it } from 'vitest'
import { matches, patternsOf } from '../../../src/drivers/ble/patterns.ts'
import type { BeaconSettings } from '../../../src/drivers/settings.ts'
import vectors from '../../fixtures/adverts.json' with { type: 'json' }
import { ownAdvert, ownBeacon } from './radio-listening.ts'

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const own = { hearsPeople: false, hearsTags: false }
const people = { ...own, hearsPeople: true }
const tags = { ...own, hearsTags: true }
const beacon = (format: BeaconSettings['format'], more: Partial<BeaconSettings> = {}): BeaconSettings => ({
  id: 'one',
  format,
  staff: false,
  ...more,
})

describe('what BlueZ is asked for', () => {
  it('is nothing where there is nothing to hear', () => {
    expect(patternsOf([], own)).toEqual([])
    expect(patternsOf([beacon('irk', { key: '00'.repeat(16), staff: true })], own)).toEqual([])
  })

  it('is the own beacon, and no other of its format', () => {
    const wanted = patternsOf([ownBeacon], own)
    expect(matches(fromHex(ownAdvert), wanted)).toBe(true)
    const others = vectors.known.filter(({ advert }) => matches(fromHex(advert), wanted))
    expect(others).toEqual([])
  })

  it.each([
    ['altbeacon', { uuid: '2f234454-cf6d-4a0f-adf2-f4911ba9ffa6' }],
    ['eddystone-uid', { namespace: '12345678901234678901' }],
    ['bthome', { address: 'A4:C1:38:8D:18:B2' }],
    ['ruuvi', { address: 'CB:B8:33:4C:88:4F' }],
  ] as const)('lets the adverts of a %s through', (format, more) => {
    const wanted = patternsOf([beacon(format, more)], own)
    const heard = vectors.known.filter(({ advert }) => matches(fromHex(advert), wanted))
    expect(heard.some(({ decoded }) => decoded.format === format)).toBe(true)
    expect(heard.every(({ decoded }) => decoded.format === format || decoded.format === 'eddystone-tlm')).toBe(true)
  })

  it('fits a monitor of BlueZ: at most 31 bytes each, and each once', () => {
    const many = Array.from({ length: 200 }, (_, minor) => ({ ...ownBeacon, id: `b${minor}`, minor }))
    const wanted = patternsOf(many, people)
    expect(wanted.length).toBeLessThanOrEqual(16)
    expect(wanted.every(({ content }) => content.length <= 31 && content.length > 0)).toBe(true)
  })

  it('is nearly everybody where phones are counted', () => {
    const wanted = patternsOf([], people)
    const windows = vectors.unknown.map(({ advert }) => advert).find((advert) => advert.startsWith('1eff0600'))!
    for (const advert of ['02011a0aff4c001005011c2e8a2f', '0b16f3fe0011223344556677', windows]) {
      expect(matches(fromHex(advert), wanted)).toBe(true)
    }
  })

  it('is tags alone where only they are wanted, whoever carries them', () => {
    const wanted = patternsOf([], tags)
    expect(wanted).toHaveLength(1)
    const heard = vectors.known.filter(({ advert }) => matches(fromHex(advert), wanted))
    expect(heard.map(({ decoded }) => decoded.format)).toContain('eddystone-eid')
    expect(new Set(heard.map(({ decoded }) => decoded.format))).toEqual(new Set(['eddystone-eid']))
    const phone = '02011a0aff4c001005011c2e8a2f'
    expect(matches(fromHex(phone), wanted)).toBe(false)
    expect(vectors.unknown.filter(({ advert }) => matches(fromHex(advert), wanted))).toEqual([])
  })

  it('lets tags through beside phones and own beacons, which want what they want without them', () => {
    const tag = fromHex('0201060303aafe0d16aafe30e34549445f74657374')
    const all = patternsOf([ownBeacon], { hearsPeople: true, hearsTags: true })
    expect(all).toHaveLength(patternsOf([ownBeacon], people).length + 1)
    // Without flags: not as the advert of a phone.
    expect(matches(tag.subarray(3), all)).toBe(true)
    expect(matches(tag.subarray(3), patternsOf([ownBeacon], people))).toBe(false)
  })

  it('never reads past the end of a damaged advert', () => {
    const wanted = patternsOf([ownBeacon], people)
    for (const advert of vectors.known) {
      const bytes = fromHex(advert.advert)
      for (let cut = 0; cut < bytes.length; cut++) matches(bytes.subarray(0, cut), wanted)
    }
    expect(matches(Uint8Array.of(31, 0xff, 0x4c), wanted)).toBe(false)
  })
})
