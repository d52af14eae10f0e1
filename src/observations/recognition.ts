import { type AddressClass, addressClass, createResolver } from '../base/bluetooth-address.ts'
import { unseal } from '../base/sealed.ts'
import type { Advert, AdvertHeard } from '../drivers/reading.ts'
import type { BeaconSettings } from '../drivers/settings.ts'
import { createAddressBook } from './address-book.ts'
import { createAdvertWalk, refused, unnamed } from './advert-walk.ts'
import type { Observe } from './observation.ts'
import { type OwnDevice, ownDevices } from './own-devices.ts'

export interface RecognitionOptions {
  readonly beacons: readonly BeaconSettings[]
  /** Only with the profile phones: how strong (dBm) an advert must be. Without it nothing of a stranger goes on. */
  readonly phones?: { readonly rssiMin: number } | undefined
  readonly observe: Observe
}

/**
 * Tells the shop's own devices, staff and phones apart. Of a stranger nothing outlives the call: no byte of the advert is
 * copied, only a number in the tally is one higher, and only an advert that passed every gate goes on, sealed as it came.
 */
export interface Recognition {
  /** Never throws. */
  hear(reading: AdvertHeard, zone: string): void
  /** Time passed: forgets where its own devices were heard. */
  tick(at: number): void
  tally(): AdvertTally
}

/** How many adverts were heard and what became of them: each is in one place only. Exact, so never to be sent. */
export interface AdvertTally {
  readonly adverts: number
  /** Of the shop's own devices. */
  readonly own: number
  /** Of staff. */
  readonly staff: number
  /** Handed on as nearby. */
  readonly phones: number
  /** Of people who said no. */
  readonly refused: number
  readonly dropped: Readonly<Record<DropReason, number>>
}

export type DropReason = (typeof dropReasons)[number]

/** Why an advert went no further. */
export const dropReasons = [
  /** Nobody is counted by phone. */
  'not counting phones',
  'public address',
  'static address',
  'reserved address',
  /** Too far away, or no strength is told. */
  'too weak',
  /** From the address of an own device that encrypts, but heard before or not proven to be of it. */
  'repeated or forged',
  /** No address of six bytes. */
  'malformed',
] as const

const addressLength = 6
const unknownStrength = 127

const droppedClasses: Readonly<Record<AddressClass, DropReason | undefined>> = {
  public: 'public address',
  static: 'static address',
  reserved: 'reserved address',
  resolvable: undefined,
  'non-resolvable': undefined,
}

/** The settings are valid ones. */
export function createRecognition({ beacons, phones, observe }: RecognitionOptions): Recognition {
  const devices = ownDevices(beacons)
  const { walk } = createAdvertWalk(devices)
  const book = createAddressBook(devices.map(({ address }) => address))
  const resolve = createDeviceResolver(devices)
  const dropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>
  const tally = { adverts: 0, own: 0, staff: 0, phones: 0, refused: 0 }

  function deviceOf(named: number, advert: Advert, at: number): number {
    if (named !== unnamed) {
      book.note(named, advert.address, at)
      return named
    }
    const known = book.find(advert.address, at)
    return known === unnamed ? resolve(advert) : known
  }

  function hearOwn(device: OwnDevice, { sensor, at }: AdvertHeard, { data }: Advert): void {
    if (device.isStaff) return void tally.staff++
    const measured = device.irk ? {} : device.read(data, at)
    if (!measured) return void dropped['repeated or forged']++
    tally.own++
    if (!device.irk) observe({ kind: 'telemetry', sensor, beacon: device.id, at, ...measured })
  }

  function hearStranger(reading: AdvertHeard, zone: string, advert: Advert): void {
    const { sensor, at } = reading
    const reason = phones ? reasonToDrop(advert, phones.rssiMin) : 'not counting phones'
    if (reason) return void dropped[reason]++
    tally.phones++
    observe({ kind: 'nearby', sensor, zone, advert: reading.advert, at })
  }

  return {
    hear(reading, zone) {
      tally.adverts++
      const advert = unseal(reading.advert)
      if (advert.address.length !== addressLength) return void dropped.malformed++
      const named = walk(advert.data)
      if (named === refused) return void tally.refused++
      const device = deviceOf(named, advert, reading.at)
      if (device === unnamed) hearStranger(reading, zone, advert)
      else hearOwn(devices[device]!, reading, advert)
    },
    tick: (at) => book.forget(at),
    tally: () => ({ ...tally, dropped: { ...dropped } }),
  }
}

/** By the keys of those devices that are known by their key. */
function createDeviceResolver(devices: readonly OwnDevice[]): (advert: Advert) => number {
  const places = devices.flatMap(({ irk }, place) => (irk ? [{ irk, place }] : []))
  const resolve = createResolver(places.map(({ irk }) => irk))
  return ({ type, address }) => {
    if (places.length === 0 || addressClass(type, address) !== 'resolvable') return unnamed
    const found = resolve(address)
    return found === unnamed ? unnamed : places[found]!.place
  }
}

/** The gates, in order. Manufacturer, services and name of a stranger are no gate: they are not read. */
function reasonToDrop({ type, address, rssi }: Advert, rssiMin: number): DropReason | undefined {
  const reason = droppedClasses[addressClass(type, address)]
  if (reason) return reason
  return rssi >= rssiMin && rssi !== unknownStrength ? undefined : 'too weak'
}
