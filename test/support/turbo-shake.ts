/** TurboSHAKE128 (RFC 9861): Keccak-p[1600, 12 rounds], rate 168. Only to reproduce published sampler vectors. */
const mask = (1n << 64n) - 1n
const rate = 168
const rounds = [
  0x000000008000808bn,
  0x800000000000008bn,
  0x8000000000008089n,
  0x8000000000008003n,
  0x8000000000008002n,
  0x8000000000000080n,
  0x000000000000800an,
  0x800000008000000an,
  0x8000000080008081n,
  0x8000000000008080n,
  0x0000000080000001n,
  0x8000000080008008n,
]
const turns = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14]

function rotate(lane: bigint, by: number): bigint {
  return ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & mask
}

function permute(state: bigint[]): void {
  for (const constant of rounds) {
    const column = [0, 1, 2, 3, 4].map(
      (x) => state[x]! ^ state[x + 5]! ^ state[x + 10]! ^ state[x + 15]! ^ state[x + 20]!,
    )
    for (let i = 0; i < 25; i++) state[i]! ^= column[(i + 4) % 5]! ^ rotate(column[(i + 1) % 5]!, 1)
    const moved: bigint[] = new Array(25)
    for (let x = 0; x < 5; x++)
      for (let y = 0; y < 5; y++) moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(state[x + 5 * y]!, turns[x + 5 * y]!)
    for (let y = 0; y < 25; y += 5)
      for (let x = 0; x < 5; x++)
        state[x + y] = moved[x + y]! ^ (~moved[((x + 1) % 5) + y]! & mask & moved[((x + 2) % 5) + y]!)
    state[0]! ^= constant
  }
}

/** A stream of bytes for one message and domain byte. */
export function turboShake128(message: Uint8Array, domain: number): (bytes: Buffer) => void {
  const state: bigint[] = new Array(25).fill(0n)
  const padded = Buffer.alloc(Math.ceil((message.length + 1) / rate) * rate)
  padded.set(message)
  padded[message.length]! ^= domain
  padded[padded.length - 1]! ^= 0x80
  for (let block = 0; block < padded.length; block += rate) {
    for (let i = 0; i < rate / 8; i++) state[i]! ^= padded.readBigUInt64LE(block + 8 * i)
    permute(state)
  }
  let position = 0
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      if (position === rate) {
        permute(state)
        position = 0
      }
      bytes[i] = Number((state[position >> 3]! >> BigInt(8 * (position & 7))) & 0xffn)
      position += 1
    }
  }
}
