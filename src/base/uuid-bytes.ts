/** The 16 bytes of a UUID as they stand in an advert, least significant first. */
export function uuidBytes(uuid: string): Uint8Array {
  return Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex')).reverse()
}

/** Do they stand in `data` at `at`, before `end`? */
export function isUuidAt(bytes: Uint8Array, data: Uint8Array, at: number, end: number): boolean {
  if (at + bytes.length > end) return false
  for (let i = 0; i < bytes.length; i++) if (data[at + i] !== bytes[i]) return false
  return true
}
