import { describe, expect, it } from 'vitest'
import { createBthomeCipher } from '../../../src/drivers/ble/bthome-cipher.ts'
import { createEncryptedBthome, readBeacon, readBthome, readRuuvi } from '../../../src/drivers/ble/telemetry.ts'
import { bthome, bthomeSealed, bytes, eddystoneTlm, iBeacon, ruuviData, shopUuid } from '../../observations/adverts.ts'

// Bluetooth-Devices/bthome-ble tests (MIT).
const device = { key: '231d39c1d7cc1ab1aee224cd096db932', address: '54:48:E6:8F:80:A5' }
const climate = '41a47266c95f730011223378237214'
const motion = '4187b90011223372b0231f'

function cipher() {
  const { open } = createBthomeCipher(bytes(device.key), bytes(device.address))
  return (data: string | Uint8Array, at = 0) => {
    const opened = open(typeof data === 'string' ? bytes(data) : data, at)
    return opened && Buffer.from(opened).toString('hex')
  }
}

/** What a device sends with this counter. */
const sealed = (counter: number) => bthomeSealed('0164', counter, device)
const opened = '400164'

describe('an encrypted BTHome advert', () => {
  it.each([
    ['temperature and humidity', climate, '4002ca0903bf13'],
    ['motion', motion, '402101'],
  ])('of %s opens as published', (_, data, plain) => {
    expect(cipher()(data)).toBe(plain)
  })

  it('does not open with a changed bit, another key, another address, or cut off', () => {
    const data = bytes(climate)
    for (let bit = 8; bit < 8 * data.length; bit++) {
      expect(cipher()(data.with(bit >> 3, data[bit >> 3]! ^ (1 << (bit & 7)))), `bit ${bit}`).toBeUndefined()
    }
    for (let length = 0; length < data.length; length++) expect(cipher()(data.subarray(0, length))).toBeUndefined()
    const others = [
      createBthomeCipher(bytes('00'.repeat(16)), bytes(device.address)),
      createBthomeCipher(bytes(device.key), bytes('54:48:E6:8F:80:A6')),
    ]
    for (const { open } of others) expect(open(data, 0)).toBeUndefined()
  })

  it('opens once: a repeat or an older one is refused', () => {
    const open = cipher()
    expect(open(sealed(500))).toBe(opened)
    expect(open(sealed(500), 1000)).toBeUndefined()
    expect(open(sealed(499), 3_600_000)).toBeUndefined()
    expect(open(sealed(501), 3_600_001)).toBe(opened)
  })

  it('opens again from a device that starts over, once it has been silent for a minute', () => {
    const open = cipher()
    open(sealed(70_000), 0)
    expect(open(sealed(3), 59_999)).toBeUndefined()
    expect(open(sealed(100), 60_000)).toBeUndefined()
    expect(open(sealed(3), 60_000)).toBe(opened)
    expect(open(sealed(4), 60_100)).toBe(opened)
  })

  it('opens no repeat of a low counter after a silence', () => {
    const open = cipher()
    open(sealed(3), 0)
    expect(open(sealed(3), 3_600_000)).toBeUndefined()
  })

  it('does not start over for what was recorded before, while the device lives', () => {
    const open = cipher()
    for (let counter = 1; counter <= 300; counter++) open(sealed(counter), counter * 1000)
    expect(open(sealed(2), 301_000)).toBeUndefined()
  })

  it('opens after the counter wrapped', () => {
    const open = cipher()
    open(sealed(2 ** 32 - 1), 0)
    expect(open(sealed(0), 300_000)).toBe(opened)
  })

  it('forged with a high counter does not silence the device', () => {
    const open = cipher()
    open(sealed(7))
    expect(open(sealed(1_000_000).with(1, 0))).toBeUndefined()
    expect(open(sealed(8))).toBe(opened)
  })
})

describe('what a device says of itself', () => {
  it.each([
    ['Eddystone-TLM', readBeacon, eddystoneTlm, { batteryMillivolts: 2840, temperature: 19 }],
    ['a beacon that only names itself', readBeacon, iBeacon(shopUuid, 1, 2), {}],
    ['Ruuvi', readRuuvi, ruuviData, { batteryMillivolts: 2977, temperature: 24.3, humidity: 53.49 }],
    [
      'BTHome',
      readBthome,
      bthome('40 0164 02ca09 03bf13'),
      { batteryPercent: 100, temperature: 25.06, humidity: 50.55 },
    ],
    ['BTHome with a low battery', readBthome, bthome('40 1501'), {}],
    ['BTHome whose key is not known', readBthome, bthome(climate), {}],
    ['nothing', readBthome, new Uint8Array(), {}],
  ])('is read of %s', (_, read, data, measured) => {
    expect(read(data, 0)).toEqual(measured)
  })

  it('is not believed in the clear of a device that encrypts', () => {
    const read = createEncryptedBthome(bytes(device.key), bytes(device.address))
    expect(read(bthome(climate), 0)).toEqual({ temperature: 25.06, humidity: 50.55 })
    expect(read(bthome('40 0264ff'), 1000)).toBeUndefined()
    expect(read(new Uint8Array(), 2000)).toBeUndefined()
  })
})
