import { randomFillSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAddressSet } from '../../src/privacy/address-set.ts'
import { type Bits, cryptoBits } from '../../src/privacy/mechanism.ts'
import { openPseudonyms } from '../../src/privacy/pseudonym.ts'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { advertOf } from '../support/wall.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

/** Bits that also hand out the buffer that they filled: the key itself, not a copy. */
function watched(): { bits: Bits; keys: Buffer[] } {
  const keys: Buffer[] = []
  const bits = cryptoBits()
  return {
    keys,
    bits(bytes) {
      bits(bytes)
      keys.push(bytes)
    },
  }
}

describe('a pseudonym', () => {
  it('is the same for an address as long as the key lives, and another for any other', () => {
    const pseudonyms = openPseudonyms(cryptoBits())
    const first = hex(pseudonyms.of(advertOf(1)))
    const others = Array.from({ length: 1000 }, (_, i) => hex(pseudonyms.of(advertOf(i + 2))))
    expect(hex(pseudonyms.of(advertOf(1)))).toBe(first)
    expect(new Set([first, ...others]).size).toBe(1001)
  })

  it('is the first 48 bits of AES-128', () => {
    // printf '\0\0\0\0\0\0\0\0\0\0\xc0\0\0\0\0\x01' | openssl enc -aes-128-ecb -nopad -K 000102030405060708090a0b0c0d0e0f
    const pseudonyms = openPseudonyms(
      (bytes) => void Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex').copy(bytes),
    )
    expect(hex(pseudonyms.of(advertOf(1)))).toBe('b0a2b39af928')
  })

  it('is another under the next key', () => {
    const [one, next] = [openPseudonyms(cryptoBits()), openPseudonyms(cryptoBits())]
    expect(hex(one.of(advertOf(1)))).not.toBe(hex(next.of(advertOf(1))))
  })

  it('ends with its key overwritten, and with nothing of an address or pseudonym where they were', () => {
    const { bits, keys } = watched()
    const pseudonyms = openPseudonyms(bits)
    const page = new Uint8Array(keys[0]!.buffer)
    const pseudonym = pseudonyms.of(advertOf(1))
    expect(isBlank(pseudonym)).toBe(false)
    expect(isBlank(keys[0]!)).toBe(false)
    expect(Buffer.from(page).includes(Buffer.from('c00000000001', 'hex'))).toBe(false)
    pseudonyms.end()
    expect([page, keys[0]!, pseudonym].every(isBlank)).toBe(true)
    expect(() => pseudonyms.of(advertOf(1))).toThrow()
  })
})

/** As small a space as makes the same pseudonyms come again, the one of zeros too. */
function pseudonymIn(random: () => number, space: number): Uint8Array {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntLE(Math.floor(random() * space) * 4_294_967_291, 0, 6)
  return bytes
}

describe('a set of pseudonyms', () => {
  it('is exact, whatever comes in whatever order', () => {
    for (let seed = 1; seed <= trials(40, 1000); seed++) {
      const random = seededRandom(seed)
      const space = 2 ** Math.ceil(random() * 15)
      const [set, model] = [createAddressSet(100_000), new Set<string>()]
      for (let i = 0; i < 3000; i++) {
        const pseudonym = pseudonymIn(random, space)
        model.add(hex(pseudonym))
        expect(set.add(pseudonym)).toBe(true)
        if (set.size !== model.size) expect(set.size, `seed ${seed}, entry ${i}`).toBe(model.size)
      }
    }
  })

  it('takes at most 12 bytes an entry at any size, old segments that are being copied included', () => {
    let live = 0
    const set = createAddressSet(200_000, (length) => {
      live += length
      return new ArrayBuffer(length)
    })
    const bytes = Buffer.alloc(6)
    for (let i = 1; i <= 200_000; i++) {
      randomFillSync(bytes)
      const before = set.byteLength
      live = 0
      set.add(bytes)
      if (set.byteLength > 12 * set.size) expect(set.byteLength, `size ${set.size}`).toBe(0)
      // While a segment grows its old form is there too.
      if (i > 5000 && before + live > 16 * set.size) expect(before + live, `growing at ${set.size}`).toBe(0)
    }
    expect(set.size).toBe(200_000)
    expect(set.byteLength / set.size).toBeGreaterThan(6)
  })

  it('refuses what is beyond its limit, and still knows what it has', () => {
    const set = createAddressSet(10)
    const all = Array.from({ length: 20 }, (_, i) => Buffer.from([i, 1, 2, 3, 4, 5]))
    expect(all.map((one) => set.add(one))).toEqual(all.map((_, i) => i < 10))
    expect(set.add(all[3]!)).toBe(true)
    expect(set.add(Buffer.alloc(6))).toBe(false)
    expect(set.size).toBe(10)
  })

  it('is overwritten and let go when wiped, also what it grew out of', () => {
    const buffers: ArrayBuffer[] = []
    const set = createAddressSet(10_000, (length) => {
      const buffer = new ArrayBuffer(length)
      buffers.push(buffer)
      return buffer
    })
    const bytes = Buffer.alloc(6)
    for (let i = 0; i < 5000; i++) set.add(randomFillSync(bytes))
    const full = buffers.filter((buffer) => !isBlank(new Uint8Array(buffer)))
    expect(full.length).toBe(64)
    set.wipe()
    expect(buffers.every((buffer) => isBlank(new Uint8Array(buffer)))).toBe(true)
    expect([set.size, set.byteLength]).toEqual([0, 0])
  })
})
