import { spawnSync } from 'node:child_process'
import { createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { eidOf } from '../../src/base/eddystone-eid.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import { openKeySlots, slotBytes } from '../../src/consent/key-slots.ts'
import { openSlotFile, overwritesInPlace } from '../../src/consent/slot-file.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { aKey, aShop, aWish, boxKey, joined, noon, type Shop } from './shop.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drempel-slots-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const slotKey = boxKeysOf(boxKey).slots
const open = (count = 8, key = slotKey) =>
  openKeySlots(openSlotFile(join(folder, 'keys'), count * slotBytes), key, count)
const bytesOf = (slot: number) => readFileSync(join(folder, 'keys')).subarray(slot * slotBytes, (slot + 1) * slotBytes)

describe('the slots of identity keys', () => {
  test('give back what was put, after closing too, and only to its record and place', () => {
    const key = aKey()
    let slots = open()
    slots.put(3, 'anna', key)
    slots.close()
    slots = open()
    expect(slots.take(3, 'anna')).toEqual(key)
    expect(slots.take(3, 'bert')).toBeUndefined()
    expect(slots.take(4, 'anna')).toBeUndefined()
    slots.close()
    const foreign = open(8, randomBytes(32))
    expect(foreign.take(3, 'anna')).toBeUndefined()
    foreign.close()
  })

  test('hold nothing that can be read without the key of the box', () => {
    const slots = open()
    const key = aKey()
    slots.put(0, 'anna', key)
    slots.put(1, 'anna', key)
    slots.close()
    const file = readFileSync(join(folder, 'keys'))
    expect(file.includes(key.identityKey)).toBe(false)
    expect(bytesOf(0).equals(bytesOf(1))).toBe(false)
  })

  test.each(Array.from({ length: slotBytes }, (_, i) => i))('notice a change of byte %i', (at) => {
    const slots = open()
    slots.put(0, 'anna', aKey())
    const file = openSlotFile(join(folder, 'keys'), 8 * slotBytes)
    file.write(at, Buffer.from([file.read(at, 1)[0]! ^ 1]))
    file.close()
    expect(slots.take(0, 'anna')).toBeUndefined()
    slots.close()
  })

  test('are overwritten where they lie: same file, same size, nothing of the old bytes', () => {
    const slots = open()
    for (const slot of [0, 1, 2]) slots.put(slot, 'anna', aKey())
    const before = [0, 1, 2].map((slot) => Buffer.from(bytesOf(slot)))
    const inode = statSync(join(folder, 'keys')).ino
    slots.erase(1)
    expect(slots.take(1, 'anna')).toBeUndefined()
    expect([bytesOf(0), bytesOf(2)]).toEqual([before[0], before[2]])
    for (let i = 0; i < slotBytes; i += 16) {
      expect(
        bytesOf(1)
          .subarray(i, i + 16)
          .equals(before[1]!.subarray(i, i + 16)),
      ).toBe(false)
    }
    expect(statSync(join(folder, 'keys'))).toMatchObject({ ino: inode, size: 8 * slotBytes, mode: 0o100600 })
    slots.eraseAll()
    for (const slot of [0, 1, 2]) expect(slots.take(slot, 'anna')).toBeUndefined()
    slots.close()
  })

  test.each([-1, 8, 1.5, Number.NaN])('have no place %f', (slot) => {
    const slots = open()
    expect(() => slots.erase(slot)).toThrow(RangeError)
    expect(() => slots.put(slot, 'anna', aKey())).toThrow(RangeError)
    slots.close()
  })

  test('are refused when the file has another size or is none', () => {
    open().close()
    truncateSync(join(folder, 'keys'), 100)
    expect(() => open()).toThrow(expect.objectContaining({ code: 'CONSENT_SLOTS_BROKEN' }))
    expect(() => openSlotFile(folder, 64)).toThrow(expect.objectContaining({ code: 'CONSENT_SLOTS_BROKEN' }))
    expect(() => openSlotFile(join(folder, 'no', 'keys'), 64)).toThrow(
      expect.objectContaining({ code: 'CONSENT_SLOTS_BROKEN' }),
    )
  })

  test('look the same whether empty or full', () => {
    // Ones in 6,400 random bytes: 25,600 of 51,200 with a deviation of 113; six of those miss once in 10^9.
    open(100).close()
    const ones = [...readFileSync(join(folder, 'keys'))].reduce(
      (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
      0,
    )
    expect(Math.abs(ones - 25_600)).toBeLessThan(6 * 113)
  })
})

/** What somebody finds who has the whole disk and every key that is on it: each identifier a slot could make at this moment. */
function idsOn(image: Buffer, exponent: number, seconds: number): Set<string> {
  const found = new Set<string>()
  for (let at = 0; at + slotBytes <= image.length; at += slotBytes) {
    const slot = image.subarray(at, at + slotBytes)
    if (slot[0] === 0 && slot.every((byte) => byte === 0)) continue
    // GCM without its tag is CTR from 2 on: no record or place need be known.
    const start = Buffer.concat([slot.subarray(0, 12), Buffer.from([0, 0, 0, 2])])
    const plain = createDecipheriv('aes-256-ctr', slotKey, start).update(slot.subarray(12, 48))
    found.add(eidOf(plain.subarray(2, 18), exponent, seconds).toString('hex'))
  }
  return found
}

const mounts = canMount()

describe.skipIf(!mounts)('a disk that is copied after a withdrawal', () => {
  let disk: SmallDisk
  let shop: Shop
  const dd = (name: string): Buffer => {
    shop.close()
    spawnSync('sync', ['-f', disk.path])
    const copy = join(folder, name)
    expect(spawnSync('dd', [`if=${disk.image}`, `of=${copy}`, 'bs=1M'], { stdio: 'ignore' }).status).toBe(0)
    return readFileSync(copy)
  }

  test('cannot make any identifier of that shopper, with every key that is on it', () => {
    disk = mountSmallDisk(12)!
    try {
      expect(overwritesInPlace(disk.path)).toBe(true)
      shop = aShop(manualClock(noon), disk.path)
      const people = ['gone', 'stays', 'another'].map(() => ({ key: aKey(), record: '' }))
      const consents = shop.open()
      for (const one of people) one.record = joined(consents, aWish(), one.key).record
      const eids = (seconds: number) => people.map(({ key }) => eidOf(key.identityKey, 10, seconds).toString('hex'))
      const before = dd('before')
      const sealed = before
        .subarray(before.indexOf(readFileSync(join(disk.path, 'consent.keys')).subarray(0, slotBytes)))
        .subarray(0, slotBytes)
      // The search finds who is there: otherwise finding nobody would say nothing.
      const foundBefore = idsOn(before, 10, 80_000)
      expect(eids(80_000).map((eid) => foundBefore.has(eid))).toEqual([true, true, true])

      shop.open().withdraw(people[0]!.record, 'all', 'page')
      const after = dd('after')
      for (const seconds of [0, 70_000, 80_000]) {
        const found = idsOn(after, 10, seconds)
        expect(eids(seconds).map((eid) => found.has(eid))).toEqual([false, true, true])
      }
      expect(before.includes(sealed)).toBe(true)
      expect(after.includes(sealed)).toBe(false)
      expect(after.includes(people[0]!.key.identityKey)).toBe(false)
    } finally {
      shop?.close()
      disk.remove()
    }
  })
})
