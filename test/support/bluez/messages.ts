import { spawnSync } from 'node:child_process'
import { python } from './service.ts'

/** A signal whose body is written in the text form of GVariant. */
export interface SignalText {
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly body?: string
  readonly sender?: string
  /** Little- or big-endian. */
  readonly order?: 'l' | 'B'
}

export const address = 'C7:1D:5E:AD:BE:EF'
export const addressBytes = [0xc7, 0x1d, 0x5e, 0xad, 0xbe, 0xef]

export function devicePath(of = address, adapter = 'hci0'): string {
  return `/org/bluez/${adapter}/dev_${of.replaceAll(':', '_')}`
}

/** PropertiesChanged of Device1; the properties as a GVariant a{sv} in text. */
export function changed(properties: string, more: Partial<SignalText> = {}): SignalText {
  return {
    path: devicePath(),
    interface: 'org.freedesktop.DBus.Properties',
    member: 'PropertiesChanged',
    body: `('org.bluez.Device1', @a{sv} ${properties}, @as [])`,
    ...more,
  }
}

/** InterfacesAdded of Device1. */
export function added(properties: string, more: Partial<SignalText> = {}, path = devicePath()): SignalText {
  return {
    path: '/',
    interface: 'org.freedesktop.DBus.ObjectManager',
    member: 'InterfacesAdded',
    body:
      `(objectpath '${path}', {'org.freedesktop.DBus.Introspectable': @a{sv} {}, ` +
      `'org.bluez.Device1': @a{sv} ${properties}, 'org.freedesktop.DBus.Properties': @a{sv} {}})`,
    ...more,
  }
}

export function removed(interfaces: readonly string[], path = devicePath()): SignalText {
  return {
    path: '/',
    interface: 'org.freedesktop.DBus.ObjectManager',
    member: 'InterfacesRemoved',
    body: `(objectpath '${path}', ${JSON.stringify(interfaces)})`,
  }
}

/** The messages in bytes, as GLib marshals them. */
export function marshal(signals: readonly SignalText[]): Uint8Array[] {
  const { stdout, stderr, status } = spawnSync(python, ['test/support/bluez/messages.py'], {
    input: JSON.stringify(signals),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as string[]).map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))
}
