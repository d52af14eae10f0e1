import type { Clock } from '../../../base/clock.ts'
import { createAdvertEar, type HearAdvert } from './advert-ear.ts'
import { type Answer, type Connection, errorName, openConnection } from './connection.ts'
import { type Message, messageType } from './message.ts'
import type { Pattern } from './monitor-answers.ts'
import { createMonitorApp } from './monitor-app.ts'
import { createOwner, isOwnerChange, readOwnerChange } from './owner.ts'
import { adapterCalls, listen } from './requests.ts'
import type { AdapterChange } from './signals.ts'
import type { EndReason } from './socket.ts'

export interface BusReaderParts {
  /** Paths of the bus's sockets, from base/system-bus.ts. */
  readonly paths: readonly string[]
  /** The adapter's name, such as hci0. */
  readonly adapter: string
  readonly clock: Clock
  readonly on: BusEars
}

/** Called synchronously, in the order in which it happens; adverts perhaps before the reader itself is there. */
export interface BusEars {
  readonly advert: HearAdvert
  readonly adapterAdded: () => void
  readonly adapterRemoved: () => void
  readonly adapterChanged: (change: AdapterChange) => void
  /** First whether BlueZ is there, then that it came or went. All that it knew of devices and monitors is gone with it. */
  readonly ownerChanged: (isPresent: boolean) => void
  readonly monitorActivated: () => void
  readonly monitorReleased: () => void
  /** The connection is over; a new reader must be opened. Not after `close`. */
  readonly closed: (reason: EndReason) => void
}

/** Counts since it was opened. */
export interface BusStats {
  /** Signals of BlueZ. */
  readonly signals: number
  readonly adverts: number
  /** Messages that could not be read. */
  readonly malformed: number
  /** Messages of more than 1 MiB, which are skipped. */
  readonly oversize: number
  /** Adverts of devices whose type of address was not known yet; they were not delivered. */
  readonly unknownDevices: number
  /** Devices that found no room in the table. */
  readonly tableFull: number
  /** Devices in the table now. */
  readonly devices: number
}

export interface BusReader {
  /** Whether BlueZ is on the bus. */
  readonly isPresent: boolean
  /** Calls a method without arguments whose answer has no body. Never rejects; waits at most 25 s. */
  call(path: string, interfaceName: string, member: string): Promise<Answer<true>>
  /** A property of the adapter, such as Powered. */
  getBoolean(property: string): Promise<Answer<boolean>>
  /** Can the adapter listen for patterns, without asking devices for more? */
  hasMonitorManager(): Promise<boolean>
  /** Registers monitors for these patterns; what they hear comes as adverts. */
  registerMonitor(patterns: readonly Pattern[]): Promise<Answer<true>>
  unregisterMonitor(): Promise<Answer<true>>
  /** Forgets devices not heard for a minute, here and in BlueZ. Done each second anyway. */
  sweep(): void
  stats(): BusStats
  /** Ends the connection and overwrites what is held. */
  close(): void
}

const second = 1000

/** Connects to the bus and listens. BlueZ and the adapter may come later. Throws DRIVER_BLUETOOTH_BUS. */
export async function openBusReader({ paths, adapter, clock, on }: BusReaderParts): Promise<BusReader> {
  const owner = createOwner()
  let connection: Connection | undefined
  const ear = createAdvertEar({ adapter, on, now: () => clock.monotonic(), connection: () => connection })
  const app = createMonitorApp((start) => connection?.tell(start), {
    activated: on.monitorActivated,
    released: on.monitorReleased,
  })
  let cancelSweep: (() => void) | undefined
  let state: 'opening' | 'open' | 'closed' = 'opening'

  function heard(message: Message): boolean {
    if (message.type === messageType.signal) return hearSignal(message)
    if (message.type === messageType.call) app.answer(message, owner.sent(message))
    else return ear.answered(message)
    return true
  }

  function hearSignal(message: Message): boolean {
    if (owner.sent(message)) return ear.signalled(message)
    if (!isOwnerChange(message)) return true
    const outcome = readOwnerChange(message, owner)
    if (outcome === 'changed') ownerChanged()
    return outcome !== 'malformed'
  }

  function ownerChanged(): void {
    ear.clear()
    if (state === 'open') on.ownerChanged(owner.isPresent)
  }

  function sweepLater(): void {
    cancelSweep = clock.after(second, () => {
      ear.sweep()
      sweepLater()
    })
  }

  function close(): void {
    state = 'closed'
    cancelSweep?.()
    connection?.close()
    ear.clear()
  }

  connection = await openConnection({
    paths,
    clock,
    heard,
    ended(reason) {
      const before = state
      close()
      if (before === 'open') on.closed(reason)
    },
  })
  const open = connection
  await listen(open, adapter, owner)
  state = 'open'
  on.ownerChanged(owner.isPresent)
  sweepLater()
  const calls = adapterCalls(open, adapter)

  return {
    ...calls,
    get isPresent() {
      return owner.isPresent
    },
    registerMonitor(patterns) {
      if (!app.show(patterns)) return Promise.resolve({ isOk: false, error: errorName.limits })
      return calls.registerMonitor()
    },
    sweep: ear.sweep,
    stats: () => ({ ...ear.stats(), malformed: open.malformed, oversize: open.oversize }),
    close,
  }
}
