import { randomUUID } from 'node:crypto'
import { connect, type MqttClient } from 'mqtt'
import { second } from '../base/duration.ts'
import { areRanges, type Range } from '../base/ranges.ts'
import { sayGoodbye } from './goodbye.ts'
import { type Fields, handlesIn, hasIdAndSeq, isNotice, largestSeq } from './messages.ts'
import { createSeen, type Seen } from './seen.ts'

/**
 * A small consumer of the feed, to read from and to build upon: it opens backlogs, drops repeats, and writes `stored`
 * for what its caller took. A message counts as stored only once `onRelease` returned without an error.
 */
export interface Reader {
  /** Resolves at the first subscription. */
  readonly ready: Promise<void>
  /** Says what is stored and leaves. */
  close(): Promise<void>
}

export interface ReaderParts {
  readonly url: string
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  /** `drempel/v1/{organisation}` for a whole chain, or further down; without a slash at the end. */
  readonly root: string
  /** Every release, signal and consent message once, also after resends. */
  readonly onRelease: (received: Received) => void | Promise<void>
  /** `status`, `catalogue` and `health`, each time they change. */
  readonly onNotice?: (gateway: string, kind: string, notice: Fields) => void
  /** A shopper left, perhaps while the box is off: everything under these handles is to be erased at once, also what comes later. */
  readonly onErase?: (gateway: string, handles: readonly string[]) => void
  /** Something that no honest gateway sends: one number with two contents, or a message that `accepts` refuses. */
  readonly onTrouble?: (topic: string, trouble: 'contradiction' | 'not-accepted') => void
  /**
   * `onRelease` has erased a handle when it returns from a `consent` that was withdrawn or has expired. Then `stored` says so,
   * and the shopper sees it.
   */
  readonly erases?: boolean
  /** Whether to write `stored`, as one consumer of the feed should. */
  readonly stored: boolean
  /** The closed schemas of the feed, by the first level of the topic below the gateway. Without it: id and seq only. */
  readonly accepts?: (kind: string, message: unknown) => boolean
  /** Time between two attempts to connect, in ms. */
  readonly retryEvery?: number
  /** Least time between two writings of `stored` of one gateway, in ms. */
  readonly storedEvery?: number
}

export type { Fields } from './messages.ts'

export interface Received {
  /** `{organisation}/{store}/{gateway}` */
  readonly gateway: string
  /** First level of the topic that it has, or had before it was packed in a backlog: 'footfall', 'day', 'occupancy', 'dwell', 'phones', 'visitors'. */
  readonly kind: string
  readonly seq: number
  readonly message: Fields
  /** Exactly as sent; for a release of a backlog written anew from its JSON, without the padding. */
  readonly text: string
  readonly wasPacked: boolean
}

type Lane = 'aggregates' | 'signals'

interface Gateway {
  readonly lanes: Record<Lane, Seen>
  /** The newest texts by lane and seq, to notice contradictions. */
  readonly texts: Map<string, string>
  lastStored: string
  isWriting: boolean
}

const textsKept = 5000

