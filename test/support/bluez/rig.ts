import { Variant } from 'dbus-next'
import { type Bluez, type BluezOptions, startBluez } from './bluez.ts'
import { type Client, openClient, type Signal } from './client.ts'

export const hci0 = '/org/bluez/hci0'
export const beacon = 'C0:11:22:33:44:55'
export const beaconPath = `${hci0}/dev_C0_11_22_33_44_55`
/** Flags, service UUID 0xfeaa, service data of 0xfeaa. */
export const eddystone = '0201060303aafe0716aafe00e70102'
export const eddystonePattern = [0, 0x16, Buffer.from([0xaa, 0xfe])] as const

/** Flags, and data of company 0x0499 that holds a counter. */
export function counting(counter: number): string {
  return `02010605ff9904${counter.toString(16).padStart(4, '0')}`
}

export interface Rig {
  readonly bluez: Bluez
  readonly client: Client
}

const rigs: Rig[] = []

/** The service, and a client that hears all it says. `endRigs` after each test. */
export async function startRig(options: BluezOptions = {}): Promise<Rig> {
  const bluez = await startBluez(options)
  const rig = { bluez, client: await openClient(bluez.address) }
  rigs.push(rig)
  return rig
}

export async function endRigs(): Promise<void> {
  for (const { bluez, client } of rigs.splice(0)) {
    client.close()
    await bluez.stop()
  }
}

export async function discover(client: Client, filter: Record<string, Variant> = {}): Promise<void> {
  await client.call(hci0, 'SetDiscoveryFilter', 'a{sv}', { Transport: new Variant('s', 'le'), ...filter })
  await client.call(hci0, 'StartDiscovery')
}

/** Signals about an object up to now: what was sent before the answer to a call has arrived before it. */
export async function heard(client: Client, member: string, path = beaconPath): Promise<Signal[]> {
  await client.call(hci0, 'GetAll', 's', 'org.bluez.Adapter1')
  return client.signals.filter((signal) => {
    const about = member === 'PropertiesChanged' ? signal.path : signal.body[0]
    return signal.member === member && about === path
  })
}

/** Name of the D-Bus error that a call ends in, or 'none'. */
export async function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: { type?: string }) => error.type ?? String(error),
  )
}

export function propertyOf(properties: unknown, name: string): unknown {
  return (properties as Record<string, Variant>)[name]?.value
}
