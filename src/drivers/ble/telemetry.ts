import { type AdStructure, adType, parseAd } from '../../base/ad.ts'
import { decodeBthome } from './bthome.ts'
import { createBthomeCipher } from './bthome-cipher.ts'
import { decodeEddystone } from './eddystone.ts'
import type { Decoded } from './fields.ts'
import { decodeRuuvi } from './ruuvi.ts'

/** What one of the shop's own devices says of itself. */
export interface Measured {
  readonly batteryPercent?: number
  readonly batteryMillivolts?: number
  /** Degrees Celsius. */
  readonly temperature?: number
  /** Per cent. */
  readonly humidity?: number
}

/**
 * Reads the adverts (AD structures) of one device. Where nothing is measured: an empty object; where the advert is not
 * proven to be the device's own: undefined. Never throws.
 * @param at monotonic ms
 */
export type ReadTelemetry = (data: Uint8Array, at: number) => Measured | undefined

const nothing: Measured = {}

/** Battery and temperature in a plain Eddystone-TLM frame; it names no device, so whoever asks knows whose it is. */
export const readBeacon: ReadTelemetry = (data) => {
  const frame = structureOf(data, adType.serviceData16, 0xfeaa)
  // Other frames hold ids, and decoding leaves them in memory as text: whoever copies a beacon may add his own.
  const decoded = frame?.[0] === 0x20 && frame[1] === 0 ? decodeEddystone(frame) : undefined
  return typeof decoded === 'object' && decoded.format === 'eddystone-tlm' ? measured(decoded) : nothing
}

/** A RuuviTag of data format 5. */
export const readRuuvi: ReadTelemetry = (data) => {
  const frame = structureOf(data, adType.manufacturer, 0x0499)
  const decoded = frame && decodeRuuvi(frame)
  return typeof decoded === 'object' ? measured(decoded) : nothing
}

/** A BTHome device that does not encrypt, or whose key is not known. */
export const readBthome: ReadTelemetry = (data) => {
  const frame = bthomeData(data)
  const decoded = frame && decodeBthome(frame)
  return typeof decoded === 'object' ? bthomeMeasured(decoded) : nothing
}

/** A BTHome device that encrypts: what is in the clear, forged, or heard before is not its own. */
export function createEncryptedBthome(key: Uint8Array, address: Uint8Array): ReadTelemetry {
  const cipher = createBthomeCipher(key, address)
  return (data, at) => {
    const frame = bthomeData(data)
    const plain = frame && cipher.open(frame, at)
    const decoded = plain && decodeBthome(plain)
    return typeof decoded === 'object' ? bthomeMeasured(decoded) : undefined
  }
}

function bthomeData(data: Uint8Array): Uint8Array | undefined {
  return structureOf(data, adType.serviceData16, 0xfcd2)
}

/** What follows the owner (company or 16-bit service) of the first structure that has it. */
function structureOf(data: Uint8Array, type: number, owner: number): Uint8Array | undefined {
  const isIt = (structure: AdStructure) =>
    structure.type === type &&
    structure.data.length >= 2 &&
    structure.data[0] === (owner & 0xff) &&
    structure.data[1] === owner >> 8
  return parseAd(data).structures.find(isIt)?.data.subarray(2)
}

function measured({ batteryMillivolts, temperature, humidity }: Decoded): Measured {
  return {
    ...(typeof batteryMillivolts === 'number' ? { batteryMillivolts } : {}),
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(typeof humidity === 'number' ? { humidity } : {}),
  }
}

/** The battery is the object that has it in per cent; another of the same name only says that it is low. */
function bthomeMeasured(decoded: Decoded): Measured {
  const objects: readonly unknown[] = Array.isArray(decoded.objects) ? decoded.objects : []
  for (const object of objects) {
    if (!isMeasured(object) || object.name !== 'battery' || object.unit !== '%') continue
    return { batteryPercent: object.value, ...measured(decoded) }
  }
  return measured(decoded)
}

function isMeasured(object: unknown): object is { name: string; value: number; unit?: string } {
  return typeof object === 'object' && object !== null && 'value' in object && typeof object.value === 'number'
}
