import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A real dbus-daemon of our own, on a socket in a folder of its own. */
export interface Bus {
  /** unix:path=... */
  readonly address: string
  readonly path: string
  /** SIGKILL, as when the daemon crashes. */
  kill(): Promise<void>
  stop(): Promise<void>
}

/** It lets everybody do everything, as the policies of a system bus let the service and BlueZ. Needs dbus-daemon. */
export async function startBus({ listen }: { listen?: string } = {}): Promise<Bus> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-bus-'))
  const path = join(folder, 'socket')
  const file = join(folder, 'bus.conf')
  writeFileSync(file, config(listen ?? `unix:path=${path}`))
  const child = spawn('dbus-daemon', [`--config-file=${file}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  const said = once(createInterface(child.stdout), 'line')
  const [line] = (await Promise.race([said, exited.then(() => Promise.reject(new Error('dbus-daemon ended')))])) as [
    string,
  ]

  async function end(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal)
    await exited
  }

  return {
    address: line.replace(/,guid=.*$/, ''),
    path,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function config(listen: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${listen}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
`
}
