import { execFile, execFileSync, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { Variant } from 'dbus-next'
import { afterEach, describe, expect, it } from 'vitest'
import { type Bluez, type BluezOptions, canRunBluez, startBluez } from '../../support/bluez/bluez.ts'
import { type Client, openClient } from '../../support/bluez/client.ts'
import { linesOf } from '../../support/gpio/lines-of.ts'
import { need } from '../../support/need.ts'

const hci0 = '/org/bluez/hci0'
const beacon = 'C0:11:22:33:44:55'
const beaconPath = `${hci0}/dev_C0_11_22_33_44_55`
// Flags, service UUID 0xfeaa, service data of 0xfeaa.
const eddystone = '0201060303aafe0716aafe00e70102'
const ruuvi = (counter: number) => `02010605ff9904${counter.toString(16).padStart(4, '0')}`
const eddystonePattern = [0, 0x16, Buffer.from([0xaa, 0xfe])] as const
const open: { close(): void }[] = []
const running: Bluez[] = []

async function start(options: BluezOptions = {}): Promise<{ bluez: Bluez; client: Client }> {
  const bluez = await startBluez(options)
  running.push(bluez)
  return { bluez, client: await join(bluez) }
}

async function join(bluez: Bluez): Promise<Client> {
  const client = await openClient(bluez.address)
  open.push(client)
  return client
}

async function discover(client: Client, filter: Record<string, Variant> = {}): Promise<void> {
  await client.call(hci0, 'SetDiscoveryFilter', 'a{sv}', { Transport: new Variant('s', 'le'), ...filter })
  await client.call(hci0, 'StartDiscovery')
}

/** Signals up to now: what was sent before a call's answer has arrived before it. */
async function heard(client: Client, member: string, path = beaconPath) {
  await client.call(hci0, 'GetAll', 's', 'org.bluez.Adapter1')
  return client.signals.filter((signal) =>
    member === 'PropertiesChanged'
      ? signal.member === member && signal.path === path
      : signal.member === member && signal.body[0] === path,
  )
}

async function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: { type?: string }) => error.type ?? String(error),
  )
}

const propertyOf = (properties: unknown, name: string) => (properties as Record<string, Variant>)[name]?.value

afterEach(async () => {
  for (const each of open.splice(0)) each.close()
  for (const each of running.splice(0)) await each.stop()
})

