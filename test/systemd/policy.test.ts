import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bluez, canRunBluez, startBluez } from '../support/bluez/bluez.ts'
import { linesOf } from '../support/gpio/lines-of.ts'
import { missing, need } from '../support/need.ts'

/** Our policy as the system bus would read it, with a user that every machine has. */
const ours = readFileSync('systemd/dbus-1/drempel.conf', 'utf8')
  .replace('user="drempel"', 'user="nobody"')
  .replace(/^[\s\S]*<busconfig>|<\/busconfig>/g, '')

// As system.conf, and as the policy that Debian ships with BlueZ: everybody may ask BlueZ for anything.
const systemBus = (socket: string) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><deny own="*"/><deny send_type="method_call"/>
    <allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
    <allow receive_type="signal"/><allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="org.bluez"/>
  </policy>
  <policy user="root"><allow own="org.bluez"/><allow send_destination="org.bluez"/>
    <allow send_interface="org.bluez.AdvertisementMonitor1"/><allow send_interface="org.freedesktop.DBus.ObjectManager"/>
    <allow send_interface="org.freedesktop.DBus.Properties"/></policy>
  ${ours}
</busconfig>`

const isRoot = process.getuid?.() === 0 || missing('root, to become another user,')

describe.skipIf(!canRunBluez() || !need('setpriv') || !need('busctl') || !isRoot)('the policy for the bus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-policy-'))
  const address = `unix:path=${join(folder, 'bus')}`
  let daemon: ChildProcess
  let bluez: Bluez

  beforeAll(async () => {
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, 'bus.conf'), systemBus(join(folder, 'bus')))
    const args = ['--nofork', '--print-address=1', `--config-file=${join(folder, 'bus.conf')}`]
    daemon = spawn('dbus-daemon', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    await linesOf(daemon.stdout!).until((line) => line.startsWith('unix:'))
    bluez = await startBluez({ experimental: true }, address)
    await bluez.advert({ address: '4A:00:00:00:00:01', data: '020106' })
  })

  afterAll(async () => {
    await bluez?.stop()
    const exited = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true })
  })

  /** What BlueZ or the bus says to the user of the service. */
  function call(path: string, iface: string, member: string, ...args: string[]): string {
    const user = ['--reuid=nobody', '--regid=nogroup', '--clear-groups']
    const ask = ['busctl', `--address=${address}`, 'call', 'org.bluez', path, iface, member, ...args]
    const run = spawnSync('setpriv', [...user, ...ask], { encoding: 'utf8', timeout: 10_000 })
    return run.status === 0 ? 'done' : run.stderr.trim()
  }

  const adapter = '/org/bluez/hci0'
  const properties = 'org.freedesktop.DBus.Properties'

  it('lets the service scan', () => {
    expect(call(adapter, 'org.bluez.Adapter1', 'SetDiscoveryFilter', 'a{sv}', '1', 'Transport', 's', 'le')).toBe('done')
    expect(call(adapter, properties, 'Get', 'ss', 'org.bluez.Adapter1', 'Powered')).toBe('done')
    expect(call(adapter, properties, 'GetAll', 's', 'org.bluez.AdvertisementMonitorManager1')).toBe('done')
    expect(call('/org/bluez', 'org.freedesktop.DBus.Introspectable', 'Introspect')).toBe('done')
  })

  it.each([
    ['connect to a device', `${adapter}/dev_4A_00_00_00_00_01`, 'org.bluez.Device1', 'Connect'],
    ['pair with one', `${adapter}/dev_4A_00_00_00_00_01`, 'org.bluez.Device1', 'Pair'],
    ['answer for a pairing', '/org/bluez', 'org.bluez.AgentManager1', 'RegisterAgent'],
    ['list all devices', '/', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects'],
    ['offer services', adapter, 'org.bluez.GattManager1', 'RegisterApplication'],
  ])('does not let it %s, whatever everybody else may', (_, path, iface, member) => {
    expect(call(path, iface, member)).toMatch(/Access denied|rejected|not allowed/i)
  })
})
