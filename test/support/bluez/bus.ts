import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linesOf } from '../gpio/lines-of.ts'

/** A message bus of our own: a real dbus-daemon that nobody else is on. */
export interface PrivateBus {
  /** For DBUS_SYSTEM_BUS_ADDRESS. */
  readonly address: string
  /** SIGKILL, as when the daemon dies: clients see their connection end. */
  stop(): Promise<void>
}

export async function startBus(): Promise<PrivateBus> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-bus-'))
  const address = `unix:path=${join(folder, 'bus')}`
  writeFileSync(join(folder, 'bus.conf'), configuration(address))
  const child = spawn('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${join(folder, 'bus.conf')}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await linesOf(child.stdout).until((line) => line.startsWith('unix:'))
  return { address, stop: () => end(child, folder) }
}

// The limits are left out, so that they are those of a system bus.
function configuration(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow eavesdrop="true"/>
    <allow send_destination="*" eavesdrop="true"/>
  </policy>
</busconfig>
`
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  rmSync(folder, { recursive: true, force: true })
}
