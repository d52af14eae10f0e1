import { createCipheriv, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAesKey } from '../../src/base/aes.ts'
import { addressClass, createResolver } from '../../src/base/bluetooth-address.ts'
import { doNotCountBytes, doNotCountUuid } from '../../src/base/do-not-count.ts'
import { bytes } from '../observations/adverts.ts'

// Core Specification, Vol 3 Part H, D.7.
const irk = 'ec0234a357c8ad05341010a60a397d9b'
const resolvable = bytes('70:81:94:0D:FB:AA')

describe('AES of one block', () => {
  test('is that of FIPS 197, as node:crypto has it', () => {
    for (let i = 0; i < 2000; i++) {
      const [key, word] = [randomBytes(16), randomBytes(4)]
      const cipher = createCipheriv('aes-128-ecb', key, null)
      const block = cipher.update(Buffer.concat([Buffer.alloc(12), word]))
      expect(createAesKey(key).lastWord(word.readInt32BE()), key.toString('hex')).toBe(block.readInt32BE(12))
    }
  })
})

describe('the key of a changing address', () => {
  test('is found by its place', () => {
    const resolve = createResolver([bytes('00'.repeat(16)), bytes(irk)])
    expect(resolve(resolvable)).toBe(1)
  })

  test.each([
    ['another address', irk, '70:81:94:0D:FB:AB'],
    ['another key', '00'.repeat(16), '70:81:94:0D:FB:AA'],
    ['the key written backwards', Buffer.from(bytes(irk)).reverse().toString('hex'), '70:81:94:0D:FB:AA'],
  ])('does not fit %s', (_, key, address) => {
    expect(createResolver([bytes(key)])(bytes(address))).toBe(-1)
  })
})

describe('the class of an address', () => {
  test.each([
    ['random', '4A:11:22:33:44:55', 'resolvable'],
    ['random', '0A:11:22:33:44:55', 'non-resolvable'],
    ['random', '8A:11:22:33:44:55', 'reserved'],
    ['random', 'CA:11:22:33:44:55', 'static'],
    ['public', 'C0:11:22:33:44:55', 'public'],
    ['public', '4A:11:22:33:44:55', 'public'],
  ] as const)('%s %s is %s', (type, address, expected) => {
    expect(addressClass(type, bytes(address))).toBe(expected)
  })
})

test('the UUID of those who are not counted stands in an advert back to front', () => {
  expect(doNotCountBytes.toReversed()).toEqual(bytes(doNotCountUuid))
})
