import { optInBytes } from './opt-in-advert.ts'
import { isUuidAt, uuidBytes } from './uuid-bytes.ts'

/**
 * Whoever sends this service UUID is not counted: the same for everybody, so it tells nothing else. Chosen at random once,
 * published in README, and never to change. It may stand in a list of 128-bit services or before service data.
 */
export const doNotCountUuid = 'f1b81652-c96f-42f9-8c3e-40382406267a'

/** The same as it stands in an advert, least significant byte first. */
export const doNotCountBytes: Uint8Array = uuidBytes(doNotCountUuid)

const serviceData128 = 0x21
const moreServices128 = 0x06
const allServices128 = 0x07
const length = 16

/**
 * Does an AD structure say it? The opt-in beacon of another box says it, too: it is nobody, and changes its address with
 * its token.
 * @param type of the structure
 * @param data what it stands in, from `start` up to `end`
 */
export function asksNotToCount(type: number, data: Uint8Array, start: number, end: number): boolean {
  if (type === serviceData128) {
    return isUuidAt(doNotCountBytes, data, start, end) || isUuidAt(optInBytes, data, start, end)
  }
  if (type !== moreServices128 && type !== allServices128) return false
  for (let at = start; at < end; at += length) {
    if (isUuidAt(doNotCountBytes, data, at, end)) return true
  }
  return false
}
