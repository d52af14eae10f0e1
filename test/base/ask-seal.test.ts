import { createECDH, randomBytes, webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  askKeyId,
  boxAskPair,
  isSealedAnswer,
  isSealedQuestion,
  longestSealed,
  longestSealedAnswer,
  mostAnswer,
  mostQuestion,
  openQuestion,
  sealQuestion,
  shortestSealed,
} from '../../src/base/ask-seal.ts'
import { trials } from '../support/need.ts'

const pair = boxAskPair(Buffer.alloc(32, 7))
const question = { ask: 'leave', secret: 'x'.repeat(22) }

const flipped = (bytes: Buffer, bit: number) => {
  const changed = Buffer.from(bytes)
  changed[bit >> 3]! ^= 1 << (bit & 7)
  return changed
}

describe('a sealed question', () => {
  it('is opened by the box, whose answer is opened by the asker', () => {
    const asked = sealQuestion(pair.publicKey, question)
    const opened = openQuestion(pair, asked.bytes)!
    expect(opened.question).toEqual(question)
    expect(opened.ephemeral).toEqual(asked.bytes.subarray(1, 66))
    expect(asked.open(opened.seal({ state: 'left' }))).toEqual({ state: 'left' })
  })

  it('has one length for all short questions and one for all short answers', () => {
    const small = [{}, question, { ask: 'x'.repeat(1000) }, { ask: 'é'.repeat(500) }]
    for (const one of small) {
      const asked = sealQuestion(pair.publicKey, one)
      expect(asked.bytes).toHaveLength(shortestSealed)
      expect(openQuestion(pair, asked.bytes)!.seal(one)).toHaveLength(1 + 12 + 4096 + 16)
    }
  })

  it('grows by steps up to a bound', () => {
    const of = (length: number) => ({ a: 'x'.repeat(length - 8) })
    expect(sealQuestion(pair.publicKey, of(1024)).bytes).toHaveLength(shortestSealed)
    expect(sealQuestion(pair.publicKey, of(1025)).bytes).toHaveLength(shortestSealed + 1024)
    const longest = sealQuestion(pair.publicKey, of(mostQuestion))
    expect(longest.bytes).toHaveLength(longestSealed)
    expect(() => sealQuestion(pair.publicKey, of(mostQuestion + 1))).toThrow(RangeError)
    const opened = openQuestion(pair, longest.bytes)!
    expect(opened.seal(of(mostAnswer))).toHaveLength(longestSealedAnswer)
    expect(longest.open(opened.seal(of(mostAnswer)))).toEqual(of(mostAnswer))
    expect(() => opened.seal(of(mostAnswer + 1))).toThrow(RangeError)
  })

  it('never looks alike', () => {
    const bytes = Array.from({ length: 50 }, () => sealQuestion(pair.publicKey, question).bytes)
    for (const [from, to] of [
      [1, 66],
      [66, 78],
      [78, 110],
    ]) {
      expect(new Set(bytes.map((one) => one.subarray(from, to).toString('hex'))).size).toBe(50)
    }
  })

  it('is refused when a single bit of it is changed, whichever', () => {
    const { bytes } = sealQuestion(pair.publicKey, question)
    for (let bit = 0; bit < bytes.length * 8; bit++) expect(openQuestion(pair, flipped(bytes, bit))).toBe(undefined)
  })

  it('has an answer of which no bit may be changed either', () => {
    const asked = sealQuestion(pair.publicKey, question)
    const answer = openQuestion(pair, asked.bytes)!.seal({ state: 'left' })
    for (let bit = 0; bit < answer.length * 8; bit += trials(7, 1)) {
      expect(asked.open(flipped(answer, bit))).toBe(undefined)
    }
  })

  it('is of no use to another box, and its answer to no other question', () => {
    const other = boxAskPair(Buffer.alloc(32, 8))
    const [one, two] = [sealQuestion(pair.publicKey, question), sealQuestion(pair.publicKey, question)]
    expect(openQuestion(other, one.bytes)).toBe(undefined)
    expect(two.open(openQuestion(pair, one.bytes)!.seal({ state: 'left' }))).toBe(undefined)
  })

  it('is refused cut, lengthened, or made of anything', () => {
    const { bytes } = sealQuestion(pair.publicKey, question)
    for (let length = 0; length < bytes.length; length++) {
      expect(openQuestion(pair, bytes.subarray(0, length))).toBe(undefined)
    }
    for (const more of [1, 16, 1024]) {
      expect(openQuestion(pair, Buffer.concat([bytes, randomBytes(more)]))).toBe(undefined)
    }
    for (let i = 0; i < trials(2000, 50_000); i++) {
      const garbage = randomBytes(i % 3 === 0 ? shortestSealed : i % 4096)
      if (i % 2 === 0 && garbage.length > 1) garbage.set([1, 4])
      expect(openQuestion(pair, garbage)).toBe(undefined)
    }
  })

  it('takes one spelling of a point only, and none at infinity', () => {
    const { bytes } = sealQuestion(pair.publicKey, question)
    const y = bytes[65]! & 1
    for (const head of [6 + y, 7 - y, 2, 3, 0]) {
      const changed = Buffer.from(bytes)
      changed[1] = head
      expect(openQuestion(pair, changed)).toBe(undefined)
    }
    for (const key of [Buffer.alloc(0), Buffer.alloc(65), Buffer.alloc(65, 4), pair.publicKey.subarray(1)]) {
      expect(() => sealQuestion(key, question)).toThrow(RangeError)
    }
  })

  it('tells its carrier only that it has the form of one', () => {
    const asked = sealQuestion(pair.publicKey, question)
    expect(isSealedQuestion(asked.bytes)).toBe(true)
    expect(isSealedQuestion(flipped(asked.bytes, 9999 % (asked.bytes.length * 8)))).toBe(true)
    expect(isSealedQuestion(asked.bytes.subarray(1))).toBe(false)
    expect(isSealedAnswer(openQuestion(pair, asked.bytes)!.seal({}))).toBe(true)
    expect(isSealedAnswer(asked.bytes)).toBe(false)
  })
})

