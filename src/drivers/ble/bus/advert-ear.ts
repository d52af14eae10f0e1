import { randomInt } from 'node:crypto'
import type { Sealed } from '../../../base/sealed.ts'
import type { Advert } from '../../reading.ts'
import type { Connection } from './connection.ts'
import { ascii } from './cursor.ts'
import { addressLength, devicePrefix } from './device-path.ts'
import { createDevices, deviceFlag, keptFlags } from './devices.ts'
import { createMemory } from './memory.ts'
import { type Message, messageType } from './message.ts'
import type { Told } from './properties.ts'
import { createQuestions } from './questions.ts'
import { createScratch, dataAt } from './scratch.ts'
import { createSignalReader, type SignalEars } from './signals.ts'

/** What may be known of an advert without opening its seal. True only until the call returns: one object serves all. */
export interface AboutAdvert {
  /** dBm; 127 where the radio does not say. */
  readonly rssi: number
  /** Its AD structures, with those that BlueZ left out since they have not changed. */
  readonly data: Uint8Array
  /** A number that is the same for the same address, data and strength, by a key of this reader's. It is as personal as the address. */
  fingerprint(): number
}

/**
 * Takes an advert; its seal holds it only until this returns. `anew` has BlueZ forget the device, so that its next advert is
 * told of though it is the same: behind a monitor, BlueZ otherwise says nothing of it.
 */
export type HearAdvert = (advert: Sealed<Advert>, about: AboutAdvert) => unknown

export interface AdvertEarParts {
  readonly adapter: string
  readonly on: Pick<SignalEars, 'adapterAdded' | 'adapterRemoved' | 'adapterChanged'> & { readonly advert: HearAdvert }
  /** Monotonic ms. */
  readonly now: () => number
  readonly connection: () => Connection | undefined
}

const mostDevices = 65_536
/**
 * Seconds after which a device that is not heard is forgotten, here and in BlueZ. Behind a monitor BlueZ says nothing of
 * a device that goes on unchanged (adapter.c: less than 8 dB is no news); forgotten, it is told of anew as a whole.
 */
const forgetAfter = 60
/** Seconds after which it is forgotten here, even where BlueZ could not be told in time. */
const forgetAnyway = 240
const questionPatience = 10

/** Makes adverts of the signals of one adapter, and knows the devices that BlueZ knows. */
export function createAdvertEar({ adapter, on, now, connection }: AdvertEarParts) {
  const prefix = devicePrefix(adapter)
  const scratch = createScratch()
  const memory = createMemory(mostDevices)
  const devices = createDevices(mostDevices, memory)
  const questions = createQuestions({ adapter, prefix, connection })
  const counts = { signals: 0, adverts: 0, unknownDevices: 0, tableFull: 0 }
  const seed = randomInt(2 ** 32) | 0
  const about = { rssi: 0, data: scratch.data, fingerprint }
  const reader = createSignalReader(ascii(`/org/bluez/${adapter}`), prefix, scratch, {
    deviceChanged,
    deviceAdded,
    deviceRemoved,
    adapterAdded: on.adapterAdded,
    adapterChanged: on.adapterChanged,
    adapterRemoved() {
      clear()
      on.adapterRemoved()
    },
  })

  function secondNow(): number {
    return Math.floor(now() / 1000)
  }

  function fingerprint(): number {
    let hash = seed ^ about.rssi
    const { bytes } = scratch
    for (let at = 0; at < addressLength; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    for (let at = dataAt; at < dataAt + scratch.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    return hash
  }

  function deviceChanged(told: Told): void {
    const isAdvert = told.hasRssi || told.hasData
    const slot = devices.find(scratch.bytes)
    if (slot < 0) {
      if (isAdvert) ask()
      return
    }
    const flags = (devices.flags(slot) & ~told.unset) | told.set
    devices.setFlags(slot, flags)
    complete(told, slot)
    if (!isAdvert) return
    devices.heard(slot, secondNow())
    deliver(told, flags, slot)
  }

  function ask(): void {
    counts.unknownDevices++
    questions.ask(scratch.bytes, secondNow())
  }

  function deviceAdded(told: Told): void {
    if (!told.addressType) return ask()
    const flags = told.set | (told.addressType === 'random' ? deviceFlag.random : 0)
    const slot = devices.put(scratch.bytes, flags, secondNow())
    if (slot < 0) counts.tableFull++
    complete(told, slot)
    if (told.hasRssi || told.hasData) deliver(told, flags, slot)
  }

  function deviceRemoved(): void {
    const slot = devices.find(scratch.bytes)
    if (slot >= 0) devices.remove(slot)
  }

  function complete({ kinds }: Told, slot: number): void {
    if (slot >= 0) memory.complete(devices.place(slot), kinds, scratch)
  }

  /** BlueZ says nothing of a strength that changed by less than 8 dB (adapter.c), so the last one still holds. */
  function strengthOf({ rssi, hasRssi }: Told, slot: number): number {
    if (slot < 0) return rssi
    if (hasRssi) devices.setStrength(slot, rssi)
    return devices.strength(slot)
  }

  function deliver(told: Told, flags: number, slot: number): void {
    counts.adverts++
    about.rssi = strengthOf(told, slot)
    scratch.describe((flags & deviceFlag.random) !== 0, about.rssi)
    about.data = scratch.data
    const wish = on.advert(scratch.sealed, about)
    if (wish === 'anew' && slot >= 0 && !(flags & keptFlags)) forgetNow(slot)
  }

  function forgetNow(slot: number): void {
    if (questions.forget(scratch.bytes, secondNow())) devices.remove(slot)
  }

  function clear(): void {
    devices.clear()
    questions.clear()
  }

  return {
    /** A signal of BlueZ; false when it was malformed. */
    signalled(message: Message): boolean {
      counts.signals++
      const isGood = reader.read(message)
      scratch.wipe()
      return isGood
    },
    /** What answers no question but one of a device; false when it was malformed. */
    answered(message: Message): boolean {
      if (!questions.answered(message.replySerial, scratch.bytes)) return true
      const told = message.type === messageType.answer ? reader.readDevice(message) : undefined
      if (told?.addressType) deviceAdded(told)
      scratch.wipe()
      return told !== undefined || message.type === messageType.error
    },
    sweep(): void {
      const second = secondNow()
      questions.giveUp(second - questionPatience)
      devices.removeOlder(second - forgetAfter, (address, flags, heard) => {
        if (flags & keptFlags) return true
        return questions.forget(address, second) || heard <= second - forgetAnyway
      })
    },
    clear,
    stats: () => ({ ...counts, devices: devices.size }),
  }
}
