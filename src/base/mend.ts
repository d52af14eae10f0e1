/**
 * The place of the one byte that had to be changed by one bit, already changed. 'many' when more than one bit explains it,
 * as with a short checksum.
 */
export function mendBit(bytes: Buffer, isRight: (bytes: Buffer) => boolean): [number] | 'none' | 'many' {
  const found: number[] = []
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    if (isRight(bytes)) found.push(bit)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
  const [bit] = found
  if (bit === undefined) return 'none'
  if (found.length > 1) return 'many'
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  return [bit >> 3]
}

/** A short ASCII text that a flipped bit made another one; undefined where no single bit explains it. */
export function mendText(text: string, isRight: (text: string) => boolean): string | undefined {
  const at = text.indexOf('\ufffd')
  // The highest bit: what was read as UTF-8 does not tell the others any more.
  if (at >= 0) {
    const all = Array.from(
      { length: 128 },
      (_, code) => text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1),
    )
    return all.find(isRight)
  }
  const bytes = Buffer.from(text, 'latin1')
  return Array.isArray(mendBit(bytes, (one) => isRight(one.toString('latin1')))) ? bytes.toString('latin1') : undefined
}
