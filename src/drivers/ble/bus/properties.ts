import {
  align,
  ascii,
  breakOff,
  type Cursor,
  closeArray,
  isAt,
  openArray,
  readBoolean,
  readShort,
  readSignature,
  readText,
  take,
  textIs,
} from './cursor.ts'
import { deviceFlag } from './devices.ts'
import { kind } from './memory.ts'
import { ad, longestStructure, noRssi, type Scratch } from './scratch.ts'
import { skipVariantValue } from './skip.ts'
import { uuidSize, writeUuid } from './uuid.ts'

/** What a set of Device1 properties said, besides what went into the scratch. */
export interface Told {
  /** dBm; noRssi when it was not said. */
  rssi: number
  hasRssi: boolean
  hasData: boolean
  /** Of `kind` in memory.ts: which of its data were told. */
  kinds: number
  addressType: 'public' | 'random' | undefined
  /** Device flags that are set, and that are not any more. */
  set: number
  unset: number
}

export function createTold(): Told {
  return { rssi: noRssi, hasRssi: false, hasData: false, kinds: 0, addressType: undefined, set: 0, unset: 0 }
}

export function resetTold(told: Told): void {
  told.rssi = noRssi
  told.hasRssi = told.hasData = false
  told.kinds = 0
  told.addressType = undefined
  told.set = told.unset = 0
}

const names = {
  rssi: ascii('RSSI'),
  manufacturer: ascii('ManufacturerData'),
  service: ascii('ServiceData'),
  uuids: ascii('UUIDs'),
  addressType: ascii('AddressType'),
}
const flagNames: readonly (readonly [Uint8Array, number])[] = [
  [ascii('Paired'), deviceFlag.paired],
  [ascii('Bonded'), deviceFlag.bonded],
  [ascii('Trusted'), deviceFlag.trusted],
  [ascii('Connected'), deviceFlag.connected],
  [ascii('Blocked'), deviceFlag.blocked],
]
const types = {
  short: ascii('n'),
  text: ascii('s'),
  bool: ascii('b'),
  texts: ascii('as'),
  byCompany: ascii('a{qv}'),
  byText: ascii('a{sv}'),
  bytes: ascii('ay'),
}
const words = { public: ascii('public'), random: ascii('random') }

/**
 * Reads an a{sv} of Device1. Names, aliases and icons are passed over unread; what is of another type than BlueZ's
 * documentation says, too.
 */
export function readProperties(cursor: Cursor, scratch: Scratch, told: Told): void {
  const end = openArray(cursor, 8)
  while (cursor.at < end) {
    align(cursor, 8)
    readText(cursor)
    const { textAt, textLength } = cursor
    readSignature(cursor)
    if (!readKnown(cursor, scratch, told, textAt, textLength)) skipVariantValue(cursor)
  }
  closeArray(cursor, end)
}

/** By length first: most names need no second look. False when it is not for us. */
function readKnown(cursor: Cursor, scratch: Scratch, told: Told, at: number, length: number): boolean {
  const { bytes } = cursor
  if (length === 4) return isAt(bytes, at, length, names.rssi) && readRssi(cursor, told)
  if (length === 16) return isAt(bytes, at, length, names.manufacturer) && readManufacturers(cursor, scratch, told)
  if (length === 11) {
    if (isAt(bytes, at, length, names.service)) return readServices(cursor, scratch, told)
    return isAt(bytes, at, length, names.addressType) && readAddressType(cursor, told)
  }
  if (length === 5) return isAt(bytes, at, length, names.uuids) && readUuids(cursor, scratch, told)
  return readFlag(cursor, told, at, length)
}

function readRssi(cursor: Cursor, told: Told): boolean {
  if (!textIs(cursor, types.short)) return false
  const value = (readShort(cursor) << 16) >> 16
  told.rssi = Math.max(-127, Math.min(noRssi, value))
  told.hasRssi = true
  return true
}

function readAddressType(cursor: Cursor, told: Told): boolean {
  if (!textIs(cursor, types.text)) return false
  readText(cursor)
  if (textIs(cursor, words.public)) told.addressType = 'public'
  else if (textIs(cursor, words.random)) told.addressType = 'random'
  return true
}

