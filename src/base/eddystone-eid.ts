import { type AesKey, createAesKey } from './aes.ts'

/**
 * What a tag with this identity key sends at each moment: eight bytes that only a holder of the key can tell from random
 * ones (google/eddystone, eddystone-eid/eid-computation.md).
 */
export interface EidSource {
  /** Writes the identifier in force at `seconds` of the tag's own clock, which wraps at 2^32. */
  write(seconds: number, target: Uint8Array, offset?: number): void
  /** Overwrites every key it holds. What it writes from then on is worth nothing. */
  forget(): void
}

export const eidLength = 8
/** A temporary key serves this many seconds. */
const temporarySpan = 2 ** 16

/** @param exponent the identifier changes every 2^exponent seconds; 0 to 15 */
export function createEidSource(identityKey: Uint8Array, exponent: number): EidSource {
  const identity = createAesKey(identityKey)
  const block = new Int32Array(4)
  let temporary: AesKey | undefined
  let span = -1

  function temporaryKey(seconds: number): AesKey {
    const wanted = Math.floor(seconds / temporarySpan)
    if (temporary && wanted === span) return temporary
    temporary?.forget()
    span = wanted
    // Bytes 0 to 10 are zero, byte 11 is FF, 12 and 13 are zero, then the clock's upper half.
    setBlock(block, 0xff, wanted)
    identity.encrypt(block)
    const key = bytesOf(block)
    temporary = createAesKey(key)
    key.fill(0)
    return temporary
  }

  return {
    write(seconds, target, offset = 0) {
      const clock = Math.floor(seconds) >>> 0
      const key = temporaryKey(clock)
      setBlock(block, exponent, (clock >>> exponent) << exponent)
      key.encrypt(block)
      for (let i = 0; i < eidLength; i++) target[offset + i] = block[i >> 2]! >>> (24 - 8 * (i & 3))
      block.fill(0)
    },
    forget() {
      identity.forget()
      temporary?.forget()
    },
  }
}

/** One identifier, for whoever needs no more. */
export function eidOf(identityKey: Uint8Array, exponent: number, seconds: number): Buffer {
  const source = createEidSource(identityKey, exponent)
  const eid = Buffer.alloc(eidLength)
  source.write(seconds, eid)
  source.forget()
  return eid
}

function setBlock(block: Int32Array, third: number, fourth: number): void {
  block[0] = 0
  block[1] = 0
  block[2] = third
  block[3] = fourth
}

function bytesOf(block: Int32Array): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => block[i >> 2]! >>> (24 - 8 * (i & 3)))
}
