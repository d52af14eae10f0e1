import { adType, parseAd } from './ad.ts'
import { isUuidAt, uuidBytes } from './uuid-bytes.ts'

/**
 * What the opt-in beacon of a shop says: service data of this UUID, with the token as it stands on the screen. Chosen at
 * random once, published in README, the same for every box, and never to change: other content gets another UUID.
 *
 * Length, type, 16 bytes of UUID and 8 of token are 26 of the 31 that every radio can send. Flags (3) would still fit; a list
 * of services (18) would not, and a UUID of 16 bits is not ours to choose.
 */
export const optInUuid = 'ac64278f-0098-44cb-b384-cac5c8b5005a'

/** The same as it stands in an advert, least significant byte first. */
export const optInBytes = uuidBytes(optInUuid)
export const optInTokenLength = 8

/** The token in an advert (AD structures) of an opt-in beacon; undefined when it is none. */
export function optInTokenOf(advert: Uint8Array): Buffer | undefined {
  const length = optInBytes.length + optInTokenLength
  const { structures } = parseAd(advert)
  const found = structures.find(
    ({ type, data }) =>
      type === adType.serviceData128 && data.length === length && isUuidAt(optInBytes, data, 0, data.length),
  )
  return found && Buffer.from(found.data.subarray(optInBytes.length))
}