function readFlag(cursor: Cursor, told: Told, at: number, length: number): boolean {
  for (const [name, flag] of flagNames) {
    if (!isAt(cursor.bytes, at, length, name)) continue
    if (!textIs(cursor, types.bool)) return false
    if (readBoolean(cursor)) told.set |= flag
    else told.unset |= flag
    return true
  }
  return false
}

function readManufacturers(cursor: Cursor, scratch: Scratch, told: Told): boolean {
  if (!textIs(cursor, types.byCompany)) return false
  const end = openArray(cursor, 8)
  while (cursor.at < end) {
    align(cursor, 8)
    const company = readShort(cursor)
    const length = openBytes(cursor)
    const to = scratch.structure(ad.manufacturer, 2 + length)
    if (to >= 0) {
      scratch.bytes[to] = company
      scratch.bytes[to + 1] = company >> 8
      copy(cursor, length, scratch.bytes, to + 2)
    }
    take(cursor, length)
  }
  closeArray(cursor, end)
  told.hasData = true
  told.kinds |= kind.manufacturer
  return true
}

function readServices(cursor: Cursor, scratch: Scratch, told: Told): boolean {
  if (!textIs(cursor, types.byText)) return false
  const end = openArray(cursor, 8)
  while (cursor.at < end) {
    align(cursor, 8)
    readText(cursor)
    const { textAt, textLength } = cursor
    const size = uuidSize(cursor.bytes, textAt, textLength)
    const length = openBytes(cursor)
    if (size === 0) breakOff(cursor)
    else copyService(cursor, length, scratch, textAt, size)
    take(cursor, length)
  }
  closeArray(cursor, end)
  told.hasData = true
  told.kinds |= kind.service
  return true
}

function copyService(cursor: Cursor, length: number, scratch: Scratch, uuidAt: number, size: 2 | 4 | 16): void {
  const type = size === 2 ? ad.serviceData16 : size === 4 ? ad.serviceData32 : ad.serviceData128
  const to = scratch.structure(type, size + length)
  if (to < 0) return
  writeUuid(cursor.bytes, uuidAt, size, scratch.bytes, to)
  copy(cursor, length, scratch.bytes, to + size)
}

/** Enters a variant that holds bytes; returns how many. */
function openBytes(cursor: Cursor): number {
  readSignature(cursor)
  if (!textIs(cursor, types.bytes)) breakOff(cursor)
  const end = openArray(cursor, 1)
  return cursor.isBroken ? 0 : end - cursor.at
}

function copy({ bytes, at }: Cursor, length: number, into: Uint8Array, to: number): void {
  for (let i = 0; i < length; i++) into[to + i] = bytes[at + i]!
}

/** One list for each size, as in an advert; so the array is walked once for each. */
function readUuids(cursor: Cursor, scratch: Scratch, told: Told): boolean {
  if (!textIs(cursor, types.texts)) return false
  const end = openArray(cursor, 4)
  const start = cursor.at
  for (const size of [2, 4, 16] as const) {
    cursor.at = cursor.isBroken ? cursor.end : start
    listUuids(cursor, end, size, scratch)
  }
  told.kinds |= kind.uuids
  return true
}

function listUuids(cursor: Cursor, end: number, size: 2 | 4 | 16, scratch: Scratch): void {
  const start = cursor.at
  const count = Math.min(countUuids(cursor, end, size), Math.floor(longestStructure / size))
  const type = size === 2 ? ad.services16 : size === 4 ? ad.services32 : ad.services128
  const to = count === 0 ? -1 : scratch.structure(type, size * count)
  if (to < 0 || cursor.isBroken) return
  cursor.at = start
  for (let i = 0; i < count; ) {
    readText(cursor)
    if (uuidSize(cursor.bytes, cursor.textAt, cursor.textLength) !== size) continue
    writeUuid(cursor.bytes, cursor.textAt, size, scratch.bytes, to + size * i++)
  }
  cursor.at = end
}

function countUuids(cursor: Cursor, end: number, size: number): number {
  let count = 0
  while (cursor.at < end) {
    readText(cursor)
    if (uuidSize(cursor.bytes, cursor.textAt, cursor.textLength) === size) count++
  }
  closeArray(cursor, end)
  return count
}
