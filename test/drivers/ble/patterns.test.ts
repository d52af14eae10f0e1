import { describe, expect, it } from 'vitest'
import { matches, patternsOf } from '../../../src/drivers/ble/patterns.ts'
import type { BeaconSettings } from '../../../src/drivers/settings.ts'
import vectors from '../../fixtures/adverts.json' with { type: 'json' }
import { ownAdvert, ownBeacon } from './radio-listening.ts'

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const beacon = (format: BeaconSettings['format'], more: Partial<BeaconSettings> = {}): BeaconSettings => ({
  id: 'one',
  format,
  staff: false,
  ...more,
})

describe('what BlueZ is asked for', () => {
  it('is nothing where there is nothing to hear', () => {
    expect(patternsOf([], false)).toEqual([])
    expect(patternsOf([beacon('irk', { key: '00'.repeat(16), staff: true })], false)).toEqual([])
  })

  it('is the own beacon, and no other of its format', () => {
    const wanted = patternsOf([ownBeacon], false)
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
    const wanted = patternsOf([beacon(format, more)], false)
    const heard = vectors.known.filter(({ advert }) => matches(fromHex(advert), wanted))
    expect(heard.some(({ decoded }) => decoded.format === format)).toBe(true)
    expect(heard.every(({ decoded }) => decoded.format === format || decoded.format === 'eddystone-tlm')).toBe(true)
  })

  it('fits a monitor of BlueZ: at most 31 bytes each, and each once', () => {
    const many = Array.from({ length: 200 }, (_, minor) => ({ ...ownBeacon, id: `b${minor}`, minor }))
    const wanted = patternsOf(many, true)
    expect(wanted.length).toBeLessThanOrEqual(16)
    expect(wanted.every(({ content }) => content.length <= 31 && content.length > 0)).toBe(true)
  })

  it('is nearly everybody where phones are counted', () => {
    const wanted = patternsOf([], true)
    const windows = vectors.unknown.map(({ advert }) => advert).find((advert) => advert.startsWith('1eff0600'))!
    for (const advert of ['02011a0aff4c001005011c2e8a2f', '0b16f3fe0011223344556677', windows]) {
      expect(matches(fromHex(advert), wanted)).toBe(true)
    }
  })

  it('never reads past the end of a damaged advert', () => {
    const wanted = patternsOf([ownBeacon], true)
    for (const advert of vectors.known) {
      const bytes = fromHex(advert.advert)
      for (let cut = 0; cut < bytes.length; cut++) matches(bytes.subarray(0, cut), wanted)
    }
    expect(matches(Uint8Array.of(31, 0xff, 0x4c), wanted)).toBe(false)
  })
})