describe.skipIf(!canRunBluez())('the BlueZ-shaped service in discovery', () => {
  it('shows a device that was heard with what its advert says', async () => {
    const { bluez, client } = await start()
    await discover(client)
    await bluez.advert({ address: beacon, rssi: -61, data: `${eddystone}020af405096b61737361` })
    const { body } = await client.signal(({ member, body }) => member === 'InterfacesAdded' && body[0] === beaconPath)
    const device = (body[1] as Record<string, unknown>)['org.bluez.Device1']
    expect(propertyOf(device, 'Address')).toBe(beacon)
    expect(propertyOf(device, 'AddressType')).toBe('random')
    expect(propertyOf(device, 'Alias')).toBe('kass')
    expect(propertyOf(device, 'RSSI')).toBe(-61)
    expect(propertyOf(device, 'TxPower')).toBe(-12)
    expect(propertyOf(device, 'UUIDs')).toEqual(['0000feaa-0000-1000-8000-00805f9b34fb'])
    const data = propertyOf(device, 'ServiceData') as Record<string, Variant>
    expect(data['0000feaa-0000-1000-8000-00805f9b34fb']!.value).toEqual(Buffer.from('00e70102', 'hex'))
  })

  it('hears nothing for a client that does not discover', async () => {
    const { bluez, client } = await start()
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    expect(await heard(client, 'InterfacesAdded')).toEqual([])
    expect((await bluez.state()).adapters.hci0!.adverts.unwanted).toBe(1)
  })

  it('tells only what changed, and of unchanged data only when duplicates were asked for', async () => {
    const { bluez, client } = await start()
    await discover(client)
    for (const counter of [1, 1, 2]) await bluez.advert({ address: beacon, rssi: -61, data: ruuvi(counter) })
    const changes = (await heard(client, 'PropertiesChanged')).map(({ body }) => Object.keys(body[1] as object))
    expect(changes).toEqual([['RSSI'], ['RSSI', 'ManufacturerData']])
    await client.call(hci0, 'SetDiscoveryFilter', 'a{sv}', { DuplicateData: new Variant('b', true) })
    await bluez.advert({ address: beacon, rssi: -61, data: ruuvi(2) })
    const last = (await heard(client, 'PropertiesChanged')).at(-1)!
    const data = propertyOf(last.body[1], 'ManufacturerData') as Record<string, Variant>
    expect(data['1177']!.value).toEqual(Buffer.from('0002', 'hex'))
  })

  it('does not tell of small changes of strength without a filter', async () => {
    const { bluez, client } = await start()
    await client.call(hci0, 'StartDiscovery')
    for (const rssi of [-60, -67, -68]) await bluez.advert({ address: beacon, rssi, data: eddystone })
    const changes = await heard(client, 'PropertiesChanged')
    expect(changes.map(({ body }) => propertyOf(body[1], 'RSSI'))).toEqual([-68])
  })

  it('drops repeats in the controller until discovery is started again, and never with a monitor', async () => {
    const { bluez, client } = await start({ duplicateFilter: true, experimental: true })
    await discover(client)
    for (const counter of [1, 2, 3]) await bluez.advert({ address: beacon, rssi: -61, data: ruuvi(counter) })
    expect(await heard(client, 'PropertiesChanged')).toEqual([])
    await client.call(hci0, 'StopDiscovery')
    await discover(client)
    await bluez.advert({ address: beacon, rssi: -61, data: ruuvi(4) })
    expect((await heard(client, 'PropertiesChanged')).length).toBeGreaterThan(0)
    await client.watch('/m', [[[0, 0xff, Buffer.from([0x99, 0x04])]]])
    await client.untilTold('Activate /m/0')
    const before = (await heard(client, 'PropertiesChanged')).length
    for (const counter of [5, 6]) await bluez.advert({ address: beacon, rssi: -61, data: ruuvi(counter) })
    expect(await heard(client, 'PropertiesChanged')).toHaveLength(before + 2)
  })

  it('takes devices away that are heard no more', async () => {
    const { bluez, client } = await start({ temporaryTimeout: 0.3 })
    await discover(client)
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    await client.signal(({ member, body }) => member === 'InterfacesRemoved' && body[0] === beaconPath)
    expect((await bluez.state()).adapters.hci0!.devices).toBe(0)
  })

  it('ends the session of a client that leaves the bus', async () => {
    const { bluez, client } = await start()
    const other = await openClient(bluez.address)
    await discover(other)
    expect((await bluez.state()).adapters.hci0!.discovering).toEqual([other.name])
    other.close()
    await client.signal(({ body }) => propertyOf(body[1], 'Discovering') === false)
    expect((await bluez.state()).adapters.hci0!.discovering).toEqual([])
  })

  it('answers with the errors of BlueZ', async () => {
    const { bluez, client } = await start()
    expect(await errorOf(client.call(hci0, 'StopDiscovery'))).toBe('org.bluez.Error.Failed')
    const odd = { Transport: new Variant('s', 'le'), Odd: new Variant('b', true) }
    const odder = client.call(hci0, 'SetDiscoveryFilter', 'a{sv}', odd)
    expect(await errorOf(odder)).toBe('org.bluez.Error.InvalidArguments')
    await discover(client)
    expect(await errorOf(client.call(hci0, 'StartDiscovery'))).toBe('org.bluez.Error.InProgress')
    expect(await errorOf(client.call(hci0, 'RemoveDevice', 'o', beaconPath))).toBe('org.bluez.Error.DoesNotExist')
    await bluez.power(false, { rfkill: true })
    expect(await errorOf(client.call(hci0, 'StartDiscovery'))).toBe('org.bluez.Error.NotReady')
    const powered = ['org.bluez.Adapter1', 'Powered', new Variant('b', true)]
    expect(await errorOf(client.call(hci0, 'Set', 'ssv', ...powered))).toBe('org.bluez.Error.Blocked')
    await bluez.unplug()
    const gone = await errorOf(client.call(hci0, 'StartDiscovery'))
    expect(gone).toBe('org.freedesktop.DBus.Error.UnknownObject')
  })

  it('refuses and hangs on command', async () => {
    const { bluez, client } = await start()
    await bluez.fail('StartDiscovery', 'org.bluez.Error.InProgress', 2)
    for (const error of ['org.bluez.Error.InProgress', 'org.bluez.Error.InProgress', 'none']) {
      expect(await errorOf(client.call(hci0, 'StartDiscovery'))).toBe(error)
    }
    await bluez.hang('StopDiscovery', 1)
    let isAnswered = false
    void client.call(hci0, 'StopDiscovery').then(
      () => (isAnswered = true),
      () => {},
    )
    expect(await errorOf(client.call(hci0, 'StopDiscovery'))).toBe('none')
    expect(isAnswered).toBe(false)
    expect((await bluez.log()).calls).toMatchObject({
      StartDiscovery: { [client.name]: 3 },
      StopDiscovery: { [client.name]: 2 },
    })
  })

  it.each(['StartDiscovery', 'Powered', 'reset'] as const)('is deaf until %s', async (cure) => {
    const { bluez, client } = await start()
    await discover(client)
    await bluez.mute()
    await bluez.unmuteOn(cure)
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    expect((await bluez.state()).adapters.hci0).toMatchObject({ deaf: true, devices: 0, discovering: [client.name] })
    await client.call(hci0, 'StopDiscovery')
    for (const on of cure === 'StartDiscovery' ? [] : [false, true]) {
      await client.call(hci0, 'Set', 'ssv', 'org.bluez.Adapter1', 'Powered', new Variant('b', on))
    }
    await client.call(hci0, 'StartDiscovery')
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    expect((await bluez.state()).adapters.hci0).toMatchObject({ deaf: false, devices: 1 })
  })

  it('keeps the tree bounded while 20,000 addresses rotate', async () => {
    const { bluez, client } = await start({ temporaryTimeout: 1 })
    await discover(client)
    const rotated = await bluez.rotate({ count: 20_000 })
    expect(rotated).toMatchObject({ adverts: 20_000 })
    await expect.poll(async () => (await bluez.state()).objects, { timeout: 60_000 }).toBe(2)
    await client.call(hci0, 'GetAll', 's', 'org.bluez.Adapter1')
    for (const member of ['InterfacesAdded', 'InterfacesRemoved']) {
      expect(client.signals.filter((signal) => signal.member === member)).toHaveLength(20_000)
    }
  })
})

