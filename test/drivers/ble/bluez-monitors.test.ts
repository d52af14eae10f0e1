import { Variant } from 'dbus-next'
import { afterEach, describe, expect, it } from 'vitest'
import { canRunBluez } from '../../support/bluez/bluez.ts'
import { openClient } from '../../support/bluez/client.ts'
import {
  beacon,
  counting,
  eddystone,
  eddystonePattern,
  endRigs,
  errorOf,
  hci0,
  heard,
  startRig,
} from '../../support/bluez/rig.ts'

afterEach(endRigs)

describe.skipIf(!canRunBluez())('the BlueZ-shaped service with monitors', () => {
  it('has none unless started as experimental', async () => {
    const { client } = await startRig()
    const unknown = 'org.freedesktop.DBus.Error.UnknownMethod'
    expect(await errorOf(client.watch('/m', [[eddystonePattern]]))).toBe(unknown)
  })

  it('hears only adverts that match, without discovery', async () => {
    const { bluez, client } = await startRig({ experimental: true })
    await client.watch('/m', [[eddystonePattern]])
    await client.untilTold('Activate /m/0')
    await bluez.adverts([
      { address: 'C0:11:22:33:44:66', rssi: -61, data: counting(1) },
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
    ['an unknown type', [eddystonePattern], { Type: new Variant('s', 'and_patterns') }],
  ])('releases a monitor with %s', async (_name, patterns, fields) => {
    const { bluez, client } = await startRig({ experimental: true })
    await client.watch('/m', [patterns], fields)
    await client.untilTold('Release /m/0')
    expect((await bluez.state()).adapters.hci0!.monitors).toEqual([])
  })

  it('dies of a monitor with eight patterns, as bluetoothd does', async () => {
    const { bluez, client } = await startRig({ experimental: true })
    const patterns = (count: number) => Array.from({ length: count }, (_, at) => [0, 1, Buffer.from([at])] as const)
    await client.watch('/seven', [patterns(7)])
    await client.untilTold('Activate /seven/0')
    const ended = bluez.ended()
    await client.watch('/eight', [patterns(8)]).catch(() => {})
    await ended
  })

  it('drops the monitors of a client that leaves, and releases those of an adapter that goes', async () => {
    const { bluez, client } = await startRig({ experimental: true })
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

  it('is silent about a beacon that says the same at about the same strength, however often it is heard', async () => {
    const { bluez, client } = await startRig({ experimental: true })
    await client.watch('/m', [[eddystonePattern]])
    await client.untilTold('Activate /m/0')
    for (const rssi of [-60, -61, -67, -60]) await bluez.advert({ address: beacon, rssi, data: eddystone })
    expect((await bluez.state()).adapters.hci0!.adverts.heard).toBe(4)
    expect(await heard(client, 'PropertiesChanged')).toEqual([])
  })

  it('activates monitors that match nothing, on command', async () => {
    const { bluez, client } = await startRig({ experimental: true })
    await bluez.brokenPatterns()
    await client.watch('/m', [[eddystonePattern]])
    await client.untilTold('Activate /m/0')
    await bluez.advert({ address: beacon, rssi: -61, data: eddystone })
    expect((await bluez.state()).adapters.hci0!.devices).toBe(0)
  })

  it('remembers what a client advertises', async () => {
    const { bluez, client } = await startRig()
    await client.call(hci0, 'RegisterAdvertisement', 'oa{sv}', '/advertisement', {})
    const [shown] = (await bluez.state()).adapters.hci0!.advertisements
    expect(shown!.properties).toEqual({ Type: 'broadcast', ServiceData: { feaa: '1000036578616d706c6507' } })
    const missing = client.call(hci0, 'RegisterAdvertisement', 'oa{sv}', '/nothing', {})
    expect(await errorOf(missing)).toBe('org.bluez.Error.Failed')
    await client.call(hci0, 'UnregisterAdvertisement', 'o', '/advertisement')
    expect((await bluez.state()).adapters.hci0!.advertisements).toEqual([])
  })
})
