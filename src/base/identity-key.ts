import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto'

/**
 * How a tag and a box come to share an identity key without ever sending it: X25519 (RFC 7748), then HKDF-SHA256
 * (RFC 5869), as in google/eddystone, eddystone-eid/eid-computation.md.
 */
export interface AgreementPair {
  /** 32 bytes each. */
  readonly publicKey: Buffer
  readonly privateKey: Buffer
}

/** One's own private key and both public ones: those of the resolver (the box) and of the beacon (the tag). */
export interface Agreement {
  readonly own: Buffer
  readonly resolver: Buffer
  readonly beacon: Buffer
}

// What DER puts before the 32 bytes of a key (RFC 8410).
const privateHead = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicHead = Buffer.from('302a300506032b656e032100', 'hex')
const keyLength = 32

export function createAgreementPair(): AgreementPair {
  const der = { type: 'pkcs8', format: 'der' } as const
  const made = generateKeyPairSync('x25519', {
    privateKeyEncoding: der,
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  return { publicKey: made.publicKey.subarray(-keyLength), privateKey: made.privateKey.subarray(-keyLength) }
}

export function publicKeyOf(privateKey: Buffer): Buffer {
  return createPublicKey(privateObject(privateKey)).export({ type: 'spki', format: 'der' }).subarray(-keyLength)
}

/**
 * The identity key, 16 bytes; undefined when the other side's key is no key. A point of small order would make the shared
 * secret zero, and the identity key one that everybody knows.
 */
export function agreeIdentityKey({ own, resolver, beacon }: Agreement): Buffer | undefined {
  if (resolver.length !== keyLength || beacon.length !== keyLength) return undefined
  const theirs = publicKeyOf(own).equals(resolver) ? beacon : resolver
  const shared = sharedSecret(own, theirs)
  if (!shared || shared.every((byte) => byte === 0)) return undefined
  const salt = Buffer.concat([resolver, beacon])
  const identityKey = Buffer.from(hkdfSync('sha256', shared, salt, '', 16))
  shared.fill(0)
  return identityKey
}

function sharedSecret(own: Buffer, theirs: Buffer): Buffer | undefined {
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([publicHead, theirs]), type: 'spki', format: 'der' })
    return diffieHellman({ privateKey: privateObject(own), publicKey })
  } catch {
    // OpenSSL refuses an all-zero secret by itself.
    return undefined
  }
}

function privateObject(privateKey: Buffer) {
  return createPrivateKey({ key: Buffer.concat([privateHead, privateKey]), type: 'pkcs8', format: 'der' })
}