describe.skipIf(!canRunBluez())('the BlueZ-shaped service with monitors', () => {
  it('has none unless started as experimental', async () => {
    const { client } = await start()
    const unknown = 'org.freedesktop.DBus.Error.UnknownMethod'
    expect(await errorOf(client.watch('/m', [[eddystonePattern]]))).toBe(unknown)
  })

  it('hears only adverts that match, without discovery', async () => {
    const { bluez, client } = await start({ experimental: true })
    await client.watch('/m', [[eddystonePattern]])
    await client.untilTold('Activate /m/0')
    await bluez.adverts([
      { address: 'C0:11:22:33:44:66', rssi: -61, data: ruuvi(1) },
      { address: beacon, rssi: -61, data: eddystone },
    ])
    expect(await heard(client, 'InterfacesAdded')).toHaveLength(1)
    expect((await bluez.state()).adapters.hci0).toMatchObject({
      devices: 1,
      monitors: [{ owner: client.name, path: '/m/0', patterns: [[0, 0x16, 'aafe']] }],
    })
  })

  it.each([
    ['a pattern past the 31st byte', [[30, 0xff, Buffer.from([1, 2])] as const], {}],
    ['an empty pattern', [[0, 0xff, Buffer.alloc(0)] as const], {}],
    ['no pattern', [], {}],
    ['17 patterns', Array.from({ length: 17 }, (_, at) => [0, 0xff, Buffer.from([at])] as const), {}],
    ['an unknown type', [eddystonePattern], { Type: new Variant('s', 'and_patterns') }],
  ])('releases a monitor with %s', async (_name, patterns, fields) => {
    const { bluez, client } = await start({ experimental: true })
    await client.watch('/m', [patterns], fields)
    await client.untilTold('Release /m/0')
    expect((await bluez.state()).adapters.hci0!.monitors).toEqual([])
  })

  it('drops the monitors of a client that leaves, and releases those of an adapter that goes', async () => {
    const { bluez, client } = await start({ experimental: true })
    const other = await openClient(bluez.address)
    await other.watch('/m', [[eddystonePattern]])
    await client.watch('/m', [[eddystonePattern]])
    expect(await errorOf(client.watch('/m', []))).toBe('org.bluez.Error.AlreadyExists')
    expect((await bluez.state()).adapters.hci0!.monitors).toHaveLength(2)
    other.close()
    await expect.poll(async () => (await bluez.state()).adapters.hci0!.monitors).toMatchObject([{ owner: client.name }])
    await bluez.unplug()
    await client.untilTold('Release /m/0')
  })

  it('activates monitors that match nothing, on command', async () => {
    const { bluez, client } = await start({ experimental: true })
    await bluez.brokenPatterns()
    await client.watch('/m', [[eddystonePattern]])
    await client.untilTold('Activate /m/0')
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    expect((await bluez.state()).adapters.hci0!.devices).toBe(0)
  })

  it('remembers what a client advertises', async () => {
    const { bluez, client } = await start()
    await client.call(hci0, 'RegisterAdvertisement', 'oa{sv}', '/advertisement', {})
    const [shown] = (await bluez.state()).adapters.hci0!.advertisements
    expect(shown!.properties).toEqual({ Type: 'broadcast', ServiceData: { feaa: '1000036578616d706c6507' } })
    const missing = client.call(hci0, 'RegisterAdvertisement', 'oa{sv}', '/nothing', {})
    expect(await errorOf(missing)).toBe('org.bluez.Error.Failed')
    await client.call(hci0, 'UnregisterAdvertisement', 'o', '/advertisement')
    expect((await bluez.state()).adapters.hci0!.advertisements).toEqual([])
  })
})

