import { type ManualClock, manualClock } from '../../../src/base/clock.ts'
import { unseal } from '../../../src/base/sealed.ts'
import { openBusReader } from '../../../src/drivers/ble/bus/reader.ts'
import type { Spoken } from '../../support/bluez/service.ts'
import type { HeardAdvert } from './hearing.ts'

/** The reader on a real bus, its clock moved by hand. */
export async function listening(path: string, adapter = 'hci0') {
  const clock: ManualClock = manualClock(0)
  const adverts: HeardAdvert[] = []
  const events: unknown[] = []
  const reader = await openBusReader({
    paths: [path],
    adapter,
    clock,
    on: {
      advert(advert, about) {
        const { address, type, rssi, data } = unseal(advert)
        adverts.push({
          address: [...address],
          type,
          rssi,
          data: Buffer.from(data).toString('hex'),
          isEmpty: about.data.length === 0,
        })
      },
      adapterAdded: () => events.push('adapter added'),
      adapterRemoved: () => events.push('adapter removed'),
      adapterChanged: (change) => events.push(change),
      ownerChanged: (isPresent) => events.push(isPresent ? 'BlueZ came' : 'BlueZ is away'),
      monitorActivated: () => events.push('activated'),
      monitorReleased: () => events.push('released'),
      closed: (reason) => events.push(`closed: ${reason}`),
    },
  })
  return { reader, clock, adverts, events }
}

type Properties = Readonly<Record<string, readonly [signature: string, value: unknown]>>

export function pathOf(address: string): string {
  return `/org/bluez/hci0/dev_${address.replaceAll(':', '_')}`
}

/** Signals for service.py: what variants hold is written [signature, value]. */
export function deviceChanged(address: string, properties: Properties): Spoken {
  return {
    path: pathOf(address),
    interface: 'org.freedesktop.DBus.Properties',
    member: 'PropertiesChanged',
    signature: 'sa{sv}as',
    body: ['org.bluez.Device1', properties, []],
  }
}

export function deviceAdded(address: string, properties: Properties): Spoken {
  return {
    path: '/',
    interface: 'org.freedesktop.DBus.ObjectManager',
    member: 'InterfacesAdded',
    signature: 'oa{sa{sv}}',
    body: [pathOf(address), { 'org.bluez.Device1': properties }],
  }
}

export const random: Properties = { AddressType: ['s', 'random'] }
export const heardAt = (rssi: number): Properties => ({ RSSI: ['n', rssi] })
