import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { day, minute, second } from '../../src/base/duration.ts'
import { eidOf } from '../../src/base/eddystone-eid.ts'
import { createEidTable } from '../../src/observations/eid-table.ts'
import { createTagBook, type TagKey } from '../../src/observations/tag-book.ts'
import { seededRandom } from '../support/random.ts'

const quantum = 1024 * second

/** A tag whose clock runs as fast as it says. */
function aTag(changes: Partial<TagKey> & { ppm?: number } = {}) {
  const key: TagKey = { identityKey: randomBytes(16), exponent: 10, counter: 65_000, at: 0, age: 0, ...changes }
  const counter = (at: number) => key.counter + ((at - key.at) / second) * (1 + (changes.ppm ?? 0) / 1e6)
  const says = (at: number) => eidOf(key.identityKey, key.exponent, Math.floor(counter(at)) % 2 ** 32)
  return { key, counter, says }
}

describe('a table of identifiers', () => {
  it('holds what a plain map holds, through a hundred thousand random changes', () => {
    const random = seededRandom(5)
    const table = createEidTable()
    const model = new Map<string, [number, number, number]>()
    const word = () => Math.floor(random() * 2 ** 32)
    for (let i = 0; i < 100_000; i++) {
      // Few homes, so that searches run into each other and around the end.
      const [high, low] = [word(), ((word() >>> 26) << 26) >>> 0 || 0xffff_ffff]
      if (random() < 0.55) {
        table.put(high, low, i)
        model.set(`${high} ${low}`, [high, low, i])
      } else {
        const [key, gone] = model.entries().next().value ?? []
        if (!key || !gone) continue
        table.remove(...gone)
        model.delete(key)
      }
      if (model.size > 900) {
        const [key, gone] = model.entries().next().value!
        table.remove(...gone)
        model.delete(key)
      }
    }
    expect(table.size).toBe(model.size)
    for (const [high, low, value] of model.values())
      expect([table.find(high, low), table.mayHold(low)]).toEqual([value, true])
  })

  it('grows, and leaves nothing of what was taken out', () => {
    const table = createEidTable()
    const all = Array.from({ length: 5000 }, (_, i) => [(i * 2654435761) >>> 0, (i * 40503 * 65537) >>> 0, i] as const)
    for (const one of all) table.put(...one)
    for (const [high, low, value] of all) expect(table.find(high, low)).toBe(value)
    for (const one of all) table.remove(...one)
    expect(table.size).toBe(0)
    expect(all.filter(([, low]) => table.mayHold(low)).length).toBeLessThan(all.length / 2)
    for (const [high, low] of all) expect(table.find(high, low)).toBe(-1)
  })
})

describe('tags that are known', () => {
  it('are known by what they say now, before and after, and by nothing else', () => {
    const book = createTagBook()
    const { key, says } = aTag()
    const tag = book.add(key)
    for (const at of [0, quantum, -quantum]) expect(createTagBookWith(key).find(says(at), 0, 0)).toBe(tag)
    for (const at of [2, -2, 9, -9]) expect(book.find(says(at * quantum), 0, 0)).toBe(-1)
  })

  function createTagBookWith(...keys: TagKey[]) {
    const book = createTagBook()
    for (const key of keys) book.add(key)
    return book
  }

  it('are known across 20 changes and more than a temporary key, each for itself', () => {
    const book = createTagBook()
    const tags = Array.from({ length: 50 }, (_, i) => aTag({ counter: 65_280 + i * 997 }))
    const numbers = tags.map(({ key }) => book.add(key))
    for (let at = 0; at < 90 * quantum; at += 100 * second) {
      book.refresh(at)
      const i = Math.floor(at / second) % 50
      expect(book.find(tags[i]!.says(at), 0, at)).toBe(numbers[i])
    }
  })

  it.each([150, -150])('are followed for a year though their clock is wrong by %i in a million', (ppm) => {
    const book = createTagBook()
    const { key, says } = aTag({ ppm })
    const tag = book.add(key)
    for (let at = 0; at < 365 * day; at += 3 * day) {
      for (let now = at; now < at + 40 * minute; now += minute) {
        book.refresh(now)
        expect(book.find(says(now), 0, now)).toBe(tag)
      }
    }
    expect(book.replayed).toBe(0)
  })

  it('are found again once after more than 60 days, when their clock may have drifted by several changes', () => {
    const { key, says } = aTag({ ppm: 150 })
    const away = 200 * day
    const late = { ...key, counter: key.counter + away / second, at: away, age: away / second }
    const book = createTagBookWith(late)
    expect(book.find(says(away), 0, away)).toBe(0)
    expect(createTagBookWith({ ...late, age: 10 }).find(says(away), 0, away)).toBe(-1)
    // From then on it is looked for near by only.
    expect(book.find(says(away + 4 * quantum), 0, away)).toBe(-1)
  })

  it.each([1, 10, 300])(
    'cannot be played again: an old identifier is heard for three changes at most, every %i s',
    (every) => {
      const book = createTagBook()
      const { key, says } = aTag({ counter: 0 })
      book.add(key)
      const recorded = says(0)
      let last = 0
      for (let at = 0; at < 20 * quantum; at += every * second) {
        book.refresh(at)
        if (book.find(recorded, 0, at) >= 0) last = at
      }
      expect(last).toBeLessThanOrEqual(3 * quantum)
      const now = 20 * quantum
      book.refresh(now)
      expect(book.find(says(now), 0, now)).toBe(0)
    },
  )

  it('are not known by an identifier older than the one before the last that was heard', () => {
    const { key, says } = aTag({ counter: 0 })
    const book = createTagBookWith(key)
    const at = 5 * quantum
    book.refresh(at)
    // It runs ahead: what was heard last is one further than our clock.
    expect(book.find(says(at + quantum), 0, at)).toBe(0)
    expect(book.find(says(at - quantum), 0, at)).toBe(-1)
  })

  it('leave nothing when they go: no identifier, and no key in memory', () => {
    const book = createTagBook()
    const { key, says } = aTag()
    const other = aTag()
    const tag = book.add(key)
    const stays = book.add(other.key)
    book.remove(tag)
    for (const at of [-quantum, 0, quantum]) expect(book.find(says(at), 0, 0)).toBe(-1)
    expect(book.find(other.says(0), 0, 0)).toBe(stays)
    expect(book.size).toBe(1)
    expect(book.add(aTag().key)).toBe(tag)
  })

  it('survive a box that slept for a day', () => {
    const { key, says } = aTag()
    const book = createTagBookWith(key)
    book.refresh(day)
    expect(book.find(says(day), 0, day)).toBe(0)
  })

  it('are none of a million strangers', () => {
    const book = createTagBook(1000)
    for (let i = 0; i < 1000; i++) book.add(aTag({ counter: i * 5000 }).key)
    const random = seededRandom(9)
    const foreign = new Uint8Array(8)
    let found = 0
    for (let i = 0; i < 1_000_000; i++) {
      for (let at = 0; at < 8; at++) foreign[at] = Math.floor(random() * 256)
      if (book.find(foreign, 0, 0) >= 0) found++
    }
    expect(found).toBe(0)
  })
})