describe.skipIf(!canRunBluez())('the BlueZ-shaped service over its life', () => {
  it('comes back 20 times on the same bus, forgetting everything', async () => {
    const { bluez, client } = await start()
    for (let round = 0; round < 20; round += 1) {
      await discover(client)
      await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
      expect((await bluez.state()).adapters.hci0!.devices).toBe(1)
      await bluez.restart()
      expect((await bluez.state()).adapters.hci0).toMatchObject({ devices: 0, discovering: [] })
    }
    expect(client.signals.filter(({ body }) => body[0] === hci0)).toHaveLength(20)
  })

  it('starts on a bus that has clients already, and shows its adapters after its name', async () => {
    const { bluez, client } = await start()
    await bluez.quit()
    await bluez.restart({ adapters: ['hci0', 'hci1'], adaptersAfterMs: 200 })
    await client.signal(({ member, body }) => member === 'InterfacesAdded' && body[0] === '/org/bluez/hci1')
    await bluez.unplug('hci1')
    await client.signal(({ member, body }) => member === 'InterfacesRemoved' && body[0] === '/org/bluez/hci1')
    await bluez.plug('hci1')
    expect(Object.keys((await bluez.state()).adapters)).toEqual(['hci0', 'hci1'])
  })

  it('ends with its bus', async () => {
    const { bluez } = await start()
    await bluez.killBus()
    await expect(bluez.state()).rejects.toThrow('has ended')
  })

  it('serves node-ble', async () => {
    const { bluez } = await start({ poweredOff: true })
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
    open.push({ close: () => child.kill('SIGKILL') })
    const lines = linesOf(child.stdout)
    expect(await lines.until((line) => line.startsWith('discovers'), 60_000)).toContain('true 00:1A:7D:DA:71:00')
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    const found = await lines.until((line) => line.startsWith('found'), 60_000)
    expect(found).toBe('found -61 0000feaa-0000-1000-8000-00805f9b34fb')
  })

  it.skipIf(!need('busctl'))('can be read by systemd', async () => {
    const { bluez } = await start({ experimental: true })
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bluez.address }
    const run = (...args: string[]) => promisify(execFile)('busctl', args, { env })
    expect((await run('tree', '--list', 'org.bluez')).stdout).toContain(hci0)
    const { stdout } = await run('introspect', 'org.bluez', hci0)
    expect(stdout).toContain('org.bluez.AdvertisementMonitorManager1')
    expect(stdout).toMatch(/\.SupportedMonitorTypes\s+property\s+as\s+1 "or_patterns"/)
  })

  it('has the names and signatures of the bluez5 template of python-dbusmock, where that is installed', async () => {
    const { client } = await start()
    const template = '/usr/lib/python3/dist-packages/dbusmock/templates/bluez5.py'
    const text = execFileSync('sh', ['-c', `cat ${template} 2>/dev/null || true`], { encoding: 'utf8' })
    const adapterMethods = [...text.matchAll(/\('(\w+Discovery\w*|RemoveDevice)', '(.*?)', '(.*?)', \w+\)/g)]
    const node = await client.call(hci0, 'GetAll', 's', 'org.bluez.Adapter1')
    const known = Object.keys(node[0] as object)
    for (const [, member, takes] of adapterMethods) {
      const wrong = await errorOf(
        client.call(hci0, member!, `${takes}s`, ...(takes ? [takes === 'o' ? '/' : {}] : []), ''),
      )
      expect(wrong).toBe('org.freedesktop.DBus.Error.UnknownMethod')
    }
    const named = text.match(/adapter_properties = \{[\s\S]*?\n {4}\}/)?.[0].matchAll(/^ {8}'(\w+)':/gm) ?? []
    for (const [, name] of named) expect(known).toContain(name)
  })
})
