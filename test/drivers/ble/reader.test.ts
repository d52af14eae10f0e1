import { Message, sessionBus, Variant } from 'dbus-next'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { matchRules } from '../../../src/drivers/ble/bus/requests.ts'
import { type Bus, startBus } from '../../support/bluez/bus.ts'
import { address, addressBytes } from '../../support/bluez/messages.ts'
import { needPythonDbus, type Service, startService, until } from '../../support/bluez/service.ts'
import { need } from '../../support/need.ts'
import { deviceAdded, deviceChanged, heardAt, listening, pathOf, random } from './listening.ts'

const isThere = need('dbus-daemon') && needPythonDbus()
const numbered = (i: number) =>
  `C0:00:00:00:${[i >> 8, i & 255]
    .map((n) => n.toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase()}`

describe.skipIf(!isThere)('the reader on a real bus', () => {
  let bus: Bus
  let bluez: Service

  beforeAll(async () => {
    bus = await startBus()
    bluez = await startService(bus.address)
  })
  afterAll(async () => {
    await bluez?.stop()
    await bus?.stop()
  })

  it('hears what BlueZ says, with bytes by company', async () => {
    const { reader, adverts, events } = await listening(bus.path)
    const data = { ManufacturerData: ['a{qv}', { 76: ['ay', [2, 21, 9]] }] } as const
    bluez.emit(deviceAdded(address, { ...random, ...heardAt(-60), ...data }))
    bluez.emit(deviceChanged(address, heardAt(-61)), { times: 3 })
    await until(() => adverts.length === 4)
    expect(events).toEqual(['BlueZ came'])
    expect(adverts[0]).toEqual({
      address: addressBytes,
      type: 'random',
      rssi: -60,
      data: '06ff4c00021509',
      isEmpty: false,
    })
    // What BlueZ leaves out has not changed.
    expect(adverts[3]).toMatchObject({ rssi: -61, data: '06ff4c00021509', isEmpty: false })
    expect(reader.stats()).toMatchObject({ signals: 4, adverts: 4, malformed: 0, devices: 1 })
    reader.close()
  })

  it('has three match rules, and no more after thousands of devices', async () => {
    const { reader, adverts } = await listening(bus.path)
    const watcher = await startService(bus.address, [])
    for (let i = 0; i < 3000; i++) bluez.emit(deviceAdded(numbered(i), { ...random, ...heardAt(-50) }))
    await until(() => adverts.length === 3000)
    const stats = { interface: 'org.freedesktop.DBus.Debug.Stats', path: '/org/freedesktop/DBus' }
    const { body } = await watcher.call('org.freedesktop.DBus', { ...stats, member: 'GetAllMatchRules' })
    const [rules] = body as [Record<string, string[]>]
    const ours = Object.values(rules).filter((list) => list.some((rule) => rule.includes('path_namespace')))
    const spelled = (rule: string) => rule.split(',').toSorted().join(',')
    expect(ours.map((list) => list.map(spelled).toSorted())).toEqual([matchRules('hci0').map(spelled).toSorted()])
    await watcher.stop()
    reader.close()
  })

  it('asks for the type of an address it does not know, and then hears the device', async () => {
    const { reader, adverts } = await listening(bus.path)
    bluez.answer('GetAll', { signature: 'a{sv}', body: [{ ...random, ...heardAt(-77), Name: ['s', 'Canary'] }] })
    bluez.emit(deviceChanged(address, heardAt(-70)))
    await until(() => adverts.length === 1)
    bluez.emit(deviceChanged(address, heardAt(-71)))
    await until(() => adverts.length === 2)
    expect(adverts.map(({ type, rssi }) => [type, rssi])).toEqual([
      ['random', -77],
      ['random', -71],
    ])
    const asked = await bluez.called('GetAll')
    expect(asked).toMatchObject([{ path: pathOf(address), body: ['org.bluez.Device1'], noReply: false }])
    expect(reader.stats()).toMatchObject({ unknownDevices: 1, devices: 1 })
    reader.close()
  })

  it('asks for at most 20 devices a second, and for at most 32 at a time', async () => {
    const { reader, clock } = await listening(bus.path)
    const asked = () => bluez.calls.filter(({ member }) => member === 'GetAll').length - before
    const before = bluez.calls.filter(({ member }) => member === 'GetAll').length
    bluez.answer('GetAll', { silent: true })
    for (let second = 0; second < 3; second++) {
      const { signals } = reader.stats()
      for (let i = 0; i < 100; i++) bluez.emit(deviceChanged(numbered(second * 100 + i), heardAt(-50)))
      await until(() => reader.stats().signals === signals + 100)
      clock.advanceTo((second + 1) * 1000)
    }
    await reader.call('/org/bluez/hci0', 'org.bluez.Adapter1', 'AllAsked')
    await bluez.called('AllAsked')
    expect(asked()).toBe(32)
    reader.close()
  })

  it('has BlueZ forget what was not heard for a minute, but nothing that staff set up', async () => {
    const { reader, clock, adverts } = await listening(bus.path)
    const kept = ['Paired', 'Bonded', 'Trusted', 'Connected', 'Blocked']
    for (const [i, flag] of kept.entries()) {
      bluez.emit(deviceAdded(numbered(i), { ...random, ...heardAt(-50), [flag]: ['b', true] }))
    }
    for (let i = 0; i < 30; i++)
      bluez.emit(deviceAdded(numbered(100 + i), { ...random, ...heardAt(-50), Paired: ['b', false] }))
    bluez.emit(deviceAdded(numbered(500), random))
    bluez.emit(deviceChanged(numbered(500), { Paired: ['b', true] }))
    await until(() => reader.stats().signals === 37)
    expect(adverts.length).toBe(35)
    clock.advanceTo(30_000)
    bluez.emit(deviceChanged(numbered(100), heardAt(-50)))
    await until(() => adverts.length === 36)
    const removals = () => bluez.calls.filter(({ member }) => member === 'RemoveDevice')
    clock.advanceTo(59_000)
    expect(reader.stats().devices).toBe(36)
    clock.advanceTo(60_000)
    expect(reader.stats().devices).toBe(10)
    clock.advanceTo(61_000)
    expect(reader.stats().devices).toBe(1)
    await reader.call('/org/bluez/hci0', 'org.bluez.Adapter1', 'AllRemoved')
    await bluez.called('AllRemoved')
    expect(removals()[0]).toMatchObject({ path: '/org/bluez/hci0', interface: 'org.bluez.Adapter1', noReply: true })
    const wanted = Array.from({ length: 29 }, (_, i) => pathOf(numbered(101 + i)))
    expect(
      removals()
        .flatMap(({ body }) => body)
        .toSorted(),
    ).toEqual(wanted.toSorted())
    reader.close()
  })

  it('forgets thousands of devices within five minutes, even if BlueZ cannot be told of all', async () => {
    const { reader, clock, adverts } = await listening(bus.path)
    for (let i = 0; i < 5000; i++) bluez.emit(deviceAdded(numbered(i), { ...random, ...heardAt(-50) }))
    await until(() => adverts.length === 5000)
    for (let second = 60; second <= 140; second++) {
      clock.advanceTo(second * 1000)
      await new Promise(setImmediate)
    }
    expect(reader.stats().devices).toBe(5000 - 81 * 20)
    clock.advanceTo(241_000)
    expect(reader.stats().devices).toBe(0)
    reader.close()
  })

  it('does not believe signals that another program sends it directly', async () => {
    const { reader, adverts, events } = await listening(bus.path)
    const liar = await startService(bus.address, [])
    await liar.call('org.freedesktop.DBus', { path: '/', interface: 'org.freedesktop.DBus', member: 'GetId' })
    const { body } = await liar.call('org.freedesktop.DBus', {
      path: '/',
      interface: 'org.freedesktop.DBus',
      member: 'ListNames',
    })
    const owner = { path: '/', interface: 'org.freedesktop.DBus', member: 'NameOwnerChanged', signature: 'sss' }
    for (const destination of (body as [string[]])[0].filter((name) => name.startsWith(':'))) {
      liar.emit(deviceAdded(address, { ...random, ...heardAt(-1) }), { destination })
      liar.emit({ ...owner, body: ['org.bluez', bluez.name, liar.name] }, { destination })
    }
    await liar.call('org.freedesktop.DBus', { path: '/', interface: 'org.freedesktop.DBus', member: 'GetId' })
    bluez.emit(deviceAdded(address, { ...random, ...heardAt(-2) }))
    await until(() => adverts.length > 0)
    expect([adverts.map(({ rssi }) => rssi), events]).toEqual([[-2], ['BlueZ came']])
    await liar.stop()
    reader.close()
  })

  it('calls the adapter and says by which error it was refused, never in which words', async () => {
    const { reader } = await listening(bus.path)
    bluez.answer('StartDiscovery', { error: 'org.bluez.Error.InProgress' })
    const call = (member: string) => reader.call('/org/bluez/hci0', 'org.bluez.Adapter1', member)
    expect(await call('StartDiscovery')).toEqual({ isOk: false, error: 'org.bluez.Error.InProgress' })
    expect(await call('StopDiscovery')).toEqual({ isOk: true, value: true })
    bluez.answer('Get', { signature: 'v', body: [['b', true]] })
    expect(await reader.getBoolean('Powered')).toEqual({ isOk: true, value: true })
    bluez.answer('Get', { signature: 'v', body: [['s', 'yes']] })
    expect(await reader.getBoolean('Powered')).toEqual({
      isOk: false,
      error: 'org.freedesktop.DBus.Error.InvalidSignature',
    })
    reader.close()
    expect(await reader.getBoolean('Powered')).toEqual({
      isOk: false,
      error: 'org.freedesktop.DBus.Error.Disconnected',
    })
  })

  it('gives up a call that is never answered', async () => {
    const { reader, clock } = await listening(bus.path)
    bluez.answer('SetDiscoveryFilter', { silent: true })
    const answer = reader.call('/org/bluez/hci0', 'org.bluez.Adapter1', 'SetDiscoveryFilter')
    clock.advanceTo(25_000)
    expect(await answer).toEqual({ isOk: false, error: 'org.freedesktop.DBus.Error.NoReply' })
    reader.close()
  })

  it('passes over a message of more than a megabyte', async () => {
    const { reader, adverts } = await listening(bus.path)
    bluez.emit(deviceAdded(address, { ...random, Name: ['s', 'n'.repeat(1_100_000)] }))
    bluez.emit(deviceAdded(address, { ...random, ...heardAt(-3) }))
    await until(() => adverts.length === 1)
    expect(reader.stats()).toMatchObject({ oversize: 1, signals: 1 })
    reader.close()
  })
})

