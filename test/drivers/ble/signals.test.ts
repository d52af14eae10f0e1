import { describe, expect, it } from 'vitest'
import {
  added,
  addressBytes,
  changed,
  devicePath,
  marshal,
  removed,
  type SignalText,
} from '../../support/bluez/messages.ts'
import { needPythonDbus } from '../../support/bluez/service.ts'
import { again, againData, everything, everythingData, unchangedData } from './adverts.ts'
import { hearing } from './hearing.ts'

function hear(...signals: SignalText[]) {
  const heard = hearing()
  for (const bytes of marshal(signals)) heard.push(bytes)
  return heard
}

const known = added(`{'AddressType': <'public'>}`)
const byService = (data: string) => changed(`{'ServiceData': <{${data}}>}`)

describe.skipIf(!needPythonDbus())('signals of BlueZ, as GLib writes them', () => {
  it.each(['l', 'B'] as const)('become adverts, in byte order %s', (order) => {
    const { adverts, counts } = hear({ ...everything, order }, { ...again, order })
    const common = { address: addressBytes, type: 'random', isEmpty: false }
    expect(adverts).toEqual([
      { ...common, rssi: -61, data: everythingData },
      { ...common, rssi: -70, data: againData + unchangedData },
    ])
    expect(counts.malformed).toBe(0)
  })

  it('tell how strong an advert was that is the same as before', () => {
    const { adverts } = hear(known, changed(`{'RSSI': <int16 -88>}`))
    expect(adverts).toEqual([{ address: addressBytes, type: 'public', rssi: -88, data: '', isEmpty: true }])
  })

  it('are adverts also where the radio does not say how strong', () => {
    const { adverts } = hear(known, byService(`'0000fd6f-0000-1000-8000-00805f9b34fb': <@ay [1]>`))
    expect(adverts).toMatchObject([{ rssi: 127, data: '04166ffd01' }])
  })

  it.each([
    `{'Connected': <true>}`,
    `{'TxPower': <int16 4>, 'Name': <'x'>}`,
    `{'UUIDs': <['0000feaa-0000-1000-8000-00805f9b34fb']>}`,
    `{'RSSI': <uint32 5>}`,
    `{}`,
  ])('are no adverts when they say only %s', (properties) => {
    const { adverts, counts } = hear(known, changed(properties))
    expect([adverts.length, counts.malformed]).toEqual([0, 0])
  })

  it('of other adapters, services below a device and other things are passed over', () => {
    const rssi = `{'RSSI': <int16 -50>}`
    const { adverts, counts } = hear(
      known,
      changed(rssi, { path: devicePath('C7:1D:5E:AD:BE:EF', 'hci1') }),
      changed(rssi, { path: `${devicePath()}/service000a` }),
      changed(rssi, { path: '/org/bluez/hci0/dev_c7_1d_5e_ad_be_ef' }),
      changed(rssi, { path: '/org/bluez/hci0/dev_C7_1D_5E_AD_BE0EF' }),
      changed(rssi, { path: '/' }),
      changed(rssi, { body: `('org.bluez.Battery1', {'Percentage': <byte 5>}, @as [])` }),
      { ...changed(rssi), member: 'PropertiesRead' },
      added(rssi, {}, '/org/bluez/hci0'),
    )
    expect([adverts.length, counts.malformed]).toEqual([0, 0])
  })

  it('whose shape is not the documented one are malformed, and harm nothing', () => {
    const { adverts, counts } = hear(
      known,
      changed('{}', { body: `('org.bluez.Device1', @a{ss} {'RSSI': '1'}, @as [])` }),
      byService(`'feaa': <@ay [1]>`),
      byService(`'0000feaa-0000-1000-8000-00805f9b34fb': <'text'>`),
      changed('{}', { member: 'PropertiesChanged', body: `('org.bluez.Device1',)` }),
      again,
    )
    expect(counts.malformed).toBe(4)
    expect(adverts).toMatchObject([{ data: againData }])
  })

  it('say what the adapter does', () => {
    const change = (properties: string) =>
      changed('{}', { path: '/org/bluez/hci0', body: `('org.bluez.Adapter1', ${properties}, @as ['Name'])` })
    const adapter = {
      ...known,
      body: `(objectpath '/org/bluez/hci0', {'org.bluez.Adapter1': {'Address': <'00:11:22:33:44:55'>}})`,
    }
    const { events } = hear(
      adapter,
      change(`{'Powered': <false>, 'Discovering': <false>, 'Alias': <'shop'>}`),
      change(`{'Discovering': <true>}`),
      removed(['org.bluez.Adapter1'], '/org/bluez/hci0'),
      removed(['org.bluez.Adapter1'], '/org/bluez/hci1'),
    )
    expect(events).toEqual(['added', { powered: false, discovering: false }, { discovering: true }, 'removed'])
  })

  it('of a device whose type of address is not known wait, also once it was removed', () => {
    const { adverts, ear } = hear(
      again,
      known,
      again,
      removed(['org.bluez.Battery1']),
      again,
      removed(['org.bluez.Device1']),
      again,
    )
    expect(adverts.length).toBe(2)
    expect(ear.stats()).toMatchObject({ signals: 7, adverts: 2, unknownDevices: 2, devices: 0 })
  })

  it('of the greatest advert there can be are cut to whole structures', () => {
    const bytes = (length: number) => `<@ay [${Array(length).fill('0x5a')}]>`
    const many = Array.from({ length: 9 }, (_, i) => `${i}: ${bytes(220)}`)
    const { adverts, counts } = hear(known, changed(`{'ManufacturerData': <@a{qv} {${many}, 9: ${bytes(253)}}>}`))
    const [{ data = '' } = {}] = adverts
    expect(data.length / 2).toBe(7 * 224)
    expect(data).toMatch(/^(dfff..00(5a){220}){7}$/)
    expect(counts.malformed).toBe(0)
  })

  it('list many UUIDs as far as a structure goes', () => {
    const uuids = (digits: string) => `'${digits}-0000-1000-8000-00805f9b34fb'`
    const list = Array.from({ length: 200 }, (_, i) => uuids((0x1000 + i).toString(16).padStart(8, '0')))
    const { adverts } = hear(known, changed(`{'RSSI': <int16 1>, 'UUIDs': <[${list}]>}`))
    expect(adverts[0]!.data).toMatch(/^ff03(..10){127}$/)
  })

  it('have the same fingerprint only when address, data and strength are the same', () => {
    const other = added(`{'AddressType': <'public'>}`, {}, devicePath('C7:1D:5E:AD:BE:EE'))
    const { fingerprints } = hear(
      known,
      other,
      again,
      again,
      changed(`{'RSSI': <int16 -20>, 'ManufacturerData': <@a{qv} {76: <@ay [0x10, 0x05, 0x01]>}>}`),
      changed(`{'RSSI': <int16 -70>, 'ManufacturerData': <@a{qv} {76: <@ay [0x10, 0x05, 0x02]>}>}`),
      { ...again, path: devicePath('C7:1D:5E:AD:BE:EE') },
    )
    expect(fingerprints.map((one) => fingerprints.indexOf(one))).toEqual([0, 0, 2, 3, 4])
    expect(hear(known, again).fingerprints).not.toEqual(fingerprints.slice(0, 1))
  })
})
