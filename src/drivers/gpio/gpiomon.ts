import { GatewayError } from '../../base/errors.ts'
import { type Chip, headerChip, parseGpiodetect } from './chips.ts'
import { edgeOrder, timeOfStamp } from './edge-order.ts'
import { askTool, ended, type Monitor, startMonitor, unavailable } from './gpiod-tools.ts'
import {
  type GpiodGeneration,
  gpiogetArguments,
  gpiomonArguments,
  parseGeneration,
  parseGpiomonLine,
  parseLevels,
  type StampedEdge,
} from './gpiomon-text.ts'
import type { BeamLine, BeamOffsets, Level, LineEvents, WatchLines, WatchParts } from './lines.ts'

/** How long edges wait for an older one of the other line, ms. */
const reorderFor = 20
/** The kernel keeps 16 edges a line; that many at once may mean that it threw some away. */
const burstSize = 16
const burstRest = 250
/** Generation 1 does not say when it holds its lines, only that it cannot; 2 prints a banner, unless it is older. */
const settleFor = { 1: 500, 2: 5000 }

/**
 * Watches two lines with the gpiomon of libgpiod: the kernel stamps every edge, so the order of the two beams is right
 * however busy this process is.
 */
export const watchWithGpiomon: WatchLines = async (offsets, events, parts) => {
  const generation = parseGeneration(await askTool('gpiomon', ['--version']))
  const chip = headerChip(parseGpiodetect(await askTool('gpiodetect', [])), offsets)
  const session = new GpiomonSession({ generation, chip, offsets, events, parts })
  const levels = await session.open()
  return { levels, close: () => session.close() }
}

interface SessionSettings {
  readonly generation: GpiodGeneration
  readonly chip: Chip
  readonly offsets: BeamOffsets
  readonly events: LineEvents
  readonly parts: WatchParts
}

/** One monitor after the other, with the levels read in between: a line that is monitored cannot be read. */
class GpiomonSession {
  readonly #settings: SessionSettings
  readonly #order = edgeOrder()
  #monitor: Monitor | undefined
  #cancelFlush: (() => void) | undefined
  #cancelResync: (() => void) | undefined
  #resyncing: Promise<void> = Promise.resolve()
  #isClosed = false
  /** What lies between the kernel's clock and the box's, ms. Taken once, so that no two edges can change places. */
  readonly #offset: number

  constructor(settings: SessionSettings) {
    this.#settings = settings
    this.#offset = settings.parts.clock.monotonic() - monotonicOfKernel()
  }

  async open(): Promise<Record<BeamLine, Level>> {
    const { generation, chip, offsets, parts } = this.#settings
    const text = await askTool('gpioget', gpiogetArguments(generation, chip.name, offsets))
    const levels = parseLevels(text)
    if (!levels) throw unavailable('gpioget did not print two levels.', 'Install the gpiod of the system again.')
    const monitor = startMonitor(gpiomonArguments(generation, chip.name, offsets), settleFor[generation], parts.clock, {
      heard: (lines) => this.#heard(lines),
      ended: (error) => this.#ended(error),
    })
    this.#monitor = monitor
    const giveUp = () => void monitor.stop()
    parts.signal.addEventListener('abort', giveUp)
    if (parts.signal.aborted) giveUp()
    await monitor.isHolding.finally(() => parts.signal.removeEventListener('abort', giveUp))
    return levels
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelResync?.()
    this.#cancelFlush?.()
    await this.#monitor?.stop()
    await this.#resyncing
  }

  #heard(lines: readonly string[]): void {
    const { offsets, events, parts } = this.#settings
    const edges: StampedEdge[] = []
    for (const text of lines) {
      const heard = parseGpiomonLine(text, offsets)
      if (!heard) events.dropped()
      else if (heard !== 'banner') edges.push(heard)
    }
    const arrival = parts.clock.monotonic()
    for (const { line, level, stamp } of edges) {
      this.#order.push({ line, level, at: timeOfStamp(stamp, this.#offset, arrival) })
    }
    if (edges.length > 0) this.#flushLater()
    if (edges.length >= burstSize) this.#resyncLater()
  }

  #flushLater(): void {
    const { clock } = this.#settings.parts
    this.#cancelFlush ??= clock.after(reorderFor, () => {
      this.#cancelFlush = undefined
      this.#flush(clock.monotonic() - reorderFor)
      if (!this.#order.isEmpty) this.#flushLater()
    })
  }

  #flush(until: number): void {
    for (const { line, level, at } of this.#order.take(until)) this.#settings.events.changed(line, level, at)
  }

  #ended(error: GatewayError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelResync?.()
    this.#cancelFlush?.()
    this.#flush(Number.POSITIVE_INFINITY)
    this.#settings.events.lost(error)
  }

  #resyncLater(): void {
    this.#cancelResync?.()
    this.#cancelResync = this.#settings.parts.clock.after(burstRest, () => {
      this.#resyncing = this.#resync()
    })
  }

  /** After a burst the last edges may be missing, and with them the truth about the levels: read them again. */
  async #resync(): Promise<void> {
    try {
      await this.#monitor?.stop()
      if (this.#isClosed) return
      const levels = await this.open()
      const at = this.#settings.parts.clock.monotonic()
      if (this.#isClosed) return
      for (const line of ['outer', 'inner'] as const) this.#settings.events.changed(line, levels[line], at)
    } catch (error) {
      this.#ended(error instanceof GatewayError ? error : ended())
    }
  }
}

/** CLOCK_MONOTONIC in ms, the clock of the kernel's stamps. */
function monotonicOfKernel(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
