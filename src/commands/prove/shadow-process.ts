import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { second } from '../../base/duration.ts'
import { GatewayError } from '../../base/errors.ts'
import { openTap, type Tap } from '../../box/tap.ts'
import type { Config } from '../../config.ts'
import { type Broker, startBroker } from '../../simulator/broker.ts'
import type { Canaries } from './canaries.ts'
import { encodeFed, encodeOrder, type Fed } from './feed.ts'
import type { Order, Said } from './shadow.ts'

/** A shadow of the box in a process of its own, and everything around it. */
export interface Shadow {
  readonly pid: number
  /** Folder of all that it keeps: its data folder and its file in RAM. */
  readonly home: string
  /** Feeds it, and waits until it has heard all of it. Throws when it ended instead. */
  feed(inputs: readonly Fed[]): Promise<void>
  /** How often each sensor of the configuration heard something, when it settled last. */
  heard(): readonly number[]
  /** All that it printed so far, log and output. */
  printed(): Buffer
  /** Every byte it sent to the broker, and how many messages they were. */
  sent(): { bytes: Buffer; messages: number }
  /** Lets it end as a service ends, and takes down what is around it. May be called again. */
  end(): Promise<void>
}

export interface ShadowProcessParts {
  readonly config: Config
  readonly start: number
  readonly folder: string
  readonly canaries: Canaries
  /** The program and its first arguments: Node and drempel itself. */
  readonly program: readonly [string, ...string[]]
}

const host = '127.0.0.1'
const longestEnd = 10 * second

/** The same configuration but for what must not meet the real box: its folder, its broker and its ports. */
export function shadowConfig(config: Config, home: string, port: number): Config {
  return {
    ...config,
    data: join(home, 'data'),
    upstream: { url: `mqtt://${host}:${port}` },
    web: { public: `${host}:0`, staff: `${host}:0` },
    clock: 'trusted',
  }
}

export async function startShadow(parts: ShadowProcessParts): Promise<Shadow> {
  const home = join(parts.folder, 'shadow')
  mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 })
  let messages = 0
  const onPublish = (topic: string) => {
    if (!topic.startsWith(storedTopic(parts.config))) messages++
  }
  const broker = await startBroker({ host, port: 0, onPublish })
  const tap = await openTap(broker.port)
  await speak(broker, parts)
  const config = shadowConfig(parts.config, home, tap.port)
  const child = open(parts.program, join(home, 'run'))
  const pid = child.pid
  if (pid === undefined) throw shadowEnded()
  // Also when it stands still.
  process.once('exit', () => child.kill('SIGKILL'))
  const mouth = listenTo(child)
  child.stdin!.on('error', () => {})
  child.stdin!.write(encodeOrder(JSON.stringify({ config, start: parts.start } satisfies Order)))
  await mouth.until('ready')
  await speak(broker, parts)
  // What comes to its ears next is read without letting the network go on.
  await pause(second)

  let ending: Promise<void> | undefined
  return {
    pid,
    home,
    async feed(inputs) {
      for (const fed of inputs) if (!child.stdin!.write(encodeFed(fed))) await drained(child)
      await mouth.until('settled')
    },
    heard: mouth.heard,
    printed: mouth.printed,
    sent: () => ({ bytes: tap.sent(), messages }),
    end: () => (ending ??= end(child, tap, broker)),
  }
}

function open([program, ...args]: ShadowProcessParts['program'], runtime: string): ChildProcess {
  const { NOTIFY_SOCKET, ...environment } = process.env
  return spawn(program, [...args, 'prove', '--shadow'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...environment, DREMPEL_LOG: 'debug', RUNTIME_DIRECTORY: runtime },
  })
}

function shadowEnded(): GatewayError {
  const fix = '`--keep` keeps its log, which says why.'
  return new GatewayError('COMMAND_SHADOW_ENDED', undefined, { fix })
}

async function drained(child: ChildProcess): Promise<void> {
  await Promise.race([once(child.stdin!, 'drain'), once(child, 'exit')])
}

/** What whoever may write at the broker could say to a box: in messages it reads, and beside them. */
async function speak({ url }: Broker, { config, canaries }: ShadowProcessParts): Promise<void> {
  const { text, topic } = canaries.broker
  const stored = storedTopic(config)
  const client = await connectAsync(url)
  const lies = [
    JSON.stringify({ aggregates: { upTo: 0, missing: [] }, who: text }),
    JSON.stringify({ aggregates: { upTo: text, missing: [] } }),
    `${text} is no JSON`,
  ]
  await client.publishAsync(`${stored}/${topic}`, text, { qos: 1 })
  for (const lie of lies) await client.publishAsync(stored, lie, { qos: 1, retain: true })
  await client.endAsync()
}

/** The one topic that a box reads. */
function storedTopic({ organisation, store, gateway }: Config): string {
  return `drempel/v1/${organisation}/${store.id}/${gateway}/stored`
}

/** Keeps what it prints, and waits for what it says of itself. */
function listenTo(child: ChildProcess) {
  const kept: Buffer[] = []
  const said: Said[] = []
  let last: Said | undefined
  let isOver = false
  let look = () => {}
  for (const output of [child.stdout!, child.stderr!]) output.on('data', (bytes: Buffer) => kept.push(bytes))
  createInterface(child.stdout!).on('line', (line) => {
    said.push(JSON.parse(line) as Said)
    look()
  })
  void once(child, 'close').then(() => {
    isOver = true
    look()
  })
  return {
    heard: () => last?.heard ?? [],
    printed: () => Buffer.concat(kept),
    until: (wanted: Said['said']) =>
      new Promise<void>((resolve, reject) => {
        look = () => {
          for (let next = said.shift(); next; next = said.shift()) {
            last = next
            if (next.said === wanted) return resolve()
          }
          if (isOver) reject(shadowEnded())
        }
        look()
      }),
  }
}

async function end(child: ChildProcess, tap: Tap, broker: Broker): Promise<void> {
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const closed = isOver() ? Promise.resolve() : once(child, 'close')
  child.stdin!.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), longestEnd)
  await closed
  clearTimeout(timer)
  await tap.close()
  await broker.close()
}
