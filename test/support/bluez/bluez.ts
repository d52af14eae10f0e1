import { spawnSync } from 'node:child_process'
import { missing, need } from '../need.ts'
import { python, startProcess } from './bluez-process.ts'
import { startBus } from './bus.ts'

/** One advert, as the radio would hear it. */
export interface HeardAdvert {
  readonly address: string
  readonly type?: 'random' | 'public'
  /** dBm; 127 is "unknown" */
  readonly rssi?: number
  /** AD structures in hexadecimal */
  readonly data?: string
  /** hci0 unless said */
  readonly adapter?: string
}

export interface BluezOptions {
  /** Offers AdvertisementMonitorManager1, as `bluetoothd --experimental`. */
  readonly experimental?: boolean
  /** hci0 unless said; may be none. */
  readonly adapters?: readonly string[]
  /** ms from owning the name to showing the adapters */
  readonly adaptersAfterMs?: number
  readonly poweredOff?: boolean
  /** s without an advert until a device leaves the tree; 30 unless said */
  readonly temporaryTimeout?: number
  /** In discovery the controller drops repeats of an address, until discovery is started again. */
  readonly duplicateFilter?: boolean
  /** Calls DeviceFound of monitors, once a device. Real ones did so for few devices. */
  readonly deviceFound?: boolean
  /** Dies when a monitor is registered, as some versions did. */
  readonly fatalMonitors?: boolean
  /** Advertisements that fit at a time; 5 unless said, 0: an adapter that cannot advertise. */
  readonly advertisingInstances?: number
}

/** Invented phones: addresses that rotate, from a seed. */
export interface Rotation {
  readonly count: number
  /** Size of the pool of addresses; `count` unless said. */
  readonly addresses?: number
  /** 0: as fast as the bus takes them */
  readonly perSecond?: number
  readonly seed?: number
  readonly rssi?: number
  readonly company?: number
  readonly adapter?: string
}

export interface RotationResult {
  readonly adverts: number
  readonly signals: number
  readonly seconds: number
}

export interface MonitorState {
  readonly owner: string
  readonly path: string
  readonly sampling: number | null
  /** offset, AD type, bytes in hexadecimal */
  readonly patterns: readonly (readonly [number, number, string])[]
}

export interface AdvertisementState {
  readonly owner: string
  readonly path: string
  readonly properties: Record<string, unknown>
}

/** An advertisement came or went, and so many were there afterwards. */
export interface Advertised extends AdvertisementState {
  readonly what: 'registered' | 'gone'
  readonly shown: number
  /** s */
  readonly at: number
}

export interface AdapterState {
  readonly powered: boolean
  readonly deaf: boolean
  readonly devices: number
  /** Unique names of the clients. */
  readonly discovering: readonly string[]
  readonly filters: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>
  readonly monitors: readonly MonitorState[]
  readonly advertisements: readonly AdvertisementState[]
  /** All that ever was, the latest last. */
  readonly advertised: readonly Advertised[]
  readonly adverts: {
    readonly heard: number
    readonly deaf: number
    readonly repeats: number
    readonly unwanted: number
  }
}

export interface BluezState {
  readonly objects: number
  readonly adapters: Readonly<Record<string, AdapterState>>
}

