/** One structure of an advert: its type and what follows it. */
export interface AdStructure {
  readonly type: number
  readonly data: Uint8Array
}

export const adType = {
  flags: 0x01,
  allServices16: 0x03,
  serviceData16: 0x16,
  serviceData128: 0x21,
  manufacturer: 0xff,
} as const

/**
 * Walks the AD structures of an advert (Core Specification Supplement, part A): length, type, data. A length of 0 ends
 * it; one that reaches past the end makes it truncated, and only what stands before is kept.
 */
export function parseAd(bytes: Uint8Array): { structures: AdStructure[]; isTruncated: boolean } {
  const structures: AdStructure[] = []
  for (let start = 0; start < bytes.length; ) {
    const length = bytes[start]!
    if (length === 0) break
    const end = start + 1 + length
    if (end > bytes.length) return { structures, isTruncated: true }
    structures.push({ type: bytes[start + 1]!, data: bytes.subarray(start + 2, end) })
    start = end
  }
  return { structures, isTruncated: false }
}

/** One structure as it is sent: length, type, data. */
export function writeAd(type: number, data: readonly number[] | Uint8Array): Uint8Array {
  return Uint8Array.of(1 + data.length, type, ...data)
}
