import type { Clock } from '../../base/clock.ts'
import { second } from '../../base/duration.ts'
import { adapterIntrospection } from './adapter-introspection.ts'
import { Refused } from './refusal.ts'
import { type AnswerCall, type ServingBus, serve } from './serve.ts'

/**
 * The hand on the radio: adapter, power and discovery through node-ble, on a connection that hears no advertisement.
 * Each call ends within ten seconds; what it rejects with is told apart by `refusalOf`.
 */
export interface Control {
  hasAdapter(): Promise<boolean>
  isPowered(): Promise<boolean>
  power(on: boolean): Promise<void>
  /** Scans actively until `stopDiscovery`, or until this connection is closed. */
  startDiscovery(): Promise<void>
  stopDiscovery(): Promise<void>
  /** Answers calls to this connection; what it leaves alone (undefined) is refused. */
  serve(answer: AnswerCall): void
  /** Has BlueZ send what the advertisement at `path` of this connection says, until it is closed. Resolves when the kernel took it. */
  advertise(path: string): Promise<void>
  stopAdvertising(path: string): Promise<void>
  close(): void
}

const longestCall = 10 * second

/** @param adapter such as hci0. The bus is that of the system, or of DBUS_SYSTEM_BUS_ADDRESS. */
export async function openControl(adapter: string, clock: Clock): Promise<Control> {
  // Loaded late: a box without a radio need not carry them.
  const [{ createBluetooth }, { default: typed }] = await Promise.all([
    import('node-ble'),
    import('node-ble/src/buildTypedValue.js'),
  ])
  const session = createBluetooth()
  const bluetooth = session.bluetooth as typeof session.bluetooth & Internals
  /** Ends the calls under way. Not one promise for all of them: it would keep something of each call there ever was. */
  const waiting = new Set<(error: Refused) => void>()
  let isBroken = false
  // Without a listener a bus that fails would end the process; nobody may be waiting when it does.
  bluetooth.dbus.on('error', () => {
    isBroken = true
    for (const give of waiting) give(new Refused('no-bus'))
  })
  tameProxies(bluetooth.dbus, adapter)
  let radio: ReturnType<typeof find> | undefined
  let advertising: Promise<AdvertisingManager> | undefined
  const root = `/org/bluez/${adapter}`

  async function find() {
    const one = await bluetooth.getAdapter(adapter)
    return one as typeof one & Radio
  }

  function timely<T>(work: Promise<T>): Promise<T> {
    const { promise: given, reject: give } = Promise.withResolvers<never>()
    const cancel = clock.after(longestCall, () => give(new Refused('no-answer')))
    waiting.add(give)
    if (isBroken) give(new Refused('no-bus'))
    return Promise.race([work, given]).finally(() => {
      waiting.delete(give)
      cancel()
    })
  }

  function found(): ReturnType<typeof find> {
    radio ??= find()
    return radio
  }

  async function discover(): Promise<void> {
    const { helper } = await found()
    // Not node-ble's startDiscovery: it refuses where another program scans, and its filter would drop repeats.
    await helper.callMethod('SetDiscoveryFilter', {
      Transport: typed('string', 'le'),
      DuplicateData: typed('boolean', true),
    })
    await helper.callMethod('StartDiscovery')
  }

  async function power(on: boolean): Promise<void> {
    const { helper } = await found()
    try {
      await helper.set('Powered', typed('boolean', on))
    } catch (error) {
      // Kernels from 5.17 on call a radio switch a failure like any other; BlueZ knows better, where it says so.
      const state = await helper.prop('PowerState').catch(() => undefined)
      throw state === 'off-blocked' ? new Refused('blocked') : error
    }
  }

  async function findManager(): Promise<AdvertisingManager> {
    const proxy = await bluetooth.dbus.getProxyObject('org.bluez', root)
    return proxy.getInterface('org.bluez.LEAdvertisingManager1') as AdvertisingManager
  }

  // Asked for once: the bus keeps something of each that it ever made.
  function manager(): Promise<AdvertisingManager> {
    advertising ??= findManager()
    return advertising
  }

  return {
    hasAdapter: () => timely(bluetooth.adapters()).then((names) => names.includes(adapter)),
    isPowered: () => timely(found().then((one) => one.isPowered())),
    power: (on) => timely(power(on)),
    startDiscovery: () => timely(discover()),
    stopDiscovery: () => timely(found().then((one) => one.stopDiscovery())),
    serve: (answer) => serve(bluetooth.dbus, answer, typed('boolean', true)),
    advertise: (path) => timely(manager().then((one) => one.RegisterAdvertisement(path, {}))),
    stopAdvertising: (path) => timely(manager().then((one) => one.UnregisterAdvertisement(path))),
    close: session.destroy,
  }
}

/** The parts of node-ble and its bus that its types leave out. */
interface Internals {
  readonly dbus: ServingBus & {
    on(event: 'error', listener: () => void): void
    getProxyObject(name: string, path: string, xml?: string): Promise<{ getInterface(name: string): unknown }>
  }
}

interface AdvertisingManager {
  RegisterAdvertisement(path: string, options: object): Promise<void>
  UnregisterAdvertisement(path: string): Promise<void>
}

interface Radio {
  readonly helper: {
    set(property: string, value: unknown): Promise<void>
    prop(property: string): Promise<unknown>
    callMethod(member: string, ...args: readonly unknown[]): Promise<unknown>
  }
}

/**
 * node-ble asks BlueZ to describe the adapter, and the answer lists the address of every device as text. It is told
 * what an adapter looks like instead. And its bus asks for the first object and for a match rule at once: where BlueZ is gone
 * and the refusal comes before the rule, nobody catches it, which ends the process. So the first object is the bus itself.
 */
function tameProxies(dbus: Internals['dbus'], adapter: string): void {
  const ask = dbus.getProxyObject.bind(dbus)
  const first = ask('org.freedesktop.DBus', '/org/freedesktop/DBus')
  first.catch(() => {})
  dbus.getProxyObject = async (name, path) => {
    await first
    return ask(name, path, path === `/org/bluez/${adapter}` ? adapterIntrospection : undefined)
  }
}
