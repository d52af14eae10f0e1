import { type Sealed, seal } from '../base/sealed.ts'
import type { Advert } from './reading.ts'
import type { SensorSettings } from './settings.ts'

/** What one line of a recording carries, checked. An advert is sealed as soon as it is known to be one. */
export type Payload =
  | { readonly kind: 'edge'; readonly line: 'outer' | 'inner'; readonly level: 0 | 1 }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'advert'; readonly advert: Sealed<Advert> }
  | { readonly kind: 'state'; readonly state: 'up' | 'down' }

export type PayloadKind = Payload['kind']

/** An object of JSON. */
export type Json = Readonly<Partial<Record<string, unknown>>>

const longestChunk = 65_536
// An extended advertising chain of Bluetooth 5 carries at most this (Core 5.4, Vol 4 Part E, 7.7.65.13).
const longestAdvert = 1650

/** The payload under the key `kind`, or in a few words why it is not one. Values are never quoted: they may be personal. */
export function parsePayload(kind: PayloadKind, value: unknown): Payload | string {
  switch (kind) {
    case 'edge':
      return parseEdge(value)
    case 'bytes':
      return parseBytes(value)
    case 'advert':
      return parseAdvert(value)
    case 'state':
      return value === 'up' || value === 'down' ? { kind, state: value } : 'state is neither "up" nor "down"'
  }
}

/** Can a sensor of this kind hear such a payload? Any sensor goes up and down. */
export function canHear(sensor: SensorSettings['kind'], payload: PayloadKind): boolean {
  if (payload === 'state') return true
  if (sensor === 'beam-pair') return payload === 'edge'
  return payload === (sensor === 'ble' ? 'advert' : 'bytes')
}

function parseEdge(value: unknown): Payload | string {
  if (!isJson(value) || !hasExactly(value, ['line', 'level'])) return 'edge is not {line, level}'
  const { line, level } = value
  if (line !== 'outer' && line !== 'inner') return 'edge.line is neither "outer" nor "inner"'
  if (level !== 0 && level !== 1) return 'edge.level is neither 0 nor 1'
  return { kind: 'edge', line, level }
}

function parseBytes(value: unknown): Payload | string {
  const bytes = parseHex(value, longestChunk)
  if (!bytes) return 'bytes is not pairs of hex digits, 65536 at most'
  return bytes.length > 0 ? { kind: 'bytes', bytes } : 'bytes is empty'
}

function parseAdvert(value: unknown): Payload | string {
  const fields = ['address', 'type', 'rssi', 'data']
  if (!isJson(value) || !hasExactly(value, fields)) return 'advert is not {address, type, rssi, data}'
  const { address, type, rssi } = value
  if (typeof address !== 'string' || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(address)) {
    return 'advert.address is not six pairs of hex digits with colons'
  }
  if (type !== 'public' && type !== 'random') return 'advert.type is neither "public" nor "random"'
  if (!isRssi(rssi)) return 'advert.rssi is not a whole number of dBm from -127 to 20, or 127 for unknown'
  const data = parseHex(value.data, longestAdvert)
  if (!data) return 'advert.data is not pairs of hex digits, 1650 at most'
  return { kind: 'advert', advert: seal({ address: parseHex(address.replaceAll(':', ''), 6)!, type, rssi, data }) }
}

function isRssi(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && ((value >= -127 && value <= 20) || value === 127)
}

/** The bytes of a hex text of at most `longest` bytes, or undefined. */
export function parseHex(value: unknown, longest: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0 || value.length > 2 * longest) return undefined
  return /^[0-9a-f]*$/i.test(value) ? new Uint8Array(Buffer.from(value, 'hex')) : undefined
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasExactly(value: Json, keys: readonly string[]): boolean {
  return Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key))
}
