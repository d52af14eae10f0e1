import {
  align,
  ascii,
  type Cursor,
  closeArray,
  isAt,
  openArray,
  readBoolean,
  readSignature,
  readText,
  textIs,
} from './cursor.ts'
import { readAddress } from './device-path.ts'
import { isWhole, type Message } from './message.ts'
import { createTold, readProperties, resetTold, type Told } from './properties.ts'
import type { Scratch } from './scratch.ts'
import { skipTypes, skipVariantValue } from './skip.ts'

/** What a signal of BlueZ was about. The address of a device is at the start of the scratch. */
export interface SignalEars {
  /** Properties of a device changed, or all of them were told. */
  readonly deviceChanged: (told: Told) => void
  readonly deviceAdded: (told: Told) => void
  readonly deviceRemoved: () => void
  readonly adapterAdded: () => void
  readonly adapterRemoved: () => void
  readonly adapterChanged: (change: AdapterChange) => void
}

export interface AdapterChange {
  readonly powered?: boolean
  readonly discovering?: boolean
}

export interface SignalReader {
  /** Reads a signal that BlueZ sent, and tells what it means. False when it was malformed. */
  read(message: Message): boolean
  /** Reads the answer to GetAll(Device1) of the device whose address is in the scratch. */
  readDevice(message: Message): Told | undefined
}

const names = {
  properties: ascii('org.freedesktop.DBus.Properties'),
  changed: ascii('PropertiesChanged'),
  manager: ascii('org.freedesktop.DBus.ObjectManager'),
  added: ascii('InterfacesAdded'),
  removed: ascii('InterfacesRemoved'),
  device: ascii('org.bluez.Device1'),
  adapter: ascii('org.bluez.Adapter1'),
  powered: ascii('Powered'),
  discovering: ascii('Discovering'),
}
const types = {
  changed: ascii('sa{sv}as'),
  added: ascii('oa{sa{sv}}'),
  removed: ascii('oas'),
  properties: ascii('a{sv}'),
  names: ascii('as'),
  bool: ascii('b'),
}

/** The signals of one adapter; those of others, and of what hangs below a device, are passed over. */
export function createSignalReader(
  adapterPath: Uint8Array,
  prefix: Uint8Array,
  scratch: Scratch,
  ears: SignalEars,
): SignalReader {
  const told = createTold()

  function is(message: Message, part: 'interface' | 'member' | 'signature', expected: Uint8Array): boolean {
    return isAt(message.bytes, message[part].at, message[part].length, expected)
  }

  function isAdapter(message: Message, at: number, length: number): boolean {
    return isAt(message.bytes, at, length, adapterPath)
  }

  function readChanged(message: Message): boolean {
    const { bytes, path } = message
    readText(message)
    if (textIs(message, names.device)) {
      if (!readAddress(bytes, path.at, path.length, prefix, scratch.bytes)) return true
      readProperties(message, scratch, told)
      skipTypes(message, types.names)
      if (!isWhole(message)) return false
      ears.deviceChanged(told)
    } else if (textIs(message, names.adapter) && isAdapter(message, path.at, path.length)) {
      const change = readAdapter(message)
      skipTypes(message, types.names)
      if (!isWhole(message)) return false
      ears.adapterChanged(change)
    }
    return !message.isBroken
  }

  function readAdded(message: Message): boolean {
    readText(message)
    const { textAt, textLength } = message
    const isDevice = readAddress(message.bytes, textAt, textLength, prefix, scratch.bytes)
    const isOurs = isAdapter(message, textAt, textLength)
    let hasDevice = false
    let hasAdapter = false
    const end = openArray(message, 8)
    while (message.at < end) {
      align(message, 8)
      readText(message)
      hasAdapter ||= isOurs && textIs(message, names.adapter)
      if (isDevice && textIs(message, names.device)) {
        hasDevice = true
        readProperties(message, scratch, told)
      } else skipTypes(message, types.properties)
    }
    closeArray(message, end)
    if (!isWhole(message)) return false
    if (hasDevice) ears.deviceAdded(told)
    if (hasAdapter) ears.adapterAdded()
    return true
  }

  function readRemoved(message: Message): boolean {
    readText(message)
    const { textAt, textLength } = message
    const isDevice = readAddress(message.bytes, textAt, textLength, prefix, scratch.bytes)
    const isOurs = isAdapter(message, textAt, textLength)
    let hasDevice = false
    let hasAdapter = false
    const end = openArray(message, 4)
    while (message.at < end) {
      readText(message)
      hasDevice ||= isDevice && textIs(message, names.device)
      hasAdapter ||= isOurs && textIs(message, names.adapter)
    }
    closeArray(message, end)
    if (!isWhole(message)) return false
    if (hasDevice) ears.deviceRemoved()
    if (hasAdapter) ears.adapterRemoved()
    return true
  }

  return {
    read(message) {
      resetTold(told)
      if (is(message, 'interface', names.properties) && is(message, 'member', names.changed)) {
        return is(message, 'signature', types.changed) && readChanged(message)
      }
      if (!is(message, 'interface', names.manager)) return true
      if (is(message, 'member', names.added)) return is(message, 'signature', types.added) && readAdded(message)
      if (is(message, 'member', names.removed)) return is(message, 'signature', types.removed) && readRemoved(message)
      return true
    },
    readDevice(message) {
      resetTold(told)
      if (!is(message, 'signature', types.properties)) return undefined
      readProperties(message, scratch, told)
      return isWhole(message) ? told : undefined
    },
  }
}

function readAdapter(cursor: Cursor): AdapterChange {
  const change: { powered?: boolean; discovering?: boolean } = {}
  const end = openArray(cursor, 8)
  while (cursor.at < end) {
    align(cursor, 8)
    readText(cursor)
    const isPowered = textIs(cursor, names.powered)
    const isDiscovering = textIs(cursor, names.discovering)
    readSignature(cursor)
    if (!(isPowered || isDiscovering) || !textIs(cursor, types.bool)) skipVariantValue(cursor)
    else if (isPowered) change.powered = readBoolean(cursor)
    else change.discovering = readBoolean(cursor)
  }
  closeArray(cursor, end)
  return change
}
