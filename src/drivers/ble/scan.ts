import type { Clock } from '../../base/clock.ts'
import { second } from '../../base/duration.ts'
import type { Pattern } from './bus/monitor-answers.ts'
import type { BusReader } from './bus/reader.ts'
import { type Control, openControl } from './control.ts'
import { Refused } from './refusal.ts'

/** How adverts come: only those asked for and passively (monitor), or all that the radio hears (discovery). */
export type ScanMode = 'monitor' | 'discovery'

/** A scan under way. */
export interface Scan {
  readonly mode: ScanMode
  readonly control: Control
  /** Ends it as far as BlueZ still listens. Never rejects. */
  stop(): Promise<void>
}

export interface ScanParts {
  readonly adapter: string
  readonly clock: Clock
  readonly reader: BusReader
  readonly patterns: readonly Pattern[]
  /** Resolves when BlueZ next says that a monitor is active. */
  readonly nextActivation: () => Promise<void>
  /** The monitor was seen to let nothing through, or BlueZ to die of it. */
  readonly avoidsMonitor: boolean
  /** BlueZ or the adapter came or went meanwhile: what is begun now must be begun again. */
  readonly isStale: () => boolean
}

const activation = 5 * second

/**
 * Begins to scan: adapter there, power on, monitor where BlueZ has one that works, else discovery. Under discovery the
 * kernel lets the controller drop repeats, so that a beacon may be heard once in ten seconds; a monitor hears all.
 * Rejects with what `refusalOf` understands.
 */
export async function startScan(parts: ScanParts): Promise<Scan> {
  const { adapter, clock, reader } = parts
  const control = await openControl(adapter, clock)
  try {
    if (!(await control.hasAdapter())) throw new Refused('no-adapter')
    if (parts.isStale()) throw new Refused('busy')
    if (!(await control.isPowered())) await control.power(true)
    const isWatched = !parts.avoidsMonitor && (await watch(parts))
    if (!isWatched) await control.startDiscovery()
    return { mode: isWatched ? 'monitor' : 'discovery', control, stop: () => stop(isWatched, reader, control) }
  } catch (error) {
    control.close()
    throw error
  }
}

/** Is the monitor registered, and did BlueZ say that it is active? */
async function watch({ reader, clock, patterns, nextActivation }: ScanParts): Promise<boolean> {
  if (!(await reader.hasMonitorManager())) return false
  // A monitor outlives the power of its adapter: one of before would be in the way.
  await reader.unregisterMonitor()
  const active = nextActivation().then(() => true)
  const { isOk } = await reader.registerMonitor(patterns)
  // It may have died of it. Discovery would start it anew, and not know.
  if (!reader.isPresent) throw new Refused('no-bluez')
  if (!isOk) return false
  const late = Promise.withResolvers<boolean>()
  const cancel = clock.after(activation, () => late.resolve(false))
  const isActive = await Promise.race([active, late.promise])
  cancel()
  if (!isActive) await reader.unregisterMonitor()
  return isActive
}

async function stop(isWatched: boolean, reader: BusReader, control: Control): Promise<void> {
  try {
    if (isWatched) await reader.unregisterMonitor()
    else await control.stopDiscovery()
  } catch {
    // Whoever is gone has stopped scanning, too.
  } finally {
    control.close()
  }
}
