import type { Hear } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import { type CounterLine, createCounterAccount } from './counter.ts'
import type { FrameDecoder } from './framer.ts'

const longestLine = 512
const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Decodes the JSON lines of a counter into people. Other lines (logs, boot messages, half lines) are dropped and
 * counted, as are lines heard before and lines above 512 bytes, of which only the end is looked at.
 */
export function createJsonLinesDecoder(settings: Pick<SensorOf<'json-lines'>, 'id'>, hear: Hear): FrameDecoder {
  const sensor = settings.id
  const account = createCounterAccount()
  let frames = 0
  let dropped = 0

  const push = createLineSplitter((text, at) => {
    const line = parseCounterLine(text)
    if (line) frames++
    const people = line ? account.take(line, at) : 'implausible'
    if (typeof people === 'string') dropped++
    else if (people.in > 0 || people.out > 0) hear({ kind: 'counted', sensor, at, in: people.in, out: people.out })
  })

  return {
    push,
    get dropped() {
      return dropped
    },
    get frames() {
      return frames
    },
  }
}

/** Cuts a stream split anywhere into lines, empty ones left out. Of a line that is too long the end is kept. */
function createLineSplitter(take: (line: string, at: number) => void) {
  const pending = Buffer.alloc(longestLine)
  let held = 0

  function keep(bytes: Uint8Array): void {
    const tail = bytes.length > longestLine ? bytes.subarray(-longestLine) : bytes
    const over = held + tail.length - longestLine
    if (over > 0) {
      pending.copyWithin(0, over, held)
      held -= over
    }
    pending.set(tail, held)
    held += tail.length
  }

  return (bytes: Uint8Array, at: number): void => {
    let from = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      keep(bytes.subarray(from, end))
      if (held > 0 && !isBlank(pending, held)) take(pending.toString('latin1', 0, held), at)
      held = 0
      from = end + 1
    }
    keep(bytes.subarray(from))
  }
}

function isBlank(line: Uint8Array, length: number): boolean {
  return length === 1 && line[0] === carriageReturn
}

const ansi = /\u001b\[[0-9;?]*[ -/]*[@-~]/g

/** The counter line in a line of text, after colours and half a line, or undefined. */
export function parseCounterLine(text: string): CounterLine | undefined {
  const plain = text.includes('\u001b') ? text.replaceAll(ansi, '') : text
  const first = plain.indexOf('{')
  const last = plain.lastIndexOf('{')
  if (first < 0) return undefined
  return counterLineIn(parseObject(plain.slice(first)) ?? (last > first ? parseObject(plain.slice(last)) : undefined))
}

function parseObject(text: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function counterLineIn(object: Partial<Record<string, unknown>> | undefined): CounterLine | undefined {
  if (object?.v !== 1) return undefined
  const { dev, seq, t, ev, n, in: totalIn, out: totalOut } = object
  if (typeof dev !== 'string' || !isCount(seq) || !isTime(t)) return undefined
  if (ev === 'in' || ev === 'out') return isCount(n) && n > 0 ? { dev, seq, t, ev, n } : undefined
  if (ev !== 'hb' || !isCount(totalIn) || !isCount(totalOut)) return undefined
  return { dev, seq, t, ev, in: totalIn, out: totalOut }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
