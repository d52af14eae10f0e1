import { setImmediate } from 'node:timers/promises'
import { type ManualClock, manualClock, systemClock } from '../../base/clock.ts'
import { minute, second } from '../../base/duration.ts'
import { openRuntimeFile } from '../../base/runtime-file.ts'
import { version } from '../../base/version.ts'
import type { Config } from '../../config.ts'
import { createDecoder } from '../../drivers/decoders.ts'
import type { Hear } from '../../drivers/reading.ts'
import type { SensorSettings } from '../../drivers/settings.ts'
import { type Gateway, openGateway } from '../../gateway.ts'
import { openTerminalLog } from '../terminal-log.ts'
import { openWorkingFolder } from '../working-folder.ts'
import { openBusEar } from './bus-ear.ts'
import { type Fed, type FeedReader, openFeedReader } from './feed.ts'

/** What the shadow is told first. */
export interface Order {
  readonly config: Config
  /** Wall ms at which its life begins. */
  readonly start: number
}

/** What it says on its standard output, a line of JSON each; of each sensor how often something was heard. */
export interface Said {
  readonly said: 'ready' | 'settled' | 'over'
  readonly heard: readonly number[]
}

export interface ShadowParts {
  /** The pipe that it is fed through. */
  readonly input: number
  readonly open?: typeof openGateway
}

const longestWaitForBroker = 20 * second

/**
 * The shadow of a box: the gateway itself, which hears what comes through a pipe, on a clock that the pipe moves. It is
 * searched from outside, so it does nothing that the service does not do. Resolves to the exit code when it was told to end.
 */
export async function runShadow({ input, open = openGateway }: ShadowParts): Promise<number> {
  const feed = openFeedReader(input)
  const { config, start } = JSON.parse(feed.order()) as Order
  const folder = openWorkingFolder(config.data, 'replay')
  const clock = manualClock(start)
  const gateway = open({
    config,
    mode: 'replay',
    folder,
    clock,
    realClock: systemClock(() => true),
    log: openTerminalLog('debug'),
    version,
    runtimeFile: openRuntimeFile(folder.path, 'open-windows.json'),
    onFatal(error) {
      throw error
    },
  })
  try {
    await gateway.open()
    say({ said: 'ready', heard: [] })
    const heard = await live({ feed, gateway, clock, sensors: config.sensors })
    say({ said: 'over', heard })
    return 0
  } finally {
    await gateway.close()
    folder.close()
  }
}

interface Life {
  readonly feed: FeedReader
  readonly gateway: Gateway
  readonly clock: ManualClock
  readonly sensors: readonly SensorSettings[]
}

async function live({ feed, gateway, clock, sensors }: Life): Promise<number[]> {
  const ears = sensors.map((settings) => openEar(settings, gateway.hear, clock))
  const heard = () => ears.map((ear) => ear.heard())
  let rested = 0
  for (let fed = feed.next(); fed; fed = feed.next()) {
    passTo(fed, gateway, clock, ears)
    ears[fed.sensor]?.take(fed)
    if (fed.kind === 'tell') {
      await settle(gateway)
      say({ said: 'settled', heard: heard() })
    }
    if (clock.monotonic() - rested < minute) continue
    rested = clock.monotonic()
    await setImmediate()
  }
  return heard()
}

/** While something is heard every second counts; later only the ends of slots do. */
function passTo({ t, kind }: Fed, gateway: Gateway, clock: ManualClock, ears: readonly Ear[]): void {
  const began = clock.now() - clock.monotonic()
  for (;;) {
    const due = (gateway.nextDue() ?? Infinity) - began
    const step = kind === 'pass' ? Infinity : clock.monotonic() + second
    const next = due > clock.monotonic() ? Math.min(due, step) : step
    if (next > t) break
    clock.advanceTo(next)
    for (const ear of ears) ear.sweep()
    gateway.tick()
  }
  clock.advanceTo(t)
}

async function settle(gateway: Gateway): Promise<void> {
  gateway.tick()
  await gateway.uplink.settled(longestWaitForBroker)
}

/** What a sensor's driver does with bytes, from the point on where they are in this process. */
interface Ear {
  take(fed: Fed): void
  sweep(): void
  /** Adverts, edges, and frames or lines, those included that were not understood. */
  heard(): number
}

function openEar(settings: SensorSettings, hear: Hear, clock: ManualClock): Ear {
  if (settings.kind === 'ble') {
    const ear = openBusEar(settings, hear, clock)
    return { take: ({ kind, bytes }) => kind === 'bus' && ear.push(bytes), sweep: ear.sweep, heard: ear.heard }
  }
  const decoder = createDecoder(settings, hear)
  let edges = 0
  return {
    take({ kind, bytes }) {
      const at = clock.monotonic()
      if (kind === 'bytes') decoder.push(bytes, at)
      if (kind !== 'edge') return
      edges++
      hear({ kind, sensor: settings.id, at, line: bytes[0] ? 'inner' : 'outer', level: bytes[1] ? 1 : 0 })
    },
    sweep() {},
    heard: () => edges + decoder.frames + decoder.dropped,
  }
}

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`)
}
