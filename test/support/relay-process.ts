import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { startDrempel } from './process.ts'

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
