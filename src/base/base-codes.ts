/** Bytes as text, read strictly: one text for one row of bytes, so that nothing can be said in two ways. */

/** base64url without padding (RFC 4648 §5); undefined for anything else, also for stray bits at the end. */
export function fromBase64url(text: string, length?: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  return length === undefined || bytes.length === length ? bytes : undefined
}

const signs = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'

/** Base45 (RFC 9285): the signs that a QR code packs most densely, 3 for 2 bytes. */
export function toBase45(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 2) {
    const isPair = i + 1 < bytes.length
    const value = isPair ? bytes[i]! * 256 + bytes[i + 1]! : bytes[i]!
    text += signs.charAt(value % 45) + signs.charAt(Math.floor(value / 45) % 45)
    if (isPair) text += signs.charAt(Math.floor(value / 2025))
  }
  return text
}

/** undefined for what is no Base45. */
export function fromBase45(text: string): Buffer | undefined {
  if (text.length % 3 === 1) return undefined
  const bytes: number[] = []
  for (let i = 0; i < text.length; i += 3) {
    const places = [...text.slice(i, i + 3)].map((sign) => signs.indexOf(sign))
    const value = places.reduceRight((sum, place) => sum * 45 + place, 0)
    const isPair = places.length === 3
    if (places.includes(-1) || value > (isPair ? 0xffff : 0xff)) return undefined
    bytes.push(...(isPair ? [value >> 8, value & 0xff] : [value]))
  }
  return Buffer.from(bytes)
}

// Crockford's base 32: no I, L, O and U, so that a person can read it out and type it.
const readable = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Bytes for people to type. The last sign is padded with zero bits. */
export function toReadable(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map((five) => readable.charAt(Number.parseInt(five.padEnd(5, '0'), 2))).join('')
}

/** As a person types it: case, dashes and spaces do not matter, O is 0, I and L are 1. undefined when it is not that. */
export function fromReadable(text: string, length: number): Buffer | undefined {
  if (text.length > 4 * length) return undefined
  const typed = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  const bits = [...typed].map((sign) => readable.indexOf(sign).toString(2).padStart(5, '0')).join('')
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  return bytes.length === length && toReadable(bytes) === typed ? bytes : undefined
}
