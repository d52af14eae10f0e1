import { spellAddress } from '../../base/bluetooth-address.ts'
import {
  createWriter,
  finish,
  pad,
  putArray,
  putByte,
  putBytesText,
  putLong,
  putShort,
  putSignature,
  putText,
  startSignal,
  type Writer,
} from '../../drivers/ble/bus/writer.ts'

/** What BlueZ would tell of a device around the shop. */
export interface HeardDevice {
  readonly adapter: string
  readonly address: Uint8Array
  readonly type: 'public' | 'random'
  /** dBm. */
  readonly rssi: number
  readonly name: string
  /** By company. */
  readonly manufacturer: Readonly<Record<number, Uint8Array>>
  /** By UUID. */
  readonly service: Readonly<Record<string, Uint8Array>>
  readonly uuids: readonly string[]
}

const properties = 'org.freedesktop.DBus.Properties'
const manager = 'org.freedesktop.DBus.ObjectManager'
const deviceInterface = 'org.bluez.Device1'
/** Serials are told apart by nobody who only listens. */
const serial = 1
const capacity = 4096

/** The signal of BlueZ that it heard a device for the first time, as bytes of D-Bus. */
export function deviceAdded(device: HeardDevice): Uint8Array {
  const writer = createWriter(capacity)
  startSignal(writer, serial, { path: '/', interface: manager, member: 'InterfacesAdded' }, 'oa{sa{sv}}')
  putText(writer, pathOf(device))
  putArray(writer, 8, () => {
    pad(writer, 8)
    putText(writer, deviceInterface)
    putDictionary(writer, { ...identityOf(device), ...newsOf(device) })
  })
  return finish(writer)
}

/** The signal that it was heard again. */
export function deviceChanged(device: HeardDevice): Uint8Array {
  const writer = createWriter(capacity)
  const source = { path: pathOf(device), interface: properties, member: 'PropertiesChanged' }
  startSignal(writer, serial, source, 'sa{sv}as')
  putText(writer, deviceInterface)
  putDictionary(writer, newsOf(device))
  putArray(writer, 4, () => {})
  return finish(writer)
}

function pathOf({ adapter, address }: HeardDevice): string {
  return `/org/bluez/${adapter}/dev_${spellAddress(address, '_')}`
}

/** A value with its type, as a variant holds it. */
type Put = (writer: Writer) => void

function identityOf({ address, type, name }: HeardDevice): Record<string, Put> {
  return { Address: text(spellAddress(address)), AddressType: text(type), Name: text(name), Alias: text(name) }
}

function newsOf({ rssi, manufacturer, service, uuids }: HeardDevice): Record<string, Put> {
  const companies = Object.entries(manufacturer)
  return {
    RSSI: variant('n', (writer) => putShort(writer, rssi)),
    ...(companies.length > 0
      ? { ManufacturerData: variant('a{qv}', (writer) => putCompanies(writer, companies)) }
      : {}),
    ...(Object.keys(service).length > 0 ? { ServiceData: variant('a{sv}', putServices(service)) } : {}),
    UUIDs: variant('as', (writer) => putTexts(writer, uuids)),
  }
}

function putTexts(writer: Writer, texts: readonly string[]): void {
  putArray(writer, 4, () => {
    for (const one of texts) putText(writer, one)
  })
}

function putCompanies(writer: Writer, companies: readonly [string, Uint8Array][]): void {
  putArray(writer, 8, () => {
    for (const [company, data] of companies) {
      pad(writer, 8)
      putShort(writer, Number(company))
      bytes(data)(writer)
    }
  })
}

function putServices(service: HeardDevice['service']): Put {
  return (writer) =>
    putDictionary(writer, Object.fromEntries(Object.entries(service).map(([uuid, data]) => [uuid, bytes(data)])))
}

function putDictionary(writer: Writer, entries: Readonly<Record<string, Put>>): void {
  putArray(writer, 8, () => {
    for (const [name, put] of Object.entries(entries)) {
      pad(writer, 8)
      putText(writer, name)
      put(writer)
    }
  })
}

function variant(signature: string, put: Put): Put {
  return (writer) => {
    putSignature(writer, signature)
    put(writer)
  }
}

function text(value: string): Put {
  const content = Buffer.from(value)
  return variant('s', (writer) => putBytesText(writer, content, content.length))
}

function bytes(data: Uint8Array): Put {
  return variant('ay', (writer) => {
    putLong(writer, data.length)
    for (const byte of data) putByte(writer, byte)
  })
}
