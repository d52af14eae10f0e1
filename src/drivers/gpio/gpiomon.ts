import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { GatewayError, systemCode } from '../../base/errors.ts'
import { type Chip, headerChip, parseGpiodetect } from './chips.ts'
import { edgeOrder, timeOfStamp } from './edge-order.ts'
import {
  type GpiodGeneration,
  gpiogetArguments,
  gpiomonArguments,
  lineSplitter,
  parseGeneration,
  parseGpiomonLine,
  parseLevels,
  type StampedEdge,
} from './gpiomon-text.ts'
import type { BeamLine, BeamOffsets, Level, LineEvents, WatchLines, WatchParts } from './lines.ts'

/** How long edges wait for an older one of the other line, ms. */
const reorderFor = 20
/** A monitor that still runs after this long holds its lines: generation 1 does not say when it does, ms. */
const settleFor = 300
/** The kernel keeps 16 edges a line; that many at once may mean that it threw some away. */
const burstSize = 16
const burstRest = 250

/**
 * Watches two lines with the gpiomon of libgpiod: the kernel stamps every edge, so the order of the two beams is right
 * however busy this process is.
 */
export const watchWithGpiomon: WatchLines = async (offsets, events, parts) => {
  const generation = parseGeneration(await ask('gpiomon', ['--version']))
  const chip = headerChip(parseGpiodetect(await ask('gpiodetect', [])), offsets)
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
  #isClosed = false

  constructor(settings: SessionSettings) {
    this.#settings = settings
  }

  async open(): Promise<Record<BeamLine, Level>> {
    const { generation, chip, offsets, parts } = this.#settings
    const text = await ask('gpioget', gpiogetArguments(generation, chip.name, offsets))
    const levels = parseLevels(text)
    if (!levels) throw unavailable('gpioget did not print two levels.', 'Install the gpiod of the system again.')
    const monitor = startMonitor(gpiomonArguments(generation, chip.name, offsets), parts.clock, {
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
    const offset = arrival - monotonicOfKernel()
    for (const { line, level, stamp } of edges) {
      this.#order.push({ line, level, at: timeOfStamp(stamp, offset, arrival) })
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
    this.#cancelResync = this.#settings.parts.clock.after(burstRest, () => void this.#resync())
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

interface Monitor {
  /** Resolves when the lines are held, rejects when it ended before. */
  readonly isHolding: Promise<void>
  /** Ends it and waits until it is gone. Does not call `ended`. */
  stop(): Promise<void>
}

interface MonitorEvents {
  heard(lines: readonly string[]): void
  /** It ended by itself after it held the lines. */
  ended(error: GatewayError): void
}

// A gateway that is killed must not leave a monitor behind that keeps the lines: setpriv has the kernel end it too.
const leash = 'setpriv --pdeathsig TERM true 2>/dev/null && exec setpriv --pdeathsig TERM "$@"; exec "$@"'

function startMonitor(args: readonly string[], clock: WatchParts['clock'], events: MonitorEvents): Monitor {
  const child = spawn('sh', ['-c', leash, 'sh', 'gpiomon', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let complaint = ''
  let isStopping = false

  const holding = Promise.withResolvers<void>()
  let isHolding = false
  const hold = () => {
    isHolding = true
    cancelSettling()
    holding.resolve()
  }
  const cancelSettling = clock.after(settleFor, hold)

  const onText = linesOfChunks((lines) => {
    events.heard(lines)
    if (!isHolding) hold()
  })
  child.stdout.setEncoding('latin1').on('data', onText)
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    complaint = (complaint + text).slice(-500)
  })
  child.once('error', (error) => {
    complaint ||= systemCode(error) ?? ''
  })
  child.once('close', () => {
    cancelSettling()
    const error = explain(complaint)
    holding.reject(error)
    if (isHolding && !isStopping) events.ended(error)
  })

  return {
    isHolding: holding.promise,
    async stop() {
      isStopping = true
      end(child)
      await gone
    },
  }
}

function linesOfChunks(onLines: (lines: readonly string[]) => void): (chunk: string) => void {
  let lines: string[] = []
  const split = lineSplitter((line) => lines.push(line))
  return (chunk) => {
    lines = []
    split(chunk)
    if (lines.length > 0) onLines(lines)
  }
}

function end(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), 1000)
  child.once('close', () => clearTimeout(insist))
}

/** Runs a tool of libgpiod to its end and gives what it printed. @throws GatewayError */
function ask(tool: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(tool, args, { timeout: 5000, maxBuffer: 65_536 }, (error, stdout, stderr) => {
      if (!error) resolve(stdout)
      else if (systemCode(error) === 'ENOENT')
        reject(unavailable(`${tool} is not installed.`, 'Run: apt install gpiod'))
      else reject(explain(stderr))
    })
  })
}

/** What a tool of libgpiod complained about, in our words: its own may change and name paths. */
function explain(complaint: string): GatewayError {
  if (/resource busy/i.test(complaint)) {
    const fix = 'Stop the other program, or name other lines.'
    return new GatewayError('DRIVER_GPIO_LINE_BUSY', 'It is one of the two of this sensor.', { fix })
  }
  if (/permission denied|not permitted/i.test(complaint)) {
    return unavailable('There is no right to open the GPIO chip.', 'Add the user to the group gpio.')
  }
  return ended()
}

function ended(): GatewayError {
  return new GatewayError('DRIVER_GPIO_LOST', 'gpiomon ended by itself.')
}

function unavailable(detail: string, fix: string): GatewayError {
  return new GatewayError('DRIVER_GPIO_UNAVAILABLE', detail, { fix })
}

/** CLOCK_MONOTONIC in ms, the clock of the kernel's stamps. */
function monotonicOfKernel(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
