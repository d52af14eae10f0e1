import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync, type IClientOptions } from 'mqtt'
import { type Clock, scaledClock } from '../../src/base/clock.ts'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { declareSeries } from '../../src/uplink/feed.ts'
import type { Catalogue, Health } from '../../src/uplink/feed-schema.ts'
import { type Outbox, openOutbox, outboxMigrations } from '../../src/uplink/outbox.ts'
import { openSessions } from '../../src/uplink/session.ts'
import { openUplink, type Uplink, type UplinkParts } from '../../src/uplink/uplink.ts'
import { boxKey, message } from './outbox.ts'
import { footfallSeries, policy, shop } from './releases.ts'

export const catalogue: Catalogue = {
  schema: 'drempel/1',
  profile: 'footfall',
  perVisit: { epsilon: 1, guess: 'At most 73 times in 100.' },
  policy,
  series: [declareSeries(footfallSeries())],
}

export const health: Health = {
  uptime: 1,
  version: '0.1.0',
  clock: 'trusted',
  sensors: [],
  outboxHoursLeft: 2160,
  shed: null,
  chain: null,
}

export interface TestUplink {
  readonly uplink: Uplink
  readonly outbox: Outbox
  readonly database: Database
  readonly adopted: number[]
  /** Puts messages and wakes the courier. */
  put(seqs: readonly number[], notBefore?: number): void
}

export interface TestUplinkParts extends Partial<UplinkParts> {
  readonly url: string
  readonly database?: Database
  /** How much faster than real the network's time runs: back-off need not be waited for. */
  readonly speed?: number
  readonly outboxClock?: Clock
}

export function testUplink({ url, speed = 1, outboxClock, ...changes }: TestUplinkParts): TestUplink {
  const realClock = changes.realClock ?? scaledClock(Date.UTC(2026, 10, 23, 12), speed)
  const database = changes.database ?? openDatabase(':memory:', outboxMigrations)
  const log: Log = changes.log ?? silentLog
  const outbox = changes.outbox ?? openOutbox({ database, key: boxKey, clock: outboxClock ?? realClock, log })
  const adopted: number[] = []
  const uplink = openUplink({
    settings: { url },
    identity: shop,
    outbox,
    clock: realClock,
    realClock,
    log,
    mode: 'run',
    session: openSessions(database, boxKey),
    notices: { catalogue: () => catalogue, health: () => health },
    onRestoredImage: (upTo) => adopted.push(upTo.aggregates),
    ...changes,
  })
  return {
    uplink,
    outbox,
    database,
    adopted,
    put(seqs, notBefore = 0) {
      database.transaction(() => {
        for (const seq of seqs) outbox.put(message(seq), notBefore)
      })
      uplink.wake()
    },
  }
}

export interface Heard {
  readonly topic: string
  readonly text: string
  readonly bytes: Buffer
  readonly isRetained: boolean
  readonly properties: Record<string, unknown>
}

export interface Listener {
  readonly heard: Heard[]
  /** Those on topics that end so. */
  on(ending: string): Heard[]
  publish(topic: string, text: string, retain?: boolean): Promise<void>
  close(): Promise<void>
}

/** A plain subscriber to everything, MQTT 5 unless the broker knows only 4. */
export async function listenTo(url: string, options: IClientOptions = {}): Promise<Listener> {
  const client = await connectAsync(url, { protocolVersion: 5, ...options })
  const heard: Heard[] = []
  client.on('error', () => {})
  client.on('message', (topic, bytes, { retain, properties }) => {
    heard.push({ topic, text: bytes.toString(), bytes, isRetained: retain, properties: { ...properties } })
  })
  await client.subscribeAsync('#', { qos: 1 })
  return {
    heard,
    on: (ending) => heard.filter(({ topic }) => topic.endsWith(ending)),
    async publish(topic, text, retain = false) {
      await client.publishAsync(topic, text, { qos: 1, retain })
    },
    close: () => client.endAsync(true),
  }
}

/** Waits for something real, at most `ms`; returns whether it came. */
export async function comes(isThere: () => boolean, ms = 10_000): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await pause(10)) if (isThere()) return true
  return isThere()
}
