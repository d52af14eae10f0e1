import { createCipheriv, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAesKey } from '../../src/base/aes.ts'
import { createEidSource, eidOf } from '../../src/base/eddystone-eid.ts'
import { agreeIdentityKey, createAgreementPair, publicKeyOf } from '../../src/base/identity-key.ts'
import { seededRandom } from '../support/random.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

function aes(key: Buffer, block: Buffer): Buffer {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block)
}

/** The specification once more, by the cipher of OpenSSL and byte by byte. */
function slowEid(identityKey: Buffer, exponent: number, seconds: number): string {
  const first = Buffer.alloc(16)
  first[11] = 0xff
  first.writeUInt16BE(Math.floor(seconds / 65536), 14)
  const second = Buffer.alloc(16)
  second[11] = exponent
  second.writeUInt32BE(seconds - (seconds % 2 ** exponent), 12)
  return aes(aes(identityKey, first), second).toString('hex', 0, 8)
}

describe('AES of a whole block', () => {
  test('holds the vectors of FIPS 197', () => {
    for (const [key, plain, cipher] of [
      ['2b7e151628aed2a6abf7158809cf4f3c', '3243f6a8885a308d313198a2e0370734', '3925841d02dc09fbdc118597196a0b32'],
      ['000102030405060708090a0b0c0d0e0f', '00112233445566778899aabbccddeeff', '69c4e0d86a7b0430d8cdb78070b4c55a'],
    ] as const) {
      const block = Int32Array.from([0, 4, 8, 12], (at) => hex(plain).readInt32BE(at))
      createAesKey(hex(key)).encrypt(block)
      expect([...block]).toEqual([0, 4, 8, 12].map((at) => hex(cipher).readInt32BE(at)))
    }
  })

  test('says nothing of a key that was forgotten', () => {
    const [one, other] = [createAesKey(randomBytes(16)), createAesKey(randomBytes(16))]
    for (const key of [one, other]) key.forget()
    const blocks = [one, other].map((key) => {
      const block = new Int32Array(4)
      key.encrypt(block)
      return [...block]
    })
    expect(blocks[0]).toEqual(blocks[1])
  })
})

describe('an Eddystone ephemeral identifier', () => {
  const key = hex('0102030405060708090a111213141516')

  test.each([
    [0, 'a9b76a71c5f89290'],
    [2000, '4144413e45fefa58'],
  ])('at %i s is that of RadiusNetworks/ephemeral_calc', (seconds, eid) => {
    expect(eidOf(key, 10, seconds).toString('hex')).toBe(eid)
  })

  test('under a known temporary key is that of eddystone-beacon-scanner', () => {
    const block = Int32Array.from([0, 0, 12, (1518080946 >>> 12) << 12])
    createAesKey(hex('b7c2d909d27d22df8343271162480210')).encrypt(block)
    const eid = Buffer.alloc(8)
    eid.writeInt32BE(block[0]!)
    eid.writeInt32BE(block[1]!, 4)
    expect(eid.toString('hex')).toBe('7dd8169dae94258c')
  })

  test('is right at every second in which the temporary key rolls over, forwards and back', () => {
    const source = createEidSource(key, 10)
    const eid = Buffer.alloc(10)
    const around = [65280, 65535, 65536, 65537, 66559, 66560, 65535, 131071, 131072, 2 ** 32 - 1, 0]
    for (const seconds of around) {
      source.write(seconds, eid, 2)
      expect(eid.toString('hex', 2), String(seconds)).toBe(slowEid(key, 10, seconds))
    }
  })

  test('agrees with the specification at random moments, keys and exponents', () => {
    const random = seededRandom(11)
    for (let i = 0; i < 2000; i++) {
      const [identityKey, seconds] = [randomBytes(16), Math.floor(random() * 2 ** 32)]
      const exponent = Math.floor(random() * 16)
      expect(eidOf(identityKey, exponent, seconds).toString('hex')).toBe(slowEid(identityKey, exponent, seconds))
    }
  })

  test('stays for 2^10 seconds and no longer', () => {
    const at = (seconds: number) => eidOf(key, 10, seconds).toString('hex')
    expect(at(1024)).toBe(at(2047))
    expect(at(2048)).not.toBe(at(2047))
  })

  test('cannot be told after its keys are forgotten', () => {
    const source = createEidSource(key, 10)
    const eid = Buffer.alloc(8)
    source.write(2000, eid)
    source.forget()
    source.write(2000, eid)
    expect(eid.toString('hex')).not.toBe('4144413e45fefa58')
    source.write(200_000, eid)
    expect(eid.toString('hex')).not.toBe(slowEid(key, 10, 200_000))
  })
})

describe('an identity key', () => {
  const resolverPrivate = hex('61136adab1bf302f1c49e860196aeefd8fbaa41518b4c226372d6cc469c47278')
  const beaconPrivate = hex('6ea13b5ef3cc642fd6102c1d85c096b510f56efc488114a4562a987bf4525628')
  const resolver = hex('29769a045dcb811ba3025985b9de91eb9a57dadbceb68a1e6a3c2b1af4868e1f')
  const beacon = hex('c63e6f89aab47552c8d621a59c81d0af203f6570a4bd7a267a08a17561c8bc2b')

  test('is that of RadiusNetworks/ephemeral_calc, on both sides', () => {
    expect(publicKeyOf(resolverPrivate)).toEqual(resolver)
    expect(publicKeyOf(beaconPrivate)).toEqual(beacon)
    const expected = hex('f40d6f18e5882260e847e99ca33ac44f')
    expect(agreeIdentityKey({ own: resolverPrivate, resolver, beacon })).toEqual(expected)
    expect(agreeIdentityKey({ own: beaconPrivate, resolver, beacon })).toEqual(expected)
  })

  test('is shared by two who never met, and by no third', () => {
    const [box, tag, other] = [createAgreementPair(), createAgreementPair(), createAgreementPair()]
    const pair = { resolver: box.publicKey, beacon: tag.publicKey }
    const key = agreeIdentityKey({ own: box.privateKey, ...pair })
    expect(key).toHaveLength(16)
    expect(agreeIdentityKey({ own: tag.privateKey, ...pair })).toEqual(key)
    expect(agreeIdentityKey({ own: other.privateKey, ...pair })).not.toEqual(key)
  })

  // The points of order 1, 2, 4 and 8, and the same written above the prime (RFC 7748 §6.1, cr.yp.to/ecdh.html).
  test.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ])('is refused to the point %s, which makes the secret zero', (point) => {
    expect(agreeIdentityKey({ own: resolverPrivate, resolver, beacon: hex(point) })).toBeUndefined()
  })

  test.each([0, 31, 33])('is refused to a key of %i bytes', (length) => {
    expect(agreeIdentityKey({ own: resolverPrivate, resolver, beacon: Buffer.alloc(length, 9) })).toBeUndefined()
  })
})
