import { createCipheriv } from 'node:crypto'
import { type Sealed, unseal } from '../base/sealed.ts'
import type { Advert } from '../drivers/reading.ts'
import type { Bits } from './mechanism.ts'

/**
 * Turns addresses into pseudonyms under one key that was never written and is destroyed by `end`. From then on nobody,
 * this process included, can tell which address a pseudonym belonged to, nor make the same one again.
 */
export interface Pseudonyms {
  /**
   * The first 48 bits of AES-128 of the address: two addresses share them with a chance of 2^-48, so that 10,000 count
   * right but once in five million times. The bytes are true until the next call.
   */
  of(advert: Sealed<Advert>): Uint8Array
  /** Overwrites the key and lets the cipher free what it made of it. */
  end(): void
}

/** Bytes of a pseudonym. */
export const pseudonymLength = 6
const addressLength = 6
const blockLength = 16

/** @param bits where the key comes from: the kernel's generator */
export function openPseudonyms(bits: Bits): Pseudonyms {
  // Small buffers live on the heap of V8, which copies them about; one of a page is never copied.
  const page = new Uint8Array(4096)
  const key = page.subarray(0, blockLength)
  const block = page.subarray(64, 64 + blockLength)
  const pseudonym = page.subarray(128, 128 + pseudonymLength)
  bits(Buffer.from(key.buffer, key.byteOffset, key.length))
  // One block is encrypted at a time and none is told, so that the simplest mode is right, and a third of the cost of HMAC.
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)

  return {
    of(advert) {
      block.set(unseal(advert).address, blockLength - addressLength)
      const encrypted = cipher.update(block)
      block.fill(0)
      for (let i = 0; i < pseudonymLength; i++) pseudonym[i] = encrypted[i]!
      for (let i = 0; i < blockLength; i++) encrypted[i] = 0
      return pseudonym
    },
    end() {
      page.fill(0)
      cipher.final()
    },
  }
}
