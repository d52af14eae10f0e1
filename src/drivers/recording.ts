import { spellAddress } from '../base/bluetooth-address.ts'
import { createDecoder } from './decoders.ts'
import type { Advert, Decoder, Hear } from './reading.ts'
import { canHear, isJson, type Json, type Payload, type PayloadKind, parsePayload } from './recording-payload.ts'
import type { SensorSettings } from './settings.ts'

/**
 * A recording is JSON Lines of raw readings (README, "A recording"): a header with the time it starts, then one line
 * a reading by `t`, seconds since then. It is what `replay` plays and what the simulator writes.
 */
export type RecordedEvent = { readonly t: number; readonly sensor: string } & (
  | { readonly kind: 'edge'; readonly line: 'outer' | 'inner'; readonly level: 0 | 1 }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'advert'; readonly advert: Advert }
  | { readonly kind: 'state'; readonly state: 'up' | 'down' }
)

const format = 'recording/1'
const kinds: readonly PayloadKind[] = ['edge', 'bytes', 'advert', 'state']
const longestLine = 1_000_000

/** The header line, without the line end; `start` in ms since 1970 UTC. */
export function formatRecordingHeader(start: number): string {
  return JSON.stringify({ drempel: format, start: new Date(start).toISOString() })
}

/** The line of one event, without the line end. */
export function formatRecordedEvent(event: RecordedEvent): string {
  const { t, sensor } = event
  switch (event.kind) {
    case 'edge':
      return JSON.stringify({ t, sensor, edge: { line: event.line, level: event.level } })
    case 'bytes':
      return JSON.stringify({ t, sensor, bytes: hex(event.bytes) })
    case 'advert':
      return JSON.stringify({ t, sensor, advert: writtenAdvert(event.advert) })
    case 'state':
      return JSON.stringify({ t, sensor, state: event.state })
  }
}

function writtenAdvert({ address, type, rssi, data }: Advert) {
  return { address: spellAddress(address), type, rssi, data: hex(data) }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** The first line of a recording: when it starts, in ms since 1970 UTC, or why it is no header. */
export function parseRecordingHeader(line: string): { start: number } | { bad: string } {
  const header = parseJson(line.replace(/^\ufeff/, ''))
  if (typeof header === 'string') return { bad: header }
  if (header.drempel !== format) return { bad: `it does not say "drempel":"${format}"` }
  const start = parseTime(header.start)
  return start === undefined ? { bad: 'start is not a UTC time such as 2026-11-22T08:00:00Z' } : { start }
}

function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value)) return undefined
  const time = Date.parse(value)
  // The 30th of February parses; it just is not that day any more.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value.slice(0, 19)) ? time : undefined
}

export interface RecordingReader {
  /**
   * Hears one line (`number` from 1) at `t` seconds, or says in a few words why it cannot. Never throws. `before` is
   * called with the time in monotonic ms ahead of the first reading, so that a clock can be moved there.
   */
  read(line: string, number: number, before?: (at: number) => void): { t: number } | { bad: string }
  summary(): RecordingSummary
}

export interface RecordingSummary {
  /** Lines heard, by sensor and kind; each configured sensor is there. */
  readonly lines: Readonly<Record<string, Readonly<Partial<Record<PayloadKind, number>>>>>
  /** Frames or lines of a sensor's bytes that were not understood. */
  readonly dropped: Readonly<Record<string, number>>
  readonly bad: number
  /** The numbers of the first bad lines. */
  readonly badLines: readonly number[]
}

interface Source {
  readonly settings: SensorSettings
  readonly decoder: Decoder
  readonly lines: Partial<Record<PayloadKind, number>>
}

const badLinesKept = 100

/** Reads the lines after the header. Monotonic time is `t` * 1000; adverts are sealed, bytes go through the decoders. */
export function createRecordingReader({
  sensors,
  hear,
}: {
  readonly sensors: readonly SensorSettings[]
  readonly hear: Hear
}): RecordingReader {
  const sources = new Map(
    sensors.map((settings): [string, Source] => [
      settings.id,
      { settings, decoder: createDecoder(settings, hear), lines: {} },
    ]),
  )
  const badLines: number[] = []
  let bad = 0
  let now = 0

  function deliver({ settings, decoder, lines }: Source, payload: Payload, at: number): void {
    lines[payload.kind] = (lines[payload.kind] ?? 0) + 1
    if (payload.kind === 'bytes') decoder.push(payload.bytes, at)
    else hear({ ...payload, sensor: settings.id, at })
  }

  function parse(line: string): { t: number; source: Source; payload: Payload } | string {
    const object = parseJson(line)
    if (typeof object === 'string') return object
    const { t, sensor } = object
    if (typeof t !== 'number' || !Number.isFinite(t) || t < 0) return 't is not a number of seconds since the start'
    if (t < now) return 't is before that of an earlier line'
    const source = typeof sensor === 'string' ? sources.get(sensor) : undefined
    if (!source) return 'its sensor is not in the configuration'
    const payload = payloadOf(object, source.settings.kind)
    return typeof payload === 'string' ? payload : { t, source, payload }
  }

  return {
    read(line, number, before) {
      const parsed = parse(line)
      if (typeof parsed === 'string') {
        bad++
        if (badLines.length < badLinesKept) badLines.push(number)
        return { bad: parsed }
      }
      const { t, source, payload } = parsed
      now = t
      before?.(t * 1000)
      deliver(source, payload, t * 1000)
      return { t }
    },
    summary: () => ({
      lines: Object.fromEntries([...sources].map(([id, { lines }]) => [id, { ...lines }])),
      dropped: Object.fromEntries([...sources].map(([id, { decoder }]) => [id, decoder.dropped])),
      bad,
      badLines: [...badLines],
    }),
  }
}

function payloadOf(object: Json, sensor: SensorSettings['kind']): Payload | string {
  const found = kinds.filter((kind) => Object.hasOwn(object, kind))
  const [kind] = found
  if (!kind || found.length > 1) return 'it does not have exactly one of edge, bytes, advert and state'
  if (Object.keys(object).length !== 3) return `it has more than t, sensor and ${kind}`
  return canHear(sensor, kind) ? parsePayload(kind, object[kind]) : `a ${sensor} sensor has no ${kind}`
}

function parseJson(line: string): Json | string {
  if (line.length > longestLine) return 'it is longer than a million characters'
  try {
    const value: unknown = JSON.parse(line)
    return isJson(value) ? value : 'it is not a JSON object'
  } catch {
    return 'it is not JSON'
  }
}
