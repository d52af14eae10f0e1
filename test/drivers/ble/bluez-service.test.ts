import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { canRunBluez } from '../../support/bluez/bluez.ts'
import { beacon, discover, eddystone, endRigs, hci0, startRig } from '../../support/bluez/rig.ts'
import { linesOf } from '../../support/gpio/lines-of.ts'
import { missing, need } from '../../support/need.ts'

const template = '/usr/lib/python3/dist-packages/dbusmock/templates/bluez5.py'
const hasTemplate = () => existsSync(template) || missing('python3-dbusmock')

afterEach(endRigs)

describe.skipIf(!canRunBluez())('the BlueZ-shaped service over its life', () => {
  it('comes back 20 times on the same bus, forgetting everything', async () => {
    const { bluez, client } = await startRig()
    for (let round = 0; round < 20; round += 1) {
      await discover(client)
      await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
      expect((await bluez.state()).adapters.hci0!.devices).toBe(1)
      await bluez.restart()
      expect((await bluez.state()).adapters.hci0).toMatchObject({ devices: 0, discovering: [] })
    }
    // The last signal is on its way over the bus, while the state came by another.
    await expect.poll(() => client.signals.filter(({ body }) => body[0] === hci0)).toHaveLength(20)
  })

  it('starts on a bus that has clients already, and shows its adapters after its name', async () => {
    const { bluez, client } = await startRig()
    await bluez.quit()
    await bluez.restart({ adapters: ['hci0', 'hci1'], adaptersAfterMs: 200 })
    await client.signal(({ member, body }) => member === 'InterfacesAdded' && body[0] === '/org/bluez/hci1')
    await bluez.unplug('hci1')
    await client.signal(({ member, body }) => member === 'InterfacesRemoved' && body[0] === '/org/bluez/hci1')
    await bluez.plug('hci1')
    expect(Object.keys((await bluez.state()).adapters)).toEqual(['hci0', 'hci1'])
  })

  it('ends with its bus', async () => {
    const { bluez } = await startRig()
    await bluez.killBus()
    await expect(bluez.state()).rejects.toThrow('has ended')
  })

  it('serves node-ble', async () => {
    const { bluez } = await startRig({ poweredOff: true })
    const program = `
      const { bluetooth, destroy } = require('node-ble').createBluetooth()
      ;(async () => {
        const adapter = await bluetooth.defaultAdapter()
        await adapter.helper.set('Powered', new (require('dbus-next').Variant)('b', true))
        await adapter.startDiscovery()
        console.log('discovers', await adapter.isPowered(), await adapter.getAddress())
        const device = await adapter.waitDevice('${beacon}', 60000, 50)
        const data = await device.getServiceData()
        console.log('found', await device.getRSSI(), Object.keys(data)[0])
        destroy()
      })()`
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bluez.address }
    const child = spawn(process.execPath, ['-e', program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = linesOf(child.stdout)
    expect(await lines.until((line) => line.startsWith('discovers'), 60_000)).toContain('true 00:1A:7D:DA:71:00')
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    const found = await lines.until((line) => line.startsWith('found'), 60_000)
    expect(found).toBe('found -61 0000feaa-0000-1000-8000-00805f9b34fb')
  })

  it.skipIf(!need('busctl'))('can be read by systemd', async () => {
    const { bluez } = await startRig({ experimental: true })
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bluez.address }
    const run = (...args: string[]) => promisify(execFile)('busctl', args, { env })
    expect((await run('tree', '--list', 'org.bluez')).stdout).toContain(hci0)
    const { stdout } = await run('introspect', 'org.bluez', hci0)
    expect(stdout).toContain('org.bluez.AdvertisementMonitorManager1')
    expect(stdout).toMatch(/\.SupportedMonitorTypes\s+property\s+as\s+1 "or_patterns"/)
  })

  it.skipIf(!hasTemplate())('agrees with the bluez5 template of python-dbusmock on names and signatures', async () => {
    const { client } = await startRig()
    const text = readFileSync(template, 'utf8')
    const xml = String(await client.introspect(hci0))
    const methods = [...text.matchAll(/\('(\w+Discovery\w*|RemoveDevice)', '(.*?)', '(.*?)', \w+\)/g)]
    expect(methods).toHaveLength(4)
    for (const [, member, takes, gives] of methods) {
      const found = xml.match(new RegExp(`<method name="${member}">(.*?)</method>`))?.[1]
      const args = [...found!.matchAll(/type="(.*?)" direction="(.*?)"/g)].map(([, type, way]) => `${way} ${type}`)
      expect(args).toEqual([...(takes ? [`in ${takes}`] : []), ...(gives ? [`out ${gives}`] : [])])
    }
    const listed = text.match(/adapter_properties = \{[\s\S]*?\n {4}\}/)![0]
    const names = [...listed.matchAll(/^ {8}'(\w+)': dbus.(\w+)/gm)]
    expect(names.length).toBeGreaterThan(10)
    for (const [, name, type] of names) {
      const signature = { Array: 'as', Boolean: 'b', String: 's', UInt32: 'u' }[type!]
      expect(xml).toContain(`<property name="${name}" type="${signature}"`)
    }
  })
})
