import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { SlotFile } from './slot-file.ts'

/** What recognises a shopper's tag. It lies in its slot and nowhere else: never in the database, a log or a copy. */
export interface SlotKey {
  /** 16 bytes. */
  readonly identityKey: Buffer
  /** The identifier changes every 2^exponent seconds. */
  readonly exponent: number
  /** The tag's clock in seconds when it was enrolled, and when that was in ms since 1970. */
  readonly counter: number
  readonly enrolledAt: number
}

/**
 * Identity keys in places of 64 bytes, each encrypted under the box's key and bound to its place and record. Erasing writes
 * random bytes over the place and returns when they are on the disk. Not promised: what a flash controller keeps of the old
 * block inside itself, and copies that a file system makes which does not write in place.
 */
export interface KeySlots {
  readonly count: number
  /** Returns when the key is on the disk. */
  put(slot: number, record: string, key: SlotKey): void
  /** undefined when the place holds no key of this record. */
  take(slot: number, record: string): SlotKey | undefined
  /** Returns when the key is gone from the disk. */
  erase(slot: number): void
  /** The same for every place at once. */
  eraseAll(): void
  close(): void
}

export const slotBytes = 64
export const usualSlots = 100_000

const nonceLength = 12
const tagLength = 16
const plainLength = slotBytes - nonceLength - tagLength
const version = 1

/** @param boxKey 32 bytes */
export function openKeySlots(file: SlotFile, boxKey: Buffer, count: number = usualSlots): KeySlots {
  function place(slot: number): number {
    if (!Number.isInteger(slot) || slot < 0 || slot >= count) throw new RangeError('there is no such slot')
    return slot * slotBytes
  }

  return {
    count,
    put(slot, record, key) {
      file.write(place(slot), sealSlot(boxKey, bindingOf(slot, record), key))
      file.sync()
    },
    take: (slot, record) => openSlot(boxKey, bindingOf(slot, record), file.read(place(slot), slotBytes)),
    erase(slot) {
      file.write(place(slot), randomBytes(slotBytes))
      file.sync()
    },
    eraseAll() {
      const several = 4096
      for (let slot = 0; slot < count; slot += several) {
        file.write(place(slot), randomBytes(Math.min(several, count - slot) * slotBytes))
      }
      file.sync()
    },
    close: () => file.close(),
  }
}

// A key that was moved to another place, or whose place a restored database gives to another record, opens for nobody.
function bindingOf(slot: number, record: string): Buffer {
  return Buffer.from(`drempel key slot/${version} ${slot} ${record}`)
}

/** nonce 12, then encrypted: version 1, exponent 1, identity key 16, counter 4, ms 6, spare 8; then the tag 16. */
function sealSlot(boxKey: Buffer, binding: Buffer, { identityKey, exponent, counter, enrolledAt }: SlotKey): Buffer {
  const plain = Buffer.alloc(plainLength)
  plain[0] = version
  plain[1] = exponent
  identityKey.copy(plain, 2, 0, 16)
  plain.writeUInt32BE(counter, 18)
  plain.writeUIntBE(enrolledAt, 22, 6)
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', boxKey, nonce).setAAD(binding)
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  plain.fill(0)
  return sealed
}

function openSlot(boxKey: Buffer, binding: Buffer, sealed: Buffer): SlotKey | undefined {
  const decipher = createDecipheriv('aes-256-gcm', boxKey, sealed.subarray(0, nonceLength), {
    authTagLength: tagLength,
  })
  decipher.setAAD(binding).setAuthTag(sealed.subarray(-tagLength))
  const plain = decipher.update(sealed.subarray(nonceLength, -tagLength))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  if (plain[0] !== version) return undefined
  const identityKey = Buffer.alloc(16)
  plain.copy(identityKey, 0, 2, 18)
  const key = { identityKey, exponent: plain[1]!, counter: plain.readUInt32BE(18), enrolledAt: plain.readUIntBE(22, 6) }
  plain.fill(0)
  return key
}
