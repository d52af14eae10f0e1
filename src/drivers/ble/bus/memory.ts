import { ad, dataAt, type Scratch } from './scratch.ts'

/** Which properties of a device a message told of. */
export const kind = { manufacturer: 1, service: 2, uuids: 4 } as const

/**
 * What each device of the tree advertised last. BlueZ tells only what changed, and who asked not to be counted said so
 * perhaps in an advert before: the whole is put together here. It lies outside the heap and goes with the device.
 */
export interface Memory {
  /** A place for a new device; the caller never takes more than there are. */
  take(): number
  /** Overwrites a place and gives it back. */
  free(place: number): void
  /** Adds to the scratch what the message did not tell of, and remembers the whole. */
  complete(place: number, told: number, scratch: Scratch): void
  clear(): void
}

/** One byte for the length, the rest for structures. An advert has 31 bytes; extended ones are remembered in part. */
const placeSize = 128

export function createMemory(capacity: number): Memory {
  const bytes = new Uint8Array(capacity * placeSize)
  const next = new Uint32Array(capacity)
  let freed = 0
  clear()

  function clear(): void {
    bytes.fill(0)
    for (let place = 0; place < capacity; place++) next[place] = place + 1
    freed = 0
  }

  function recall(place: number, told: number, scratch: Scratch): void {
    const start = place * placeSize + 1
    const end = start + bytes[start - 1]!
    for (let at = start; at < end; at += bytes[at]! + 1) {
      const type = bytes[at + 1]!
      if (told & kindOf(type)) continue
      const size = bytes[at]! - 1
      const to = scratch.structure(type, size)
      if (to >= 0) for (let i = 0; i < size; i++) scratch.bytes[to + i] = bytes[at + 2 + i]!
    }
  }

  /** Structures that do not fit are left out, and shorter ones after them may still. */
  function remember(place: number, { bytes: from, length }: Scratch): void {
    const start = place * placeSize + 1
    let used = 0
    for (let at = dataAt; at < dataAt + length; at += from[at]! + 1) {
      const size = from[at]! + 1
      if (used + size >= placeSize) continue
      for (let i = 0; i < size; i++) bytes[start + used + i] = from[at + i]!
      used += size
    }
    bytes.fill(0, start + used, start + bytes[start - 1]!)
    bytes[start - 1] = used
  }

  return {
    take() {
      const place = freed
      freed = next[place]!
      return place
    },
    free(place) {
      bytes.fill(0, place * placeSize, (place + 1) * placeSize)
      next[place] = freed
      freed = place
    },
    complete(place, told, scratch) {
      recall(place, told, scratch)
      if (told !== 0) remember(place, scratch)
    },
    clear,
  }
}

function kindOf(type: number): number {
  if (type === ad.manufacturer) return kind.manufacturer
  return type === ad.serviceData16 || type === ad.serviceData32 || type === ad.serviceData128
    ? kind.service
    : kind.uuids
}
