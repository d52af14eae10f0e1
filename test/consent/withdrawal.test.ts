import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import type { Consents } from '../../src/consent/consents.ts'
import { openKeySlots, slotBytes } from '../../src/consent/key-slots.ts'
import type { Mark } from '../../src/consent/mark.ts'
import type { SlotFile } from '../../src/consent/slot-file.ts'
import { aKey, aShop, aWish, boxKey, joined, noon, type Shop, usualSlotCount } from './shop.ts'

let prepared: Shop
let record = ''
beforeEach(() => {
  prepared = aShop()
  record = joined(prepared.open(), aWish(), aKey()).record
  prepared.close()
})
afterEach(() => prepared.remove())

const slotsOf = (folder: string) => readFileSync(join(folder, 'consent.keys'))
const isKeyThere = (bytes: Buffer) => {
  return openKeySlots(memoryFile(bytes), boxKeysOf(boxKey).slots, usualSlotCount).take(0, record) !== undefined
}

/** Either nothing happened, or all of it did. */
function expectWholeOrNothing(consents: Consents, bytes: Buffer, wasConfirmed: boolean): 'whole' | 'nothing' {
  const isWhole = !consents.isGranted(record, 'offers')
  expect(isKeyThere(bytes)).toBe(!isWhole)
  expect(consents.record(record)!.isErased).toBe(isWhole)
  expect(consents.keyOf(record) === undefined).toBe(isWhole)
  expect(consents.verify().state).toBe('sound')
  if (wasConfirmed) expect(isWhole).toBe(true)
  return isWhole ? 'whole' : 'nothing'
}

test('a withdrawal under kill -9 at any step is not confirmed, or complete', () => {
  const outcomes: string[] = []
  for (let step = 1; step < 40; step++) {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-killed-'))
    cpSync(prepared.folder, folder, { recursive: true })
    const child = spawnSync(process.execPath, ['test/consent/withdraw-process.ts', folder, String(step)])
    const said = child.stdout.toString()
    const left = slotsOf(folder)
    if (said.includes('confirmed')) expect(isKeyThere(left)).toBe(false)
    const shop = aShop(manualClock(noon), folder)
    const consents = shop.open()
    outcomes.push(
      `${said.includes('confirmed')} ${expectWholeOrNothing(consents, slotsOf(folder), said.includes('confirmed'))}`,
    )
    shop.remove()
    if (child.signal === null) {
      expect(child.status, child.stderr.toString()).toBe(0)
      break
    }
    expect(child.signal).toBe('SIGKILL')
  }
  // Each of the three ends was seen: before it was durable, after, and after it was confirmed.
  expect(new Set(outcomes)).toEqual(new Set(['false nothing', 'false whole', 'true whole']))
  expect(outcomes.length).toBeGreaterThan(9)
})

class PowerCut extends Error {}

/** A disk that keeps what was synced and, of the rest, as much as chance will have; the power fails at one step. */
function failingDisk(failAt: number, keepsUnsynced: boolean) {
  let steps = 0
  const step = () => {
    if (++steps === failAt) throw new PowerCut()
  }
  return (file: SlotFile): SlotFile => {
    let waiting: [number, Buffer][] = []
    const flush = () => {
      for (const [at, bytes] of waiting) file.write(at, bytes)
      waiting = []
    }
    return {
      ...file,
      write(at, bytes) {
        step()
        waiting.push([at, Buffer.from(bytes)])
        if (keepsUnsynced) flush()
        step()
      },
      sync() {
        step()
        flush()
        file.sync()
        step()
      },
    }
  }
}

describe('a power cut', () => {
  test.each([true, false])(
    'at any write of a key leaves it whole or gone (unsynced writes kept: %s)',
    (keepsUnsynced) => {
      for (let failAt = 1; failAt <= 4; failAt++) {
        const folder = mkdtempSync(join(tmpdir(), 'drempel-cut-'))
        cpSync(prepared.folder, folder, { recursive: true })
        const shop = aShop(manualClock(noon), folder)
        const before = shop.open({ wrapSlots: failingDisk(failAt, keepsUnsynced) })
        expect(() => before.withdraw(record, 'all', 'page')).toThrow(PowerCut)
        const erased = before.entriesOf(record).some(({ type }) => type === 'erased')
        if (erased) expect(isKeyThere(slotsOf(folder))).toBe(false)
        expect(expectWholeOrNothing(shop.open(), slotsOf(folder), false)).toBe('whole')
        shop.remove()
      }
    },
  )

  test('is made good at the next start, also while the clock is not trusted yet', () => {
    const clock = manualClock(noon)
    const shop = aShop(clock)
    const before = shop.open({ wrapSlots: failingDisk(5, false) })
    const { record: id } = joined(before)
    expect(() => before.withdraw(id, 'all', 'page')).toThrow(PowerCut)
    clock.setTrusted(false)
    expect(shop.open().record(id)).toMatchObject({ isErased: true })
    const slots = openKeySlots(memoryFile(slotsOf(shop.folder)), boxKeysOf(boxKey).slots, usualSlotCount)
    expect(slots.take(0, id)).toBeUndefined()
    shop.remove()
  })

  test('or a full disk while the mark is written leaves no key of what is already withdrawn', () => {
    const shop = aShop()
    let isFull = false
    const wrapMark = (mark: Mark): Mark => ({
      ...mark,
      write(head) {
        if (isFull) throw new PowerCut()
        mark.write(head)
      },
    })
    const before = shop.open({ wrapMark })
    const { record: id } = joined(before)
    isFull = true
    expect(() => before.withdraw(id, 'all', 'page')).toThrow(PowerCut)
    const slots = openKeySlots(memoryFile(slotsOf(shop.folder)), boxKeysOf(boxKey).slots, usualSlotCount)
    expect(slots.take(0, id)).toBeUndefined()
    expect(shop.open().isGranted(id, 'offers')).toBe(false)
    shop.remove()
  })

  test('while somebody enrols leaves neither a grant nor a key that no record knows of', () => {
    for (let failAt = 1; failAt <= 4; failAt++) {
      const shop = aShop()
      const before = shop.open({ wrapSlots: failingDisk(failAt, true) })
      const key = aKey()
      expect(() => before.enrol(aWish(), key)).toThrow(PowerCut)
      const consents = shop.open()
      const [found] = [...consents.records()]
      expect(found).toMatchObject({ isErased: true })
      expect(found!.purposes.size).toBe(0)
      const slots = openKeySlots(memoryFile(slotsOf(shop.folder)), boxKeysOf(boxKey).slots, usualSlotCount)
      for (let slot = 0; slot < usualSlotCount; slot++) expect(slots.take(slot, found!.id)).toBeUndefined()
      expect(shop.news()).toEqual([])
      shop.remove()
    }
  })
})

function memoryFile(bytes: Buffer): SlotFile {
  expect(bytes).toHaveLength(usualSlotCount * slotBytes)
  return { read: (at, length) => bytes.subarray(at, at + length), write() {}, sync() {}, close() {} }
}
