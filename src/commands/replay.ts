import { createReadStream, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type ManualClock, manualClock, systemClock } from '../base/clock.ts'
import { openDataFolder } from '../base/data-folder.ts'
import { minute } from '../base/duration.ts'
import { GatewayError, systemCode } from '../base/errors.ts'
import { openLog } from '../base/log.ts'
import { version } from '../base/version.ts'
import { loadConfig } from '../config.ts'
import { createRecordingReader, parseRecordingHeader, type RecordingReader } from '../drivers/recording.ts'
import { type Gateway, openGateway } from '../gateway.ts'
import { parseCommand } from './help.ts'
import { openAccount, replayReport, replaySummary } from './replay-report.ts'

const longestWaitForBroker = minute
const mostBadLinesShown = 10

/** `drempel replay RECORDING`: a recording through the real pipeline. Resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseCommand('replay', args)
  const file = given.positionals[0]!
  const config = loadConfig(given.text('config'))
  const log = openLog(process.env.DREMPEL_LOG ?? 'warn')
  const lines = linesOf(file)
  const first = await lines.next()
  const header = parseRecordingHeader(first.done ? '' : first.value.text)
  if ('bad' in header) throw new GatewayError('RECORDING_INVALID', `${file}, line 1: ${header.bad}.`)
  const folder = openDataFolder(config.data, 'replay')
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
    const settled = await gateway.uplink.settled(longestWaitForBroker)
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
  readonly progress: (line: Line) => void
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
    progress(line)
    const result = reader.read(line.text, line.number, passTo)
    if ('t' in result) last = result.t
    else if (bad.length < mostBadLinesShown) bad.push(`line ${line.number}: ${result.bad}`)
  }
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

function sizeOf(file: string): number {
  try {
    return Math.max(1, statSync(file).size)
  } catch (error) {
    throw new GatewayError('RECORDING_INVALID', `${file} could not be read: ${systemCode(error)}.`, {
      fix: 'Check the path.',
    })
  }
}

/** A line on a terminal that is rewritten four times a second; nothing where there is no terminal. */
function progressOf(file: string): (line: Line) => void {
  if (!process.stderr.isTTY) return () => {}
  let shown = 0
  return ({ number, share }) => {
    if (number % 512 !== 0 || performance.now() - shown < 250) return
    shown = performance.now()
    process.stderr.write(`\r${file}: ${Math.floor(share * 100)} %, line ${number.toLocaleString('en')}\u001b[K`)
    if (share === 1) process.stderr.write('\r\u001b[K')
  }
}