describe('the pair of a box', () => {
  it('is the same for the same seed, and a valid one for every seed', () => {
    expect(boxAskPair(Buffer.alloc(32, 7)).publicKey).toEqual(pair.publicKey)
    for (const seed of [
      Buffer.alloc(32),
      Buffer.alloc(32, 0xff),
      ...Array.from({ length: 200 }, () => randomBytes(32)),
    ]) {
      const one = boxAskPair(seed)
      expect(one.publicKey).toHaveLength(65)
      expect(one.publicKey[0]).toBe(4)
      expect(one.keyId).toMatch(/^[A-Za-z0-9_-]{16}$/)
      expect(openQuestion(one, sealQuestion(one.publicKey, question).bytes)!.question).toEqual(question)
    }
    expect(() => boxAskPair(Buffer.alloc(31))).toThrow(RangeError)
  })

  it('shows nothing private when it is printed', () => {
    expect(Object.keys(pair)).toEqual(['publicKey', 'keyId', 'agree'])
    expect(pair.keyId).toBe(askKeyId(pair.publicKey))
  })
})

describe('a browser', () => {
  it('seals with WebCrypto what the box opens, and opens its answer', async () => {
    const { subtle } = webcrypto
    const curve = { name: 'ECDH', namedCurve: 'P-256' }
    const own = (await subtle.generateKey(curve, false, ['deriveBits'])) as webcrypto.CryptoKeyPair
    const ephemeral = Buffer.from(await subtle.exportKey('raw', own.publicKey))
    const box = await subtle.importKey('raw', pair.publicKey, curve, false, [])
    const shared = await subtle.deriveBits({ name: 'ECDH', public: box }, own.privateKey, 256)
    const ikm = await subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits'])
    const salt = Buffer.concat([ephemeral, pair.publicKey])
    const info = Buffer.from('drempel ask/1')
    const both = Buffer.from(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, ikm, 512))
    const key = (bytes: Buffer) => subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
    const head = Buffer.concat([Buffer.of(1), ephemeral])
    const iv = randomBytes(12)
    const plain = Buffer.from(JSON.stringify(question).padEnd(1024))
    const request = await key(both.subarray(0, 32))
    const body = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: head }, request, plain)
    const opened = openQuestion(pair, Buffer.concat([head, iv, Buffer.from(body)]))!
    expect(opened.question).toEqual(question)
    const answer = opened.seal({ state: 'left', erasure: 'asked' })
    const of = { name: 'AES-GCM', iv: answer.subarray(1, 13), additionalData: ephemeral }
    const text = Buffer.from(await subtle.decrypt(of, await key(both.subarray(32)), answer.subarray(13)))
    expect(text).toHaveLength(4096)
    expect(JSON.parse(text.toString())).toEqual({ state: 'left', erasure: 'asked' })
  })

  it('makes the same shared secret as another implementation of the curve', () => {
    const other = createECDH('prime256v1')
    const theirs = other.generateKeys()
    expect(pair.agree(theirs)).toEqual(other.computeSecret(pair.publicKey))
  })
})
