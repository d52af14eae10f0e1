/**
 * Whoever sends this service UUID is not counted: the same for everybody, so it tells nothing else. Chosen at random once,
 * published in README, and never to change. It may stand in a list of 128-bit services or before service data.
 */
export const doNotCountUuid = 'f1b81652-c96f-42f9-8c3e-40382406267a'

/** The same as it stands in an advert, least significant byte first. */
export const doNotCountBytes: Uint8Array = Uint8Array.from(doNotCountUuid.replaceAll('-', '').match(/../g)!, (digits) =>
  Number.parseInt(digits, 16),
).reverse()

const serviceData128 = 0x21
const moreServices128 = 0x06
const allServices128 = 0x07
const length = 16

/**
 * Does an AD structure say it?
 * @param type of the structure
 * @param data what it stands in, from `start` up to `end`
 */
export function asksNotToCount(type: number, data: Uint8Array, start: number, end: number): boolean {
  if (type === serviceData128) return isIt(data, start, end)
  if (type !== moreServices128 && type !== allServices128) return false
  for (let at = start; at < end; at += length) {
    if (isIt(data, at, end)) return true
  }
  return false
}

function isIt(data: Uint8Array, at: number, end: number): boolean {
  if (at + length > end) return false
  for (let i = 0; i < length; i++) {
    if (data[at + i] !== doNotCountBytes[i]) return false
  }
  return true
}
