import { createHmac, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 over the parts, each with its length in front so that no two lists of parts look alike. */
export function macOf(key: Buffer, ...parts: readonly (string | number | Buffer)[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of parts) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    mac.update(length).update(bytes)
  }
  return mac.digest()
}

export function holds(mac: Buffer, expected: Buffer): boolean {
  return mac.length === expected.length && timingSafeEqual(mac, expected)
}
