import type { Clock } from '../base/clock.ts'
import { day, second } from '../base/duration.ts'
import type { Consents } from './consents.ts'

/** What knows tags by what they say; observations/tag-book.ts. */
export interface Book {
  add(key: TagClock): number
  remove(tag: number): void
  refresh(at: number): void
  counterOf(tag: number, at: number): number
}

export interface TagClock {
  readonly identityKey: Uint8Array
  readonly exponent: number
  readonly counter: number
  readonly at: number
  readonly age: number
}

/**
 * Which records have a tag that may be recognised at this moment. Keys come from their slots one record at a time, are
 * handed to the book and overwritten here; whatever ends takes its key out of memory at once.
 */
export interface TagRing {
  recordOf(tag: number): string | undefined
  /** Something about this record changed: its key goes out, and in again if it may be recognised. */
  renew(record: string): void
  /** Its tag was heard after a while: the week, and once a week its clock, are kept. */
  noteArrival(tag: number): void
  tick(at: number): void
  clear(): void
}

const atOnce = 500
const clockEvery = 7 * day

export function createTagRing(consents: Consents, book: Book, clock: Clock): TagRing {
  const tagOf = new Map<string, number>()
  const records: (string | undefined)[] = []
  const clockKeptAt = new Map<number, number>()
  let toLoad: string[] | undefined

  function renew(record: string): void {
    takeOut(record)
    const key = consents.keyOf(record)
    if (!key) return
    const age = Math.max(0, (clock.now() - key.enrolledAt) / second)
    const tag = book.add({ ...key, counter: key.counter + age, at: clock.monotonic(), age })
    key.identityKey.fill(0)
    tagOf.set(record, tag)
    records[tag] = record
    clockKeptAt.set(tag, key.enrolledAt)
  }

  function takeOut(record: string): void {
    const tag = tagOf.get(record)
    if (tag === undefined) return
    book.remove(tag)
    tagOf.delete(record)
    records[tag] = undefined
    clockKeptAt.delete(tag)
  }

  // A hundred thousand keys take a moment, and counting must not wait for them.
  function load(): void {
    toLoad ??= [...consents.records()].map(({ id }) => id)
    for (const record of toLoad.splice(0, atOnce)) if (!tagOf.has(record)) renew(record)
  }

  function keepClock(tag: number, record: string): void {
    const key = consents.keyOf(record)
    if (!key) return
    const counter = book.counterOf(tag, clock.monotonic())
    consents.noteClock(record, { ...key, counter, enrolledAt: Math.floor(clock.now()) })
    key.identityKey.fill(0)
    clockKeptAt.set(tag, clock.now())
  }

  return {
    recordOf: (tag) => records[tag],
    renew,
    noteArrival(tag) {
      const record = records[tag]
      if (record === undefined) return
      consents.noteSeen(record)
      if (clock.now() - (clockKeptAt.get(tag) ?? 0) >= clockEvery) keepClock(tag, record)
    },
    tick(at) {
      if (!toLoad || toLoad.length > 0) load()
      book.refresh(at)
    },
    clear() {
      for (const record of [...tagOf.keys()]) takeOut(record)
      toLoad = []
    },
  }
}