/** Connects and goes on reading, also over outages of the broker, until closed. */
export function startReader(parts: ReaderParts): Reader {
  const { root, storedEvery = second, accepts = hasIdAndSeq } = parts
  const gateways = new Map<string, Gateway>()
  const timers = new Set<NodeJS.Timeout>()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  let queue = Promise.resolve()
  let isClosed = false

  // MQTT 3.1.1 is spoken by every broker, and nothing here needs more.
  const client: MqttClient = connect(parts.url, {
    ...parts.tls,
    clientId: `drempel-reader-${randomUUID()}`,
    protocolVersion: 4,
    reconnectPeriod: parts.retryEvery ?? second,
  })
  client.on('error', () => {})
  client.on('connect', () => {
    client.subscribe(`${root}/#`, { qos: 1 }, (error) => {
      if (!error) resolve()
    })
    // A broker that died may have forgotten what it retained.
    for (const [name, gateway] of gateways) {
      gateway.lastStored = ''
      writeStoredSoon(name, gateway)
    }
  })
  client.on('message', (topic, payload, { retain }) => {
    // One message after the other; a caller that throws at one does not stop the reading.
    queue = queue.then(() => read(topic, payload, retain)).catch(() => {})
  })

  async function read(topic: string, payload: Buffer, isRetained: boolean): Promise<void> {
    const [, , organisation, store, name, kind] = topic.split('/')
    const message = parse(payload)
    if (!organisation || !store || !name || !kind || !message) return
    const gateway = `${organisation}/${store}/${name}`
    // Between a shopper's page and the box; the rest of it is sealed.
    if (kind === 'answer') return undefined
    if (kind === 'request')
      return handlesIn(message).length > 0 ? parts.onErase?.(gateway, handlesIn(message)) : undefined
    if (kind === 'stored') return isRetained ? remember(gatewayOf(gateway), message) : undefined
    if (!accepts(kind, message)) return parts.onTrouble?.(topic, 'not-accepted')
    if (isNotice(kind)) return notice(gateway, kind, message)
    for (const { fields, text } of unpack(kind, message, payload)) {
      const seq = Number(fields.seq)
      await take({ gateway, kind: kindOf(fields, kind), seq, message: fields, text, wasPacked: kind === 'backlog' })
    }
  }

  function gatewayOf(name: string): Gateway {
    const known = gateways.get(name)
    if (known) return known
    const lanes = { aggregates: createSeen(), signals: createSeen() }
    const gateway = { lanes, texts: new Map<string, string>(), lastStored: '', isWriting: false }
    gateways.set(name, gateway)
    return gateway
  }

  async function take(received: Received): Promise<void> {
    const gateway = gatewayOf(received.gateway)
    const { kind, seq, text, message } = received
    const lane: Lane = kind === 'signal' || kind === 'consent' ? 'signals' : 'aggregates'
    const key = `${lane} ${seq}`
    const before = gateway.texts.get(key)
    // A signal may be taken back after it was read; its end follows under a number of its own.
    const isVoid = lane === 'signals' && message.void !== undefined
    const contradicts = before !== undefined && !isVoid && before.trimEnd() !== text.trimEnd()
    if (contradicts) parts.onTrouble?.(received.gateway, 'contradiction')
    if (gateway.lanes[lane].has(seq) && !contradicts) return
    try {
      await parts.onRelease(received)
    } catch {
      return
    }
    gateway.lanes[lane].add([seq, seq])
    gateway.texts.set(key, text)
    const [oldest] = gateway.texts.keys()
    if (gateway.texts.size > textsKept && oldest) gateway.texts.delete(oldest)
    writeStoredSoon(received.gateway, gateway)
  }

  /** What an earlier run of this reader stored. */
  function remember({ lanes }: Gateway, message: Fields): void {
    for (const lane of ['aggregates', 'signals'] as const) {
      const { upTo = 0, missing = [] } = (message[lane] ?? {}) as { upTo?: number; missing?: Range[] }
      // What nobody can have stored would make every release to come look like a repeat.
      if (!(upTo >= 1 && upTo <= largestSeq) || !areRanges(missing, 1, upTo)) continue
      let from = 1
      for (const [first, last] of [...missing, [upTo + 1, upTo + 1] as const]) {
        if (first > from) lanes[lane].add([from, first - 1])
        from = last + 1
      }
    }
  }

  function notice(name: string, kind: string, message: Fields): void {
    if (kind === 'health' && Array.isArray(message.shed)) {
      for (const range of message.shed as Range[]) gatewayOf(name).lanes.aggregates.giveUp(range)
      writeStoredSoon(name, gatewayOf(name))
    }
    parts.onNotice?.(name, kind, message)
  }

  function writeStoredSoon(name: string, gateway: Gateway): void {
    if (!parts.stored || gateway.isWriting || isClosed) return
    gateway.isWriting = true
    const timer = setTimeout(() => {
      timers.delete(timer)
      gateway.isWriting = false
      writeStored(name, gateway)
    }, storedEvery)
    timers.add(timer)
  }

  function writeStored(name: string, gateway: Gateway): void {
    const [aggregates, signals] = [gateway.lanes.aggregates.stored(), gateway.lanes.signals.stored()]
    const erased = parts.erases ? { erasedUpTo: signals.missing[0] ? signals.missing[0][0] - 1 : signals.upTo } : {}
    const text = JSON.stringify({ aggregates, signals: { ...signals, ...erased } })
    if (text === gateway.lastStored) return
    if (!client.connected) return writeStoredSoon(name, gateway)
    gateway.lastStored = text
    client.publish(`drempel/v1/${name}/stored`, text, { qos: 1, retain: true }, (error) => {
      if (error) gateway.lastStored = ''
    })
  }

  return {
    ready,
    async close() {
      await queue
      for (const timer of timers) clearTimeout(timer)
      if (parts.stored && client.connected) for (const [name, gateway] of gateways) writeStored(name, gateway)
      isClosed = true
      await sayGoodbye(client)
    },
  }
}

function unpack(kind: string, message: Fields, payload: Buffer): { fields: Fields; text: string }[] {
  if (kind !== 'backlog') return [{ fields: message, text: payload.toString() }]
  return (message.releases as Fields[]).map((fields) => ({ fields, text: JSON.stringify(fields) }))
}

/** The kind stands in every id, so that a packed release tells where it belongs. */
function kindOf(fields: Fields, kind: string): string {
  return kind === 'backlog' ? String(fields.id).split('/')[2]! : kind
}

function parse(payload: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString())
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}
