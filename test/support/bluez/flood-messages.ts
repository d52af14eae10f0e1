import { seededRandom } from '../random.ts'
import type { Flow } from './flood.ts'
import * as marshal from './marshal.ts'
import type { Call } from './unmarshal.ts'

const adapterPath = '/org/bluez/hci0'
const device = 'org.bluez.Device1'
const adapter = 'org.bluez.Adapter1'
const manager = 'org.freedesktop.DBus.ObjectManager'
const properties = 'org.freedesktop.DBus.Properties'
// Enough that no payload repeats soon, few enough to stay in the cache of a processor.
const payloads = 16

const adapterProperties: Readonly<Record<string, marshal.Value>> = {
  Address: marshal.text('00:1A:7D:DA:71:00'),
  AddressType: marshal.text('public'),
  Name: marshal.text('drempel'),
  Alias: marshal.text('drempel'),
  Powered: marshal.bool(true),
  Discovering: marshal.bool(true),
}

/** The signals of a flow, to be sent round and round: each address with several payloads. */
export function signalsOf({ kind, addresses, seed = 1 }: Flow): Buffer[] {
  const chosen = addressesOf(addresses, seed)
  if (kind === 'added') return chosen.map((address) => added(address))
  return Array.from({ length: payloads }, (_, counter) => chosen.map((address) => changed(address, counter))).flat()
}

/** Takes the devices of a flow out of the tree again. */
export function removedSignals({ addresses, seed = 1 }: Flow): Buffer[] {
  return addressesOf(addresses, seed).map((address) =>
    signal('/', manager, 'InterfacesRemoved', [
      marshal.path(pathOf(address)),
      marshal.array('s', [marshal.text(device)]),
    ]),
  )
}

/** Just enough of a BlueZ for a driver that looks for an adapter, powers it and starts discovery. */
export function answerTo(call: Call, serial: number): Buffer {
  const to = { replyTo: call.serial, destination: call.sender }
  const body = bodyFor(call)
  if (body) return marshal.messageOf(marshal.kinds.answer, serial, to, body)
  const error = { ...to, error: 'org.freedesktop.DBus.Error.UnknownMethod' }
  return marshal.messageOf(marshal.kinds.error, serial, error, [marshal.text('no such method')])
}

function bodyFor({ member, strings }: Call): marshal.Value[] | undefined {
  if (member === 'GetManagedObjects') return [managed()]
  if (member === 'GetAll') return [marshal.dictionary(adapterProperties)]
  if (member === 'Get' && adapterProperties[strings[1]!]) return [marshal.variant(adapterProperties[strings[1]!]!)]
  if (member === 'Introspect') return [marshal.text(introspection)]
  return ['Set', 'SetDiscoveryFilter', 'StartDiscovery', 'StopDiscovery'].includes(member) ? [] : undefined
}

const introspection = `<node><interface name="${properties}"><method name="Get"><arg type="s" direction="in"/><arg type="s"
 direction="in"/><arg type="v" direction="out"/></method></interface><interface name="${adapter}"><method
 name="StartDiscovery"/><method name="StopDiscovery"/><method name="SetDiscoveryFilter"><arg type="a{sv}"
 direction="in"/></method></interface><node name="hci0"/></node>`

function managed(): marshal.Value {
  const interfaces = marshal.array('{sa{sv}}', [
    marshal.entry(marshal.text(adapter), marshal.dictionary(adapterProperties)),
  ])
  return marshal.array('{oa{sa{sv}}}', [marshal.entry(marshal.path(adapterPath), interfaces)])
}

function added(address: string): Buffer {
  const shown = marshal.dictionary({
    Address: marshal.text(address),
    AddressType: marshal.text('random'),
    Alias: marshal.text(address.replaceAll(':', '-')),
    Paired: marshal.bool(false),
    Trusted: marshal.bool(false),
    Blocked: marshal.bool(false),
    LegacyPairing: marshal.bool(false),
    RSSI: marshal.int16(-70),
    Connected: marshal.bool(false),
    UUIDs: marshal.array('s', []),
    Adapter: marshal.path(adapterPath),
    ManufacturerData: manufacturer(0x004c, Buffer.from('10060102030405', 'hex')),
    ServicesResolved: marshal.bool(false),
  })
  const interfaces = marshal.array('{sa{sv}}', [marshal.entry(marshal.text(device), shown)])
  return signal('/', manager, 'InterfacesAdded', [marshal.path(pathOf(address)), interfaces])
}

function changed(address: string, counter: number): Buffer {
  const payload = Buffer.from('0512fc5394c37c0004fffc040cac364200cd0000cbb8334c884f', 'hex')
  payload.writeUInt8(counter, payload.length - 1)
  const news = { RSSI: marshal.int16(-60 - counter), ManufacturerData: manufacturer(0x0499, payload) }
  const body = [marshal.text(device), marshal.dictionary(news), marshal.array('s', [])]
  return signal(pathOf(address), properties, 'PropertiesChanged', body)
}

function manufacturer(company: number, payload: Buffer): marshal.Value {
  return marshal.array('{qv}', [marshal.entry(marshal.uint16(company), marshal.variant(marshal.bytes(payload)))])
}

function signal(path: string, iface: string, member: string, body: readonly marshal.Value[]): Buffer {
  return marshal.messageOf(marshal.kinds.signal, 1, { path, interface: iface, member }, body)
}

function addressesOf(count: number, seed: number): string[] {
  const random = seededRandom(seed)
  const octet = () => Math.floor(random() * 256)
  return Array.from({ length: count }, () => {
    const octets = [0xc0 | (octet() & 0x3f), octet(), octet(), octet(), octet(), octet()]
    return octets.map((value) => value.toString(16).padStart(2, '0').toUpperCase()).join(':')
  })
}

function pathOf(address: string): string {
  return `${adapterPath}/dev_${address.replaceAll(':', '_')}`
}
