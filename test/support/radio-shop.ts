import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { phonesPrivacy, writeSigned } from './assessment.ts'
import { type Bluez, type BluezOptions, startBluez } from './bluez/bluez.ts'
import { shopUuid } from './canaries.ts'
import { startMosquitto } from './mosquitto.ts'
import { shopConfig } from './recordings.ts'

/** A shop with a radio on a BlueZ-shaped service, a real broker, and a client that hears all that the broker passes on. */
export interface RadioShop {
  /** Where everything lies: configuration, data folder, runtime folder, and the folder in which the process works. */
  readonly home: string
  readonly data: string
  readonly file: string
  readonly bluez: Bluez
  /** Topics and payloads of all messages. */
  readonly messages: readonly Buffer[]
  /** Runs Node with these arguments, as the service's unit does: debug log, no core file. */
  start(args: readonly string[]): Running
  stop(): Promise<void>
}

export interface Running {
  readonly pid: number
  readonly exited: Promise<unknown>
  /** Everything printed so far. */
  output(): string
  until(isTrue: () => boolean, what: string): Promise<void>
}

/** The key of every box here, so that what is salted with it is worked out once. */
export const boxKey = createHash('sha256').update('the key of a test box').digest('hex')

/** @param countsPhones with the signed assessment that it takes */
export async function openRadioShop(options: BluezOptions, countsPhones: boolean): Promise<RadioShop> {
  const home = mkdtempSync(join(tmpdir(), 'drempel-radio-'))
  const [data, run, file] = [join(home, 'data'), join(home, 'run'), join(home, 'shop.yaml')]
  mkdirSync(run)
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(join(data, 'key'), boxKey, { mode: 0o600 })
  const broker = await startMosquitto()
  const bluez = await startBluez(options)
  const client = await connectAsync(broker.url)
  const messages: Buffer[] = []
  const children: ChildProcess[] = []
  client.on('message', (topic, bytes) => void messages.push(Buffer.from(topic), bytes))
  await client.subscribeAsync('#', { qos: 1 })
  writeSigned(file, configOf(broker.url, data, countsPhones))

  function start(args: readonly string[]): Running {
    const env = { DREMPEL_LOG: 'debug', RUNTIME_DIRECTORY: run, DBUS_SYSTEM_BUS_ADDRESS: bluez.address }
    const child = spawn('sh', ['-c', 'ulimit -c 0; exec "$0" "$@"', process.execPath, ...args], {
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...env },
    })
    children.push(child)
    return running(child)
  }

  return {
    home,
    data,
    file,
    bluez,
    messages,
    start,
    async stop() {
      for (const child of children) await end(child)
      await client.endAsync(true)
      await bluez.stop()
      await broker.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** A file of the repository, for a process that works elsewhere. */
export function fileOf(path: string): string {
  return resolve(import.meta.dirname, '../..', path)
}

function running(child: ChildProcess): Running {
  const parts: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => parts.push(text))
  }
  const output = () => parts.join('')
  return {
    pid: child.pid!,
    exited: once(child, 'close'),
    output,
    async until(isTrue, what) {
      while (!isTrue()) {
        if (hasEnded(child)) throw new Error(`it ended before ${what}: ${output().slice(-1000)}`)
        await pause(10)
      }
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function configOf(broker: string, data: string, countsPhones: boolean): string {
  const sensors = [{ id: 'radio', kind: 'ble', zone: 'entrance' }]
  const privacy = countsPhones ? phonesPrivacy : {}
  const shop = { broker, data, sensors, opening: '00:00-24:00', window: '5m', privacy }
  const beacons = [{ id: 'till', format: 'ibeacon', uuid: shopUuid, major: 1 }]
  return JSON.stringify({ ...JSON.parse(shopConfig(shop)), beacons })
}