describe.skipIf(!isThere)('the reader, when the bus or BlueZ goes', () => {
  it('says that BlueZ is away, and when it comes back', async () => {
    const bus = await startBus()
    const { reader, events, adverts } = await listening(bus.path)
    const first = await startService(bus.address)
    await until(() => events.length === 2)
    first.emit(deviceAdded(address, { ...random, ...heardAt(-1) }))
    await until(() => adverts.length === 1)
    await first.stop()
    await until(() => events.length === 3)
    expect(reader.stats().devices).toBe(0)
    const second = await startService(bus.address)
    await until(() => events.length === 4)
    expect(events).toEqual(['BlueZ is away', 'BlueZ came', 'BlueZ is away', 'BlueZ came'])
    reader.close()
    await second.stop()
    await bus.stop()
  })

  it('notices that the bus was killed, and no call hangs', async () => {
    const bus = await startBus()
    const bluez = await startService(bus.address)
    bluez.answer('StartDiscovery', { silent: true })
    const { reader, events } = await listening(bus.path)
    const call = reader.call('/org/bluez/hci0', 'org.bluez.Adapter1', 'StartDiscovery')
    await bluez.called('StartDiscovery')
    await bus.kill()
    expect(await call).toMatchObject({ isOk: false, error: 'org.freedesktop.DBus.Error.Disconnected' })
    expect(events).toEqual(['BlueZ came', expect.stringMatching(/^closed: (ended|failed)$/)])
    await bluez.stop()
    await bus.stop()
  })

  it('understands a BlueZ that dbus-next speaks, and is understood by it', async () => {
    const bus = await startBus()
    const client = sessionBus({ busAddress: bus.address })
    const asked: unknown[] = []
    client.addMethodHandler((call: Message) => {
      asked.push([call.path, call.member, call.signature, call.body])
      if (call.member === 'GetAll')
        client.send(Message.newMethodReturn(call, 'a{sv}', [{ AddressType: new Variant('s', 'public') }]))
      return true
    })
    await client.requestName('org.bluez', 0)
    const { reader, clock, adverts } = await listening(bus.path)
    const feaa = '0000feaa-0000-1000-8000-00805f9b34fb'
    // Sending takes a message apart, so each is made anew.
    const changed = () =>
      Message.newSignal(pathOf(address), 'org.freedesktop.DBus.Properties', 'PropertiesChanged', 'sa{sv}as', [
        'org.bluez.Device1',
        {
          RSSI: new Variant('n', -66),
          ServiceData: new Variant('a{sv}', { [feaa]: new Variant('ay', Buffer.from([1, 2])) }),
        },
        [],
      ])
    client.send(changed())
    await until(() => reader.stats().devices === 1)
    client.send(changed())
    await until(() => adverts.length === 1)
    expect(adverts).toEqual([
      { address: addressBytes, type: 'public', rssi: -66, data: '0516aafe0102', isEmpty: false },
    ])
    clock.advanceTo(120_000)
    await until(() => asked.length === 2)
    expect(asked).toEqual([
      [pathOf(address), 'GetAll', 's', ['org.bluez.Device1']],
      ['/org/bluez/hci0', 'RemoveDevice', 'o', [pathOf(address)]],
    ])
    reader.close()
    client.disconnect()
    await bus.stop()
  })

  it('says plainly that there is no bus', async () => {
    await expect(listening('/nowhere/at/all')).rejects.toMatchObject({ code: 'DRIVER_BLUETOOTH_BUS' })
  })

  it('finds a bus in the abstract namespace', async () => {
    const name = `drempel-test-${process.pid}`
    const bus = await startBus({ listen: `unix:abstract=${name}` })
    const { reader, events } = await listening(`\0${name}`)
    expect(events).toEqual(['BlueZ is away'])
    reader.close()
    await bus.stop()
  })
})
