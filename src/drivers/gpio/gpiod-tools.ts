import { type ChildProcess, execFile, spawn } from 'node:child_process'
import type { Clock } from '../../base/clock.ts'
import { GatewayError, systemCode } from '../../base/errors.ts'
import { lineSplitter } from './gpiomon-text.ts'

/** A gpiomon that runs. */
export interface Monitor {
  /** Resolves when the lines are held, rejects when it ended before. */
  readonly isHolding: Promise<void>
  /** Ends it and waits until it is gone. Does not call `ended`. */
  stop(): Promise<void>
}

export interface MonitorEvents {
  /** Whole lines of its output, as they arrived together. */
  heard(lines: readonly string[]): void
  /** It ended by itself after it held the lines. */
  ended(error: GatewayError): void
}

// A gateway that is killed must not leave a monitor behind that keeps the lines: setpriv has the kernel end it too.
// In the sandbox of our unit setpriv is refused, and there systemd ends the whole group.
const leash = 'setpriv --pdeathsig TERM true 2>/dev/null && exec setpriv --pdeathsig TERM "$@"; exec "$@"'

/** Starts gpiomon. One that says nothing and still runs after `settleFor` ms holds its lines. */
export function startMonitor(args: readonly string[], settleFor: number, clock: Clock, events: MonitorEvents): Monitor {
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
export function askTool(tool: string, args: readonly string[]): Promise<string> {
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

/** For an end without a known cause. */
export function ended(): GatewayError {
  return new GatewayError('DRIVER_GPIO_LOST', 'gpiomon ended by itself.')
}

/** Why gpiomon cannot be used here at all. */
export function unavailable(detail: string, fix: string): GatewayError {
  return new GatewayError('DRIVER_GPIO_UNAVAILABLE', detail, { fix })
}
