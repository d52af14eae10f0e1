import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createMatcher } from '../../src/box/matcher.ts'
import { needlesOf } from '../../src/box/needles.ts'
import { searchBytes, searchFolder } from '../../src/box/places.ts'
import type { Identifier } from '../../src/box/spellings.ts'
import { searchMemory } from './memory.ts'
import type { Mosquitto } from './mosquitto.ts'
import { startDrempel } from './process.ts'
import type { Listener } from './uplink.ts'

/** `drempel relay` as a process of its own, over TLS on a free port of this machine. */
export interface RelayProcess {
  readonly pid: number
  readonly port: number
  /** All that it said. */
  said(): string
  end(signal: NodeJS.Signals): Promise<void>
}

export interface RelayFiles {
  /** Where its configuration and its data are put. */
  readonly file: (name: string) => string
  readonly broker: string
  readonly certificate: { readonly cert: string; readonly key: string } | null
}

export async function startRelay({ file, broker, certificate }: RelayFiles): Promise<RelayProcess> {
  const lines = [
    'organisation: acme',
    'address: https://shops.acme.example',
    'listen: "127.0.0.1:0"',
    ...(certificate ? [`certificate: { cert: ${certificate.cert}, key: ${certificate.key} }`] : []),
    `upstream: { url: "${broker}" }`,
    'data: relay-data',
  ]
  writeFileSync(file('relay.yaml'), `${lines.join('\n')}\n`)
  const child = startDrempel(['relay', '--config', file('relay.yaml')], { DREMPEL_LOG: 'debug' })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text))
  const port = await portOf(child, () => said)
  return {
    pid: child.pid!,
    port,
    said: () => said,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
  }
}

async function portOf(child: ChildProcess, said: () => string): Promise<number> {
  for (;;) {
    const [, port] = /"address":"https?:\/\/[^"]*:(\d+)"/.exec(said()) ?? []
    if (port) return Number(port)
    if (child.exitCode !== null) throw new Error(`the relay ended: ${said()}`)
    await Promise.race([once(child.stderr!, 'data'), once(child, 'exit')])
  }
}

/** The authority that its certificate is checked against. */
export function authority(ca: string): Buffer {
  return readFileSync(ca)
}

export interface Around {
  readonly relay: RelayProcess
  readonly mosquitto: Mosquitto
  readonly heard: Listener
  /** Of the relay's data. */
  readonly folder: string
}

/** Everything that passed over the broker. */
export function trafficOf({ heard }: Listener): Buffer {
  return Buffer.concat(heard.flatMap(({ topic, bytes }) => [Buffer.from(topic), bytes]))
}

/** Looks for canaries wherever a question on its way may leave something: memories, traffic, log, files. */
export function searchAround({ relay, mosquitto, heard, folder }: Around, canaries: readonly Identifier[]) {
  const look = createMatcher(needlesOf(canaries, []))
  return [
    searchMemory(relay.pid, canaries),
    searchMemory(mosquitto.pid, canaries),
    searchBytes(look, 'traffic', trafficOf(heard)),
    searchBytes(look, 'log', Buffer.from(relay.said())),
    searchFolder(look, folder),
  ]
}
