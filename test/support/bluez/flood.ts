import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { linesOf } from '../gpio/lines-of.ts'

/** What to send. */
export interface Flow {
  /** PropertiesChanged (strength and manufacturer data), or InterfacesAdded; what was added is removed at the end. */
  readonly kind: 'changed' | 'added'
  readonly count: number
  readonly addresses: number
  /** signals/s; as fast as the bus takes them unless said */
  readonly perSecond?: number
  readonly seed?: number
}

export interface FlowResult {
  readonly sent: number
  readonly seconds: number
}

/** A sender in a process of its own, for benches: the only work is that of the kernel, the bus and the listener. */
export interface Flood {
  send(flow: Flow): Promise<FlowResult>
  stop(): Promise<void>
}

/** Owns org.bluez on the bus at `address` (a `unix:path=`), with one powered adapter hci0 that knows no monitors. */
export async function startFlood(address: string): Promise<Flood> {
  const script = fileURLToPath(new URL('flood-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, address], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = linesOf(child.stdout)
  await lines.until((line) => line.includes('ready'))
  return {
    async send(flow) {
      child.stdin.write(`${JSON.stringify(flow)}\n`)
      return JSON.parse(await lines.next())
    },
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
