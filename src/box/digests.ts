import { createHmac, getHashes, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Spelling } from './spellings.ts'

/** A string that a thief of the disk knows too: a store id, a zone, a topic, the box key. `name` says which, not its value. */
export interface Known {
  readonly name: string
  readonly value: string | Uint8Array
}

export interface Digest {
  readonly label: string
  readonly digest: Buffer
}

const common = [
  'md5',
  'sha1',
  'sha224',
  'sha256',
  'sha384',
  'sha512',
  'sha3-256',
  'blake2b512',
  'blake2s256',
  'ripemd160',
]
const kinds = common.filter((kind) => getHashes().includes(kind))

/** Common hashes that this Node does not have, so that nobody believes they were looked for. */
export const lackingHashes: readonly string[] = [
  ...common.filter((kind) => !kinds.includes(kind)),
  'xxhash',
  'murmur',
  'blake3',
]

/** All digests of one spelling: bare, and salted before, after and by HMAC with everything that is known. */
export function* digestsOf(spelling: Spelling, known: readonly Known[]): Generator<Digest> {
  const salted = [spelling, ...known.flatMap((one) => saltedWith(one, spelling))]
  for (const { label, bytes } of salted) {
    for (const kind of kinds) yield { label: `${kind} of ${label}`, digest: hash(kind, bytes, 'buffer') }
    yield { label: `64-bit FNV-1a of ${label}`, digest: fnv64(bytes) }
  }
  for (const { name, value } of known) {
    for (const kind of kinds) {
      const digest = createHmac(kind, value).update(spelling.bytes).digest()
      yield { label: `HMAC ${kind} of ${spelling.label} keyed with ${name}`, digest }
    }
  }
}

/** Checksums of 32 bits: a text of at least five letters only where no other letter touches it, never as four bytes. */
export function* checksumsOf(spelling: Spelling, known: readonly Known[]): Generator<Spelling> {
  for (const { label, bytes } of [spelling, ...known.flatMap((one) => saltedWith(one, spelling))]) {
    yield* writtenSum(`CRC-32 of ${label}`, crc32(bytes))
    yield* writtenSum(`32-bit FNV-1a of ${label}`, fnv32(bytes))
  }
}

function saltedWith({ name, value }: Known, { label, bytes }: Spelling): Spelling[] {
  const salt = Buffer.from(value)
  return ['', ':'].flatMap((between) => {
    const how = between ? ` and '${between}'` : ''
    const joint = Buffer.from(between)
    return [
      { label: `${label} salted before with ${name}${how}`, bytes: Buffer.concat([salt, joint, bytes]) },
      { label: `${label} salted after with ${name}${how}`, bytes: Buffer.concat([bytes, joint, salt]) },
    ]
  })
}

function writtenSum(label: string, sum: number): Spelling[] {
  const hex = sum.toString(16).padStart(8, '0')
  return [
    { label: `${label}, hex`, bytes: Buffer.from(hex) },
    { label: `${label}, upper hex`, bytes: Buffer.from(hex.toUpperCase()) },
    { label: `${label}, decimal`, bytes: Buffer.from(String(sum)) },
  ]
}

function fnv32(bytes: Buffer): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5) >>> 0
}

const prime64 = 0x100000001b3n

function fnv64(bytes: Buffer): Buffer {
  let sum = 0xcbf29ce484222325n
  for (const byte of bytes) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * prime64)
  const digest = Buffer.alloc(8)
  digest.writeBigUInt64BE(sum)
  return digest
}
