import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Gpio } from 'onoff'
import { every } from '../../base/clock.ts'
import { second } from '../../base/duration.ts'
import { GatewayError, systemCode } from '../../base/errors.ts'
import { headerChip, readSysfsChips, sysfsFolder } from './chips.ts'
import type { BeamLine, Level, WatchLines } from './lines.ts'

type GpioMaker = typeof Gpio

/**
 * Watches two lines through onoff and sysfs. Edges are stamped when they are heard, since sysfs keeps no time of its own,
 * and edges closer than about a millisecond melt into one. No debouncing: it would skew which beam broke first.
 */
export const watchWithOnoff: WatchLines = async (offsets, events, { clock }) => {
  if (!existsSync(sysfsFolder))
    throw unavailable('The kernel shows no GPIO in sysfs.', 'Install gpiod: apt install gpiod')
  const chip = headerChip(await readSysfsChips(), offsets)
  const maker = await loadOnoff()
  const held = new Map<BeamLine, Gpio>()
  let stopChecking = () => {}
  const letGo = () => {
    stopChecking()
    for (const gpio of held.values()) release(gpio)
    held.clear()
  }
  const fail = onceLater((cause) => {
    if (held.size === 0) return
    letGo()
    events.lost(new GatewayError('DRIVER_GPIO_LOST', 'It could not be read.', { cause }))
  })
  const levels: Record<BeamLine, Level> = { outer: 0, inner: 0 }

  try {
    for (const line of ['outer', 'inner'] as const) {
      const gpio = hold(maker, chip.base! + offsets[line], `GPIO${offsets[line]}`)
      held.set(line, gpio)
      surviveReading(gpio, fail)
      gpio.watch((_, level) => events.changed(line, level, clock.monotonic()))
      levels[line] = gpio.readSync()
    }
  } catch (error) {
    letGo()
    throw explain(error, 'one of the two')
  }
  // A quiet line looks like a line that is gone, and an edge may have melted away: both show when the level is read.
  stopChecking = every(clock, second, () => {
    for (const [line, gpio] of held) events.changed(line, gpio.readSync(), clock.monotonic())
  })

  return {
    levels,
    async close() {
      letGo()
    },
  }
}

/** Loaded late: without its native part the import throws, and a shop without beams must not notice. */
async function loadOnoff(): Promise<GpioMaker> {
  try {
    return (await import('onoff')).Gpio
  } catch (cause) {
    throw unavailable('The native part of onoff was not built.', 'Run: apt install g++ && npm run postinstall', cause)
  }
}

function hold(maker: GpioMaker, number: number, name: string): Gpio {
  const wasExported = existsSync(join(sysfsFolder, `gpio${number}`))
  try {
    const gpio = new maker(number, 'in', 'both', { activeLow: false })
    // onoff swallows a refused setting when the line was exported before.
    if (gpio.direction() === 'in' && gpio.edge() === 'both') return gpio
    release(gpio)
    throw busy(name)
  } catch (error) {
    if (!wasExported) unexport(number)
    throw explain(error, name)
  }
}

function explain(error: unknown, name: string): GatewayError {
  if (error instanceof GatewayError) return error
  const code = systemCode(error)
  if (code === 'EBUSY') return busy(name, error)
  if (code === 'EACCES' || code === 'EPERM') {
    return unavailable(`There is no right to use ${name}.`, 'Add the user to the group gpio.', error)
  }
  return new GatewayError('DRIVER_GPIO_LOST', `${name} could not be set up (${code ?? 'unknown error'}).`, {
    cause: error,
  })
}

function busy(name: string, cause?: unknown): GatewayError {
  const fix = 'Stop the other program, or name another line.'
  return new GatewayError('DRIVER_GPIO_LINE_BUSY', `It is ${name}.`, { fix, cause })
}

function unavailable(detail: string, fix: string, cause?: unknown): GatewayError {
  return new GatewayError('DRIVER_GPIO_UNAVAILABLE', detail, { fix, cause })
}

/**
 * onoff reads the level inside epoll's callback and lets what it throws fly, which would end the process when a chip goes
 * away; and epoll would call again at once, forever. So reading keeps the last level and reports the failure instead.
 */
function surviveReading(gpio: Gpio, fail: (cause: unknown) => void): void {
  const read = gpio.readSync.bind(gpio)
  let last = read()
  gpio.readSync = () => {
    try {
      last = read()
    } catch (error) {
      fail(error)
    }
    return last
  }
}

/** Calls back once, after the current callback of epoll has returned: a line cannot be let go from within it. */
function onceLater(work: (cause: unknown) => void): (cause: unknown) => void {
  let isDue = false
  return (cause) => {
    if (isDue) return
    isDue = true
    setImmediate(() => work(cause))
  }
}

function release(gpio: Gpio): void {
  try {
    gpio.unexport()
  } catch {
    // The chip is gone, and the line with it.
  }
}

function unexport(number: number): void {
  try {
    writeFileSync(join(sysfsFolder, 'unexport'), String(number))
  } catch {
    // It was never exported.
  }
}
