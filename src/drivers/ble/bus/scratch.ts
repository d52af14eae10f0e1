import { type Sealed, seal } from '../../../base/sealed.ts'
import type { Advert } from '../../reading.ts'
import { addressLength } from './device-path.ts'

/** AD types (Assigned Numbers 2.3). */
export const ad = {
  services16: 0x03,
  services32: 0x05,
  services128: 0x07,
  serviceData16: 0x16,
  serviceData32: 0x20,
  serviceData128: 0x21,
  manufacturer: 0xff,
} as const

/** Most bytes of AD structures in one advert. */
export const longestData = 1650
/** dBm, where the radio does not say. */
export const noRssi = 127
/** Most bytes of one structure after its type: its length is one byte. */
export const longestStructure = 254
export const dataAt = 64

/**
 * The one advert that there is: its seal stays, its bytes change and are overwritten after each hearing. They lie in a
 * buffer outside the heap.
 */
export interface Scratch {
  readonly sealed: Sealed<Advert>
  /** The address is its first six bytes. */
  readonly bytes: Uint8Array
  /** Bytes of AD structures that are there. */
  readonly length: number
  /** The AD structures, as describe() found them. */
  readonly data: Uint8Array
  /** The type of the address, and how strong it was heard. */
  describe(isRandom: boolean, rssi: number): void
  /** Makes an AD structure of `size` bytes after its type, and returns where in `bytes` they go; -1 when it does not fit. */
  structure(type: number, size: number): number
  wipe(): void
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export function createScratch(): Scratch {
  const bytes = new Uint8Array(dataAt + longestData)
  // A view costs an object, so each length gets one, when it is first needed.
  const views: Uint8Array[] = []
  const viewOf = (size: number) => (views[size] ??= bytes.subarray(dataAt, dataAt + size))
  let length = 0
  const advert: Writable<Advert> = {
    address: bytes.subarray(0, addressLength),
    type: 'public',
    rssi: noRssi,
    data: viewOf(0),
  }

  return {
    sealed: seal<Advert>(advert),
    bytes,
    get length() {
      return length
    },
    get data() {
      return advert.data
    },
    describe(isRandom, rssi) {
      advert.type = isRandom ? 'random' : 'public'
      advert.rssi = rssi
      advert.data = viewOf(length)
    },
    structure(type, size) {
      if (size > longestStructure || length + 2 + size > longestData) return -1
      const at = dataAt + length
      bytes[at] = size + 1
      bytes[at + 1] = type
      length += 2 + size
      return at + 2
    },
    wipe() {
      bytes.fill(0, 0, dataAt + length)
      length = 0
      advert.type = 'public'
      advert.rssi = noRssi
      advert.data = viewOf(0)
    },
  }
}
