import { afterEach, describe, expect, it } from 'vitest'
import { canRunBluez } from '../../support/bluez/bluez.ts'
import { startBus } from '../../support/bluez/bus.ts'
import { openClient } from '../../support/bluez/client.ts'
import { startFlood } from '../../support/bluez/flood.ts'

const cleanUp: (() => unknown)[] = []

async function start() {
  const bus = await startBus()
  const flood = await startFlood(bus.address)
  const client = await openClient(bus.address)
  cleanUp.push(
    () => client.close(),
    () => flood.stop(),
    () => bus.stop(),
  )
  return { flood, client }
}

afterEach(async () => {
  for (const end of cleanUp.splice(0)) await end()
})

describe.skipIf(!canRunBluez())('the flood of signals for benches', () => {
  it('sends changes that another decoder reads, and loses none', async () => {
    const { flood, client } = await start()
    expect(await flood.send({ kind: 'changed', count: 5_000, addresses: 40 })).toMatchObject({ sent: 5_000 })
    await client.call('/', 'GetManagedObjects')
    const changes = client.signals.filter(({ member }) => member === 'PropertiesChanged')
    expect(changes).toHaveLength(5_000)
    expect(new Set(changes.map(({ path }) => path)).size).toBe(40)
    expect(changes[0]!.body).toMatchObject([
      'org.bluez.Device1',
      { RSSI: { signature: 'n', value: -60 }, ManufacturerData: { signature: 'a{qv}' } },
      [],
    ])
  })

  it('adds devices and takes them away again', async () => {
    const { flood, client } = await start()
    await flood.send({ kind: 'added', count: 100, addresses: 100, perSecond: 1_000 })
    await client.call('/', 'GetManagedObjects')
    const [, interfaces] = client.signals.find(({ member }) => member === 'InterfacesAdded')!.body
    expect(interfaces).toMatchObject({ 'org.bluez.Device1': { RSSI: { value: -70 }, Adapter: { signature: 'o' } } })
    expect(client.signals.filter(({ member }) => member === 'InterfacesRemoved')).toHaveLength(100)
  })

  it('lets a driver find, power and start its adapter', async () => {
    const { client } = await start()
    const [tree] = await client.call('/', 'GetManagedObjects')
    expect(tree).toMatchObject({ '/org/bluez/hci0': { 'org.bluez.Adapter1': { Powered: { value: true } } } })
    expect(await client.call('/org/bluez/hci0', 'StartDiscovery')).toEqual([])
    await expect(client.call('/org/bluez/hci0', 'RegisterMonitor', 'o', '/m')).rejects.toThrow('no such method')
  })
})
