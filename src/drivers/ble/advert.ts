import { type AdStructure, adType, parseAd } from '../../base/ad.ts'
import { asksNotToCount } from '../../base/do-not-count.ts'
import { decodeBthome } from './bthome.ts'
import { decodeEddystone } from './eddystone.ts'
import { type Decoded, hex, signedByte, uuid, viewOf } from './fields.ts'
import { decodeRuuvi } from './ruuvi.ts'

const apple = 0x004c
const ruuvi = 0x0499
const eddystone = 0xfeaa
const bthome = 0xfcd2
const exposure = 0xfd6f

/**
 * An advert (AD structures) as JSON, for `drempel decode advert`: the first structure that is of a known format. Power is
 * as sent: in dBm at 1 m, for Eddystone at 0 m. Else `{ format: 'unknown', reason }`. Never throws.
 */
export function decodeAdvert(bytes: Uint8Array): Decoded {
  const { structures, isTruncated } = parseAd(bytes)
  const asks = structures.some(({ type, data }) => asksNotToCount(type, data, 0, data.length))
  if (asks) return { format: 'unknown', reason: 'its sender asks not to be counted: not to be read' }
  const reasons: string[] = []
  for (const structure of structures) {
    const decoded = decodeStructure(structure)
    if (typeof decoded === 'object') return decoded
    if (decoded) reasons.push(decoded)
  }
  if (isTruncated) reasons.push('the advert is cut off')
  return { format: 'unknown', reason: reasons[0] ?? 'no structure of it is of a known format' }
}

/** What a structure says, why it says nothing, or undefined where it is not of a kind that could. */
function decodeStructure({ type, data }: AdStructure): Decoded | string | undefined {
  if (type !== adType.manufacturer && type !== adType.serviceData16) return undefined
  if (data.length < 2) return 'a structure is too short to say whose it is'
  const owner = viewOf(data).getUint16(0, true)
  const payload = data.subarray(2)
  return type === adType.manufacturer ? decodeManufacturer(owner, payload) : decodeService(owner, payload)
}

function decodeManufacturer(company: number, data: Uint8Array): Decoded | string {
  if (data[0] === 0xbe && data[1] === 0xac) return decodeAltBeacon(company, data)
  if (company === apple) return decodeIBeacon(data)
  if (company === ruuvi) return decodeRuuvi(data)
  return 'its manufacturer data are of no known format'
}

function decodeService(service: number, data: Uint8Array): Decoded | string {
  if (service === eddystone) return decodeEddystone(data)
  if (service === bthome) return decodeBthome(data)
  if (service === exposure) return 'it is an exposure notification, sent by a person: not to be read'
  return 'its service data are of no known format'
}

// Apple's Proximity Beacon: type 02, length 15 hex; other messages of Apple's devices share the company.
function decodeIBeacon(data: Uint8Array): Decoded | string {
  if (data[0] !== 0x02 || data[1] !== 0x15) return 'it is a message of an Apple device, but no iBeacon'
  if (data.length < 23) return 'the iBeacon is cut off'
  return { format: 'ibeacon', ...proximity(data) }
}

// AltBeacon 1.0. The reserved byte at the end is missing in the short form.
function decodeAltBeacon(company: number, data: Uint8Array): Decoded | string {
  if (data.length < 23) return 'the AltBeacon is cut off'
  const reserved = data[23]
  const owner = hex(Uint8Array.of(company >> 8, company & 0xff))
  return { format: 'altbeacon', company: owner, ...proximity(data), ...(reserved === undefined ? {} : { reserved }) }
}

/** The 21 bytes that iBeacon and AltBeacon share, after two of their own. */
function proximity(data: Uint8Array): Decoded {
  const view = viewOf(data)
  return {
    uuid: uuid(data.subarray(2, 18)),
    major: view.getUint16(18),
    minor: view.getUint16(20),
    txPower: signedByte(data[22]!),
  }
}
