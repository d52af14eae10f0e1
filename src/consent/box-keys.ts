import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto'
import { type AgreementPair, publicKeyOf } from '../base/identity-key.ts'
import { macOf } from '../base/mac.ts'

/**
 * The keys that consent needs, all made of the one key of the box (file `key` in the data folder, 0600), so that there is
 * nothing else to keep, lose or copy. HKDF-SHA256 with a name each: one says nothing of another.
 */
export interface BoxKeys {
  /** 32 bytes, under which identity keys lie in their slots. */
  readonly slots: Buffer
  /** 32 bytes: keys the hash of a receipt's secret. */
  readonly secrets: Buffer
  /** 32 bytes: keys the MACs of the record's head. */
  readonly record: Buffer
  readonly signer: Signer
  /** X25519: tags agree their identity key with it. */
  readonly agreement: AgreementPair
  /** 32 bytes, of which the key is made that questions are sealed for. */
  readonly asking: Buffer
}

export interface Signer {
  /** 32 bytes of Ed25519 (RFC 8032). */
  readonly publicKey: Buffer
  readonly keyId: string
  /** 64 bytes. */
  sign(bytes: Buffer): Buffer
}

// What DER puts before the 32 bytes of a key (RFC 8410).
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicHead = Buffer.from('302a300506032b6570032100', 'hex')

export function boxKeysOf(boxKey: Buffer): BoxKeys {
  const derive = (name: string) => Buffer.from(hkdfSync('sha256', boxKey, '', `drempel consent/1 ${name}`, 32))
  return {
    slots: derive('slots'),
    secrets: derive('secrets'),
    record: derive('record'),
    signer: signerOf(derive('signature')),
    agreement: pairOf(derive('agreement')),
    asking: derive('asking'),
  }
}

function pairOf(privateKey: Buffer): AgreementPair {
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}

function signerOf(seed: Buffer): Signer {
  const key = createPrivateKey({ key: Buffer.concat([privateHead, seed]), type: 'pkcs8', format: 'der' })
  seed.fill(0)
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32)
  return { publicKey, keyId: keyIdOf(publicKey), sign: (bytes) => sign(null, bytes, key) }
}

/** What the box keeps of a receipt's secret, hex: enough to know it again, not to make it. */
export function secretHash({ secrets }: BoxKeys, secret: Buffer): string {
  return macOf(secrets, 'withdrawal', secret).toString('hex')
}

/** Short enough to be printed on a sign and compared by eye: 96 bits, base64url. */
export function keyIdOf(publicKey: Buffer): string {
  return createHash('sha256').update(publicKey).digest().subarray(0, 12).toString('base64url')
}

export function isSignedBy(publicKey: Buffer, bytes: Buffer, signature: Buffer): boolean {
  const key = publicObject(publicKey)
  return key !== undefined && verify(null, bytes, key, signature)
}

function publicObject(publicKey: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.concat([publicHead, publicKey]), type: 'spki', format: 'der' })
  } catch {
    return undefined
  }
}
