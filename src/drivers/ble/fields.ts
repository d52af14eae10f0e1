/** An advert or a part of it as JSON. */
export type Decoded = Record<string, unknown>

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** 16 bytes in the usual five groups. */
export function uuid(bytes: Uint8Array): string {
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Two's complement. */
export function signedByte(byte: number): number {
  return (byte << 24) >> 24
}

/** Without the noise of binary fractions: 24.3, not 24.300000000000004. */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