export interface BluezLog {
  /** Calls by member, then by the caller's unique name. A property that was set counts under its own name too. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly signals: number
}

type Cure = 'StartDiscovery' | 'RegisterMonitor' | 'Powered' | 'reset'

/** A BlueZ-shaped service on a bus of its own. Each command resolves once it was obeyed. */
export interface Bluez {
  /** For DBUS_SYSTEM_BUS_ADDRESS. */
  readonly address: string
  readonly pid: number
  advert(advert: HeardAdvert): Promise<void>
  adverts(list: readonly HeardAdvert[]): Promise<void>
  /** Resolves when all were sent. */
  rotate(rotation: Rotation): Promise<RotationResult>
  power(on: boolean, options?: { adapter?: string; rfkill?: boolean }): Promise<void>
  unplug(adapter?: string): Promise<void>
  plug(adapter?: string): Promise<void>
  /** A call of `member`, or the setting of a property of that name, is answered by an error; for ever unless `times`. */
  fail(member: string, error: string, times?: number): Promise<void>
  /** It is never answered. */
  hang(member: string, times?: number): Promise<void>
  /** Ends fail and hang. */
  heal(): Promise<void>
  /** The adapter goes on, but no advert reaches it. */
  mute(adapter?: string): Promise<void>
  unmute(adapter?: string): Promise<void>
  /** It hears again after that call; 'reset': after power off and on by a client, or being plugged in again. */
  unmuteOn(member: Cure, adapter?: string): Promise<void>
  /** Monitors register and are activated, but match nothing. */
  brokenPatterns(on?: boolean): Promise<void>
  log(): Promise<BluezLog>
  state(): Promise<BluezState>
  /** An orderly end of the service; the bus stays. */
  quit(): Promise<void>
  /** kill -9 of the service; the bus stays. */
  kill(): Promise<void>
  /** kill -9, and a new one on the same bus that knows nothing of before. */
  restart(options?: BluezOptions): Promise<void>
  /** Resolves when the service has ended by itself. */
  ended(): Promise<void>
  /** The bus dies, and with it the service. */
  killBus(): Promise<void>
  stop(): Promise<void>
}

/** Can this machine run the service? */
export function canRunBluez(): boolean {
  if (!need('dbus-daemon') || !need(python)) return false
  const modules = spawnSync(python, ['-c', 'import dbus, dbus.mainloop.glib, gi.repository.GLib'])
  return modules.status === 0 || missing('python3-dbus or python3-gi')
}

/** Starts a bus, unless the address of one is given, and the service on it. */
export async function startBluez(options: BluezOptions = {}, on?: string): Promise<Bluez> {
  const bus = on === undefined ? await startBus() : { address: on, stop: async () => {} }
  let service = await startProcess(flagsOf(bus.address, options))
  const tell = async (command: object): Promise<void> => void (await service.ask(command))

  return {
    address: bus.address,
    get pid() {
      return service.child.pid!
    },
    advert: (advert) => tell({ do: 'advert', ...advert }),
    adverts: (list) => tell({ do: 'adverts', list }),
    rotate: (rotation) => service.ask<RotationResult>({ do: 'rotate', ...rotation }),
    power: (isOn, more = {}) => tell({ do: 'power', on: isOn, ...more }),
    unplug: (adapter) => tell({ do: 'unplug', adapter }),
    plug: (adapter) => tell({ do: 'plug', adapter }),
    fail: (member, error, times) => tell({ do: 'fail', member, error, times }),
    hang: (member, times) => tell({ do: 'hang', member, times }),
    heal: () => tell({ do: 'heal' }),
    mute: (adapter) => tell({ do: 'mute', adapter }),
    unmute: (adapter) => tell({ do: 'unmute', adapter }),
    unmuteOn: (member, adapter) => tell({ do: 'unmuteOn', member, adapter }),
    brokenPatterns: (isOn = true) => tell({ do: 'brokenPatterns', on: isOn }),
    log: () => service.ask<BluezLog>({ do: 'log' }),
    state: () => service.ask<BluezState>({ do: 'state' }),
    async quit() {
      await tell({ do: 'quit' })
      await service.exited
    },
    kill: () => service.end(),
    ended: () => service.exited,
    async restart(next = options) {
      await service.end()
      service = await startProcess(flagsOf(bus.address, next))
    },
    async killBus() {
      await bus.stop()
      await service.exited
    },
    async stop() {
      await service.end()
      await bus.stop()
    },
  }
}

function flagsOf(address: string, options: BluezOptions): string[] {
  return [
    '--address',
    address,
    '--adapters',
    (options.adapters ?? ['hci0']).join(','),
    ...(options.experimental ? ['--experimental'] : []),
    ...(options.poweredOff ? ['--powered-off'] : []),
    ...(options.duplicateFilter ? ['--duplicate-filter'] : []),
    ...(options.deviceFound ? ['--device-found'] : []),
    ...(options.fatalMonitors ? ['--fatal-monitors'] : []),
    ...(options.advertisingInstances === undefined
      ? []
      : ['--advertising-instances', String(options.advertisingInstances)]),
    ...(options.adaptersAfterMs === undefined ? [] : ['--adapters-after-ms', String(options.adaptersAfterMs)]),
    ...(options.temporaryTimeout === undefined ? [] : ['--temporary-timeout', String(options.temporaryTimeout)]),
  ]
}
