import { createCipheriv } from 'node:crypto'
import { doNotCountBytes } from '../../src/base/do-not-count.ts'
import { optInBytes } from '../../src/base/opt-in-advert.ts'
import { seal } from '../../src/base/sealed.ts'
import type { Advert, AdvertHeard } from '../../src/drivers/reading.ts'
import type { BeaconSettings } from '../../src/drivers/settings.ts'

/** Adverts as radios hear them, built from their parts. Hex may hold spaces and colons. */
export function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/[\s:-]/g, ''), 'hex'))
}

export function structure(type: number, data: string | Uint8Array): Uint8Array {
  const content = typeof data === 'string' ? bytes(data) : data
  return Uint8Array.of(content.length + 1, type, ...content)
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

export const shopUuid = 'f7826da6-4fa2-4e98-8024-bc5b71e0893e'
export const namespace = '12345678901234678901'

const word = (value: number) => value.toString(16).padStart(4, '0')

export function iBeacon(uuid: string, major: number, minor: number): Uint8Array {
  return structure(0xff, `4c00 0215 ${uuid} ${word(major)} ${word(minor)} c5`)
}

export function altBeacon(uuid: string, major: number, minor: number): Uint8Array {
  return structure(0xff, `1801 beac ${uuid} ${word(major)} ${word(minor)} c5`)
}

export function eddystoneUid(space: string, instance: string): Uint8Array {
  return structure(0x16, `aafe 00 e3 ${space} ${instance} 0000`)
}

/** 2840 mV, 19 degrees. */
export const eddystoneTlm = structure(0x16, 'aafe 2000 0b18 1300 00001467 00002ac4')
/** 24.3 degrees, 53.49 %, 2977 mV. */
export const ruuviData = structure(0xff, '9904 0512fc5394c37c0004fffc040cac364200cdcbb8334c884f')
/** What a phone says of itself. */
export const phoneData = joined(structure(0x01, '1a'), structure(0xff, '4c0010061a1e16ec7f61'))

export const refusals: readonly (readonly [string, Uint8Array])[] = [
  ['as service data', structure(0x21, doNotCountBytes)],
  ['of the opt-in beacon of another box', structure(0x21, joined(optInBytes, bytes('0011223344556677')))],
  ['as service data with more behind', structure(0x21, joined(doNotCountBytes, bytes('0102')))],
  ['in a whole list of services', structure(0x07, doNotCountBytes)],
  ['second in a list that goes on', structure(0x06, joined(bytes('00'.repeat(16)), doNotCountBytes))],
]

/** Service data of BTHome, plain or with an address and key. */
export function bthome(data: string): Uint8Array {
  return structure(0x16, joined(bytes('d2fc'), bytes(data)))
}

export function bthomeSealed(plain: string, counter: number, { key, address }: { key: string; address: string }) {
  const tail = new Uint8Array(4)
  new DataView(tail.buffer).setUint32(0, counter, true)
  const nonce = joined(bytes(address), bytes('d2fc41'), tail)
  const cipher = createCipheriv('aes-128-ccm', bytes(key), nonce, { authTagLength: 4 })
  const text = cipher.update(bytes(plain))
  cipher.final()
  return joined(bytes('41'), text, tail, cipher.getAuthTag())
}

/** What a phone of somebody sends, near enough to be counted, unless told otherwise. */
export function advert(changes: Omit<Partial<Advert>, 'address'> & { address?: string } = {}): Advert {
  const { address = '5A:11:22:33:44:55', ...rest } = changes
  return { address: bytes(address), type: 'random', rssi: -60, data: phoneData, ...rest }
}

export function heard(one: Advert, at = 0): AdvertHeard {
  return { kind: 'advert', sensor: 'radio', at, advert: seal(one) }
}

type Format = BeaconSettings['format']

/** Settings of an own device as the loader hands them on. */
export function own(format: Format, more: Partial<BeaconSettings> = {}): BeaconSettings {
  return { id: format, format, staff: false, ...more }
}
