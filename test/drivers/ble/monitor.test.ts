import { Message, sessionBus } from 'dbus-next'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Pattern } from '../../../src/drivers/ble/bus/monitor-answers.ts'
import { type Bus, startBus } from '../../support/bluez/bus.ts'
import { address } from '../../support/bluez/messages.ts'
import { needPythonDbus, type Service, startService, until } from '../../support/bluez/service.ts'
import { need } from '../../support/need.ts'
import { listening, pathOf } from './listening.ts'

const isThere = need('dbus-daemon') && needPythonDbus()
const apple: Pattern = { start: 0, type: 0xff, content: Uint8Array.of(0x4c, 0, 0x10) }
const eddystone: Pattern = { start: 0, type: 0x16, content: Uint8Array.of(0xaa, 0xfe) }
const many = Array.from({ length: 33 }, (_, i): Pattern => ({ start: i, type: 0xff, content: Uint8Array.of(i, 1, 2) }))
const monitor = 'org.bluez.AdvertisementMonitor1'
const properties = 'org.freedesktop.DBus.Properties'

describe.skipIf(!isThere)('the advertisement monitor', () => {
  let bus: Bus
  let bluez: Service
  let ours: Awaited<ReturnType<typeof listening>> & { name: string }

  beforeAll(async () => {
    bus = await startBus()
  })
  afterAll(() => bus?.stop())
  afterEach(async () => {
    ours.reader.close()
    await bluez.stop()
  })

  async function register(patterns: readonly Pattern[]) {
    bluez = await startService(bus.address)
    const heard = await listening(bus.path)
    const outcome = await heard.reader.registerMonitor(patterns)
    const [call] = await bluez.called('RegisterMonitor')
    ours = { ...heard, name: call!.sender }
    return { outcome, call }
  }

  const ask = (path: string, name: string, member: string, ...texts: string[]) =>
    bluez.call(ours.name, { path, interface: name, member, signature: 's'.repeat(texts.length), body: texts })
  const tell = (member: string, path?: string) =>
    bluez.call(ours.name, {
      path: '/drempel/monitor0',
      interface: monitor,
      member,
      ...(path ? { signature: 'o', body: [path] } : {}),
    })

  it('is registered and unregistered with the adapter, and shows BlueZ its patterns', async () => {
    const { outcome, call } = await register([apple, eddystone])
    expect(outcome).toEqual({ isOk: true, value: true })
    const manager = { path: '/org/bluez/hci0', interface: 'org.bluez.AdvertisementMonitorManager1', body: ['/drempel'] }
    expect(call).toMatchObject(manager)
    const shown = {
      Type: 'or_patterns',
      Patterns: [
        [0, 0xff, [0x4c, 0, 0x10]],
        [0, 0x16, [0xaa, 0xfe]],
      ],
      RSSISamplingPeriod: 0,
    }
    const managed = await ask('/drempel', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')
    expect(managed).toEqual({ signature: 'a{oa{sa{sv}}}', body: [{ '/drempel/monitor0': { [monitor]: shown } }] })
    const all = await ask('/drempel/monitor0', properties, 'GetAll', monitor)
    expect(all).toEqual({ signature: 'a{sv}', body: [shown] })
    const one = await ask('/drempel/monitor0', properties, 'Get', monitor, 'Patterns')
    expect(one).toEqual({ signature: 'v', body: [shown.Patterns] })
    await ours.reader.unregisterMonitor()
    expect(await bluez.called('UnregisterMonitor')).toMatchObject([manager])
  })

  it('is split where there are more patterns than BlueZ survives', async () => {
    await register(many)
    const { body } = await ask('/drempel', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')
    const [objects] = body as [Record<string, Record<string, { Patterns: unknown[][] }>>]
    const shown = Object.values(objects).map((one) => one[monitor]!.Patterns)
    expect(shown.map(({ length }) => length)).toEqual([7, 7, 7, 7, 5])
    expect(shown.flat().map(([start]) => start)).toEqual(many.map(({ start }) => start))
    expect(await ours.reader.registerMonitor(Array(141).fill(apple))).toMatchObject({ isOk: false })
    expect(await ours.reader.registerMonitor([{ ...apple, content: new Uint8Array(32) }])).toMatchObject({
      isOk: false,
    })
  })

  it('tells that it was activated and released, and lets pass what names a device', async () => {
    await register([apple])
    for (const member of ['Activate', 'Release']) expect(await tell(member)).toEqual({ signature: '', body: [] })
    for (const member of ['DeviceFound', 'DeviceLost']) {
      expect(await tell(member, pathOf(address))).toEqual({ signature: '', body: [] })
    }
    expect(ours.events).toEqual(['BlueZ came', 'activated', 'released'])
  })

  it('is not believed to be activated when it is not BlueZ that says so', async () => {
    await register([apple])
    const liar = await startService(bus.address, [])
    const call = { path: '/drempel/monitor0', interface: monitor, member: 'Activate' }
    expect(await liar.call(ours.name, call)).toEqual({ error: 'org.freedesktop.DBus.Error.UnknownMethod' })
    expect(ours.events).toEqual(['BlueZ came'])
    await liar.stop()
  })

  it.each([
    ['/drempel', monitor, 'Activate'],
    ['/drempel/monitor1', monitor, 'Activate'],
    ['/drempel/monitor0', monitor, 'Explode'],
    ['/drempel/monitor0', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects'],
    ['/drempel/monitor0', properties, 'GetAll'],
    ['/drempel/monitor0', properties, 'Set', monitor, 'Type'],
    ['/drempel/monitor0', properties, 'Get', monitor, 'RSSILowThreshold'],
    ['/drempel/monitor0', properties, 'GetAll', 'org.bluez.Device1'],
    [pathOf(address), 'org.bluez.Device1', 'Connect'],
  ])('answers to %s %s.%s that it does not know it', async (path, name, member, ...texts) => {
    await register([apple])
    expect(await ask(path, name, member, ...texts)).toEqual({ error: 'org.freedesktop.DBus.Error.UnknownMethod' })
  })

  it('answers nothing when nobody waits for it', async () => {
    await register([apple])
    const call = { path: '/drempel/monitor0', interface: monitor, member: 'Activate' }
    bluez.callWithoutReply(ours.name, call)
    await until(() => ours.events.includes('activated'))
    expect(await ask('/drempel', 'org.freedesktop.DBus.Peer', 'Ping')).toEqual({ signature: '', body: [] })
    expect(ours.reader.stats().malformed).toBe(0)
  })

  it('is understood by dbus-next, by its introspection', async () => {
    await register(many)
    const client = sessionBus({ busAddress: bus.address })
    const app = await client.getProxyObject(ours.name, '/drempel')
    expect(app.nodes).toEqual([0, 1, 2, 3, 4].map((at) => `/drempel/monitor${at}`))
    const object = await client.getProxyObject(ours.name, '/drempel/monitor4')
    expect(Object.keys(object.interfaces)).toContain(monitor)
    const call = new Message({
      destination: ours.name,
      path: '/drempel/monitor4',
      interface: properties,
      member: 'Get',
      signature: 'ss',
      body: [monitor, 'Patterns'],
    })
    const reply = await client.call(call)
    expect(reply?.body).toMatchObject([
      { value: many.slice(28).map(({ start }) => [start, 0xff, Buffer.from([start, 1, 2])]) },
    ])
    client.disconnect()
  })
})

describe.skipIf(!isThere)('whether the adapter can monitor', () => {
  it.each([
    [
      true,
      { signature: 'a{sv}', body: [{ SupportedMonitorTypes: ['as', ['or_patterns']], SupportedFeatures: ['as', []] }] },
    ],
    [false, { signature: 'a{sv}', body: [{ SupportedMonitorTypes: ['as', ['other']] }] }],
    [false, { signature: 'a{sv}', body: [{}] }],
    [false, { error: 'org.freedesktop.DBus.Error.InvalidArgs' }],
  ])('is %s by what BlueZ says of it', async (expected, answer) => {
    const bus = await startBus()
    const bluez = await startService(bus.address)
    const { reader } = await listening(bus.path)
    bluez.answer('GetAll', answer)
    expect(await reader.hasMonitorManager()).toBe(expected)
    expect(await bluez.called('GetAll')).toMatchObject([{ body: ['org.bluez.AdvertisementMonitorManager1'] }])
    reader.close()
    await bluez.stop()
    await bus.stop()
  })
})
