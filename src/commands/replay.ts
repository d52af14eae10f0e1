import { accessSync, constants, createReadStream, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type ManualClock, manualClock, systemClock } from '../base/clock.ts'
import { minute, second } from '../base/duration.ts'
import { GatewayError, systemCode } from '../base/errors.ts'
import { version } from '../base/version.ts'
import { loadConfig } from '../config.ts'
import { createRecordingReader, parseRecordingHeader, type RecordingReader } from '../drivers/recording.ts'
import { type Gateway, openGateway } from '../gateway.ts'
import { parseCommand } from './help.ts'
import { openAccount, replayReport, replaySummary } from './replay-report.ts'
import { openTerminalLog } from './terminal-log.ts'
import { openWorkingFolder } from './working-folder.ts'

const longestWaitForBroker = minute
const mostBadLinesShown = 10

/** `drempel replay RECORDING`: a recording through the real pipeline. Resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseCommand('replay', args)
  const file = given.positionals[0]!
  const config = loadConfig(given.text('config'))
  const log = openTerminalLog('warn')
  const lines = linesOf(file)
  const first = await lines.next()
  const header = first.done ? { bad: 'it is empty' } : parseRecordingHeader(first.value.text)
  if ('bad' in header) throw new GatewayError('RECORDING_INVALID', `${file}, line 1: ${header.bad}.`)
  const folder = openWorkingFolder(config.data, 'replay')
  const clock = manualClock(header.start)
  const realClock = systemClock(() => true)
  const onFatal = (error: unknown): never => {
    throw error
  }
  const gateway = openGateway({ config, mode: 'replay', folder, clock, realClock, log, version, onFatal })
  const account = openAccount(gateway)
  const passTo = createPassage(gateway, clock, header.start)
  const reader = createRecordingReader({ sensors: config.sensors, hear: gateway.hear })
  try {
    await gateway.open()
    const { last, bad } = await play({ lines, reader, passTo, progress: progressOf(file) })
    gateway.finish(header.start + last * 1000)
    const hush = realClock.after(3 * second, () => {
      if (!gateway.uplink.state().isConnected) log.warn('Waiting a minute at most for the broker; nothing is lost.')
    })
    const settled = await gateway.uplink.settled(longestWaitForBroker)
    hush()
    const summary = replaySummary({ file, bad, reader: reader.summary(), account, gateway })
    process.stdout.write(
      given.has('json') ? `${JSON.stringify(summary)}\n` : replayReport(summary, config.upstream.url),
    )
    return settled ? 0 : 1
  } finally {
    await gateway.close()
    folder.close()
  }
}

/** Lets time pass for the gateway as the recording tells it: slots that fall due on the way close at their own time. */
function createPassage(gateway: Gateway, clock: ManualClock, start: number): (at: number) => void {
  let ticked = 0
  return (at) => {
    for (let due = gateway.nextDue(); due !== undefined && due - start <= at; due = gateway.nextDue()) {
      clock.advanceTo(due - start)
      gateway.tick()
      if (gateway.nextDue() === due) throw noRoom()
    }
    clock.advanceTo(at)
    if (at - ticked < 1000) return
    ticked = at
    gateway.tick()
  }
}

/** `run` waits for room; here no time passes in which there could be some. */
function noRoom(): GatewayError {
  return new GatewayError('BASE_STORAGE_FULL', 'The replay stopped there.', {
    fix: 'Make room, then run it again: what was drawn stays as it is.',
  })
}

interface Play {
  readonly lines: AsyncGenerator<Line>
  readonly reader: RecordingReader
  readonly passTo: (at: number) => void
  readonly progress: Progress
}

interface Line {
  readonly text: string
  readonly number: number
  /** Share of the file read, 0 to 1. */
  readonly share: number
}

/** Plays every line at its own time; tells the time of the last good one, s since start, and the first bad ones. */
async function play({ lines, reader, passTo, progress }: Play): Promise<{ last: number; bad: string[] }> {
  const bad: string[] = []
  let last = 0
  for await (const line of lines) {
    progress.tell(line)
    const result = reader.read(line.text, line.number, passTo)
    if ('t' in result) last = result.t
    else if (bad.length < mostBadLinesShown) bad.push(`line ${line.number}: ${result.bad}`)
  }
  progress.end()
  return { last, bad }
}

/** Lines of a file; gives way to the network after each piece. A line longer than a megabyte is cut there. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest = ''
  let number = 0
  let read = 0
  const size = sizeOf(file)
  for await (const piece of createReadStream(file, { encoding: 'utf8', highWaterMark: 256 * 1024 })) {
    read += Buffer.byteLength(piece)
    const parts = (rest + piece).split('\n')
    rest = (parts.pop() ?? '').slice(0, 1_000_000)
    for (const text of parts) yield { text, number: ++number, share: read / size }
    await setImmediate()
  }
  if (rest !== '') yield { text: rest, number: ++number, share: 1 }
}

/** @throws RECORDING_UNREADABLE */
function sizeOf(file: string): number {
  try {
    accessSync(file, constants.R_OK)
    const found = statSync(file)
    if (!found.isDirectory()) return Math.max(1, found.size)
  } catch (error) {
    throw unreadable(file, systemCode(error) ?? 'unknown error')
  }
  throw unreadable(file, 'EISDIR')
}

const faults: Record<string, string> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
}

function unreadable(file: string, code: string): GatewayError {
  return new GatewayError('RECORDING_UNREADABLE', `${file}: ${faults[code] ?? code}.`, { fix: 'Check the path.' })
}

interface Progress {
  tell(line: Line): void
  /** Takes the line away again. */
  end(): void
}

/** A line on a terminal that is rewritten four times a second; nothing where there is no terminal. */
function progressOf(file: string): Progress {
  if (!process.stderr.isTTY) return { tell: () => {}, end: () => {} }
  let shown = 0
  return {
    tell({ number, share }) {
      if (number % 512 !== 0 || performance.now() - shown < 250) return
      shown = performance.now()
      process.stderr.write(`\r${file}: ${Math.floor(share * 100)} %, line ${number.toLocaleString('en')}\u001b[K`)
    },
    end() {
      if (shown > 0) process.stderr.write('\r\u001b[K')
    },
  }
}
