import { Variant } from 'dbus-next'
import { afterEach, describe, expect, it } from 'vitest'
import { canRunBluez } from '../../support/bluez/bluez.ts'
import { openClient } from '../../support/bluez/client.ts'
import {
  beacon,
  beaconPath,
  counting,
  discover,
  eddystone,
  endRigs,
  errorOf,
  hci0,
  heard,
  propertyOf,
  startRig,
} from '../../support/bluez/rig.ts'

afterEach(endRigs)

describe.skipIf(!canRunBluez())('the BlueZ-shaped service in discovery', () => {
  it('shows a device that was heard with what its advert says', async () => {
    const { bluez, client } = await startRig()
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
    const { bluez, client } = await startRig()
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    expect(await heard(client, 'InterfacesAdded')).toEqual([])
    expect((await bluez.state()).adapters.hci0!.adverts.unwanted).toBe(1)
  })

  it('tells only what changed, and of unchanged data only when duplicates were asked for', async () => {
    const { bluez, client } = await startRig()
    await discover(client)
    for (const counter of [1, 1, 2]) await bluez.advert({ address: beacon, rssi: -61, data: counting(counter) })
    const changes = (await heard(client, 'PropertiesChanged')).map(({ body }) => Object.keys(body[1] as object))
    expect(changes).toEqual([['RSSI'], ['RSSI', 'ManufacturerData']])
    await client.call(hci0, 'SetDiscoveryFilter', 'a{sv}', { DuplicateData: new Variant('b', true) })
    await bluez.advert({ address: beacon, rssi: -61, data: counting(2) })
    const last = (await heard(client, 'PropertiesChanged')).at(-1)!
    const data = propertyOf(last.body[1], 'ManufacturerData') as Record<string, Variant>
    expect(data['1177']!.value).toEqual(Buffer.from('0002', 'hex'))
  })

  it('does not tell of small changes of strength without a filter', async () => {
    const { bluez, client } = await startRig()
    await client.call(hci0, 'StartDiscovery')
    for (const rssi of [-60, -67, -68]) await bluez.advert({ address: beacon, rssi, data: eddystone })
    const changes = await heard(client, 'PropertiesChanged')
    expect(changes.map(({ body }) => propertyOf(body[1], 'RSSI'))).toEqual([-68])
  })

  it('drops repeats in the controller until discovery is started again, and never with a monitor', async () => {
    const { bluez, client } = await startRig({ duplicateFilter: true, experimental: true })
    await discover(client)
    for (const counter of [1, 2, 3]) await bluez.advert({ address: beacon, rssi: -61, data: counting(counter) })
    expect(await heard(client, 'PropertiesChanged')).toEqual([])
    await client.call(hci0, 'StopDiscovery')
    await discover(client)
    await bluez.advert({ address: beacon, rssi: -61, data: counting(4) })
    expect((await heard(client, 'PropertiesChanged')).length).toBeGreaterThan(0)
    await client.watch('/m', [[[0, 0xff, Buffer.from([0x99, 0x04])]]])
    await client.untilTold('Activate /m/0')
    const before = (await heard(client, 'PropertiesChanged')).length
    for (const counter of [5, 6]) await bluez.advert({ address: beacon, rssi: -61, data: counting(counter) })
    expect(await heard(client, 'PropertiesChanged')).toHaveLength(before + 2)
  })

  it('takes devices away that are heard no more', async () => {
    const { bluez, client } = await startRig({ temporaryTimeout: 0.3 })
    await discover(client)
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    await client.signal(({ member, body }) => member === 'InterfacesRemoved' && body[0] === beaconPath)
    expect((await bluez.state()).adapters.hci0!.devices).toBe(0)
  })

  it('ends the session of a client that leaves the bus', async () => {
    const { bluez, client } = await startRig()
    const other = await openClient(bluez.address)
    await discover(other)
    expect((await bluez.state()).adapters.hci0!.discovering).toEqual([other.name])
    other.close()
    await client.signal(({ body }) => propertyOf(body[1], 'Discovering') === false)
    expect((await bluez.state()).adapters.hci0!.discovering).toEqual([])
  })

  it('answers with the errors of BlueZ', async () => {
    const { bluez, client } = await startRig()
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
    expect(await errorOf(client.call(hci0, 'Set', 'ssv', ...powered))).toBe('org.bluez.Error.Failed')
    await bluez.unplug()
    const gone = await errorOf(client.call(hci0, 'StartDiscovery'))
    expect(gone).toBe('org.freedesktop.DBus.Error.UnknownObject')
  })

  it('refuses and hangs on command', async () => {
    const { bluez, client } = await startRig()
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
    const { bluez, client } = await startRig()
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
    const { bluez, client } = await startRig({ temporaryTimeout: 1 })
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
