import { type AddressClass, addressClass, createResolver } from '../base/bluetooth-address.ts'
import { eidLength } from '../base/eddystone-eid.ts'
import { unseal } from '../base/sealed.ts'
import type { Advert, AdvertHeard } from '../drivers/reading.ts'
import type { BeaconSettings } from '../drivers/settings.ts'
import { createAddressBook } from './address-book.ts'
import { createAdvertWalk, refused, unnamed } from './advert-walk.ts'
import { eidAt } from './eid-frame.ts'
import type { Observe } from './observation.ts'
import { type OwnDevice, ownDevices } from './own-devices.ts'
import type { TagBook } from './tag-book.ts'

export interface RecognitionOptions {
  readonly beacons: readonly BeaconSettings[]
  /** Only with the profile phones: how strong (dBm) an advert must be. Without it nothing of a stranger goes on. */
  readonly phones?: { readonly rssiMin: number } | undefined
  /** Only with purposes: the tags of shoppers who agreed. */
  readonly tags?: TagEar | undefined
  readonly observe: Observe
}

/** Who listens for tags. */
export interface TagEar {
  readonly book: Pick<TagBook, 'find' | 'size'>
  /** Somebody holds a tag to the beacon in order to be known by it: then what tags close by say is handed on. */
  readonly isEnrolling: () => boolean
  /** @param eid 8 bytes, hex; @param rssi dBm; @param at monotonic ms */
  readonly near: (frame: { readonly eid: string; readonly rssi: number; readonly at: number }) => void
}

/** A frame of a tag that is held to the beacon is at least this strong, dBm. */
const closeBy = -60

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
  /** Of tags of shoppers who agreed. */
  readonly tags: number
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
export function createRecognition({ beacons, phones, tags, observe }: RecognitionOptions): Recognition {
  const devices = ownDevices(beacons)
  const { walk } = createAdvertWalk(devices)
  const book = createAddressBook(devices.map(({ address }) => address))
  const resolve = createDeviceResolver(devices)
  const dropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>
  const tally = { adverts: 0, own: 0, staff: 0, tags: 0, phones: 0, refused: 0 }

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

  /** Was it the tag of a shopper who agreed? Who refuses by the same advert is not looked at. */
  function hearTag(
    { book, isEnrolling, near }: TagEar,
    { sensor, at }: AdvertHeard,
    zone: string,
    advert: Advert,
  ): boolean {
    const isBegun = isEnrolling()
    const place = isBegun || book.size > 0 ? eidAt(advert.data) : -1
    if (place < 0) return false
    const { rssi } = advert
    if (isBegun && rssi >= closeBy) near({ eid: hexOf(advert.data, place), rssi, at })
    const tag = book.find(advert.data, place, at)
    if (tag < 0) return false
    tally.tags++
    observe({ kind: 'recognised', sensor, zone, tag, at })
    return true
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
      if (named === unnamed && tags && hearTag(tags, reading, zone, advert)) return
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

function hexOf(data: Uint8Array, at: number): string {
  return Buffer.from(data.subarray(at, at + eidLength)).toString('hex')
}
