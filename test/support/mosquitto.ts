import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Pair } from './certificates.ts'

/** A real mosquitto of our own on a free port of this machine. */
export interface Mosquitto {
  readonly port: number
  /** mqtt:// or mqtts://, on 127.0.0.1 */
  readonly url: string
  readonly pid: number
  /** SIGKILL: what was in memory is gone. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT: the connection stays up and nothing answers. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same port and folder. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface MosquittoOptions {
  /** Certificate of the broker, and the authority that boxes must be signed by. */
  readonly tls?: { readonly ca: string; readonly broker: Pair }
  /** Keeps sessions and retained messages over a restart, saved at each change. */
  readonly persistence?: boolean
  /** Further lines of mosquitto.conf. */
  readonly lines?: readonly string[]
}

export async function startMosquitto({ tls, persistence, lines = [] }: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-mosquitto-'))
  const port = await freePort()
  const conf = join(folder, 'mosquitto.conf')
  const config = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    // Started as root it would become a user that cannot read these folders.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    // The broker must not be what loses messages: by default it keeps 1000 for a slow reader.
    'max_queued_messages 0',
    ...(tls ? [`cafile ${tls.ca}`, `certfile ${tls.broker.cert}`, `keyfile ${tls.broker.key}`] : []),
    ...(tls ? ['require_certificate true', 'use_identity_as_username true'] : []),
    ...(persistence ? ['persistence true', `persistence_location ${folder}/`] : ['persistence false']),
    ...(persistence ? ['autosave_on_changes true', 'autosave_interval 1'] : []),
    ...lines,
  ]
  writeFileSync(conf, `${config.join('\n')}\n`)
  let child = await start(conf, port)

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  return {
    port,
    url: `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0
    },
    kill: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await end('SIGKILL')
      child = await start(conf, port)
    },
    async stop() {
      child.kill('SIGCONT')
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A port nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

async function start(conf: string, port: number): Promise<ChildProcess> {
  const child = spawn(existsSync('/usr/sbin/mosquitto') ? '/usr/sbin/mosquitto' : 'mosquitto', ['-c', conf], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  for (let tries = 0; tries < 500; tries += 1) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended: ${said}`)
    if (await answers(port)) return child
    await pause(10)
  }
  throw new Error(`mosquitto does not answer: ${said}`)
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
