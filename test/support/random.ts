import { createCipheriv } from 'node:crypto'
import type { Bits } from '../../src/privacy/mechanism.ts'

/** A seeded generator for tests (mulberry32): the same seed gives the same run. Never for the wall. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Uniform bytes that are the same at every run: AES in counter mode over zeros. */
export function seededBits(seed: number): Bits {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(seed)
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  return (bytes) => void stream.update(Buffer.alloc(bytes.length)).copy(bytes)
}
