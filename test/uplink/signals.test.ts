import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { day } from '../../src/base/duration.ts'
import type { Grant } from '../../src/consent/grant.ts'
import { encodeConsent, encodeLost, encodeSignal, encodeVoid, type Outgoing } from '../../src/uplink/feed.ts'
import { createKeeper } from '../../src/uplink/keeper.ts'
import { message, noon, type TestOutbox, testOutbox } from '../support/outbox.ts'
import { shop } from '../support/releases.ts'

const notice = `sha256:${'a'.repeat(64)}`
const handle = 'AAAAAAAAAAAAAAAAAAAAAA'
const other = 'BBBBBBBBBBBBBBBBBBBBBA'
const lasting: Grant = {
  handle,
  purpose: 'offers',
  notice,
  validFrom: noon - day,
  validUntil: noon + day,
  withdrawnAt: null,
}
const inForce = { notice, now: noon }

function signal(seq: number, grant: Grant = lasting): Outgoing {
  return encodeSignal(
    { event: 'arrived', zone: 'entrance', at: noon + 42_000, id: `n${seq}`, seq },
    grant,
    inForce,
    shop,
  )
}

function consent(seq: number, event: 'given' | 'withdrawn' | 'expired', of = handle): Outgoing {
  return encodeConsent({ handle: of, purpose: 'offers', event }, { id: `c${seq}`, seq }, shop)
}

const textOf = (outgoing: Outgoing | undefined) => outgoing?.bytes.toString()
const voidText = (seq: number) => `{"seq":${seq},"void":"withdrawn"}`

describe('a signal', () => {
  it('says the minute, not the second, under the topic of its purpose', () => {
    const { topic, lane, retain } = signal(5)
    expect({ topic, lane, retain }).toEqual({
      topic: `drempel/v1/${shop.organisation}/${shop.store}/${shop.gateway}/signal/offers`,
      lane: 'signals',
      retain: false,
    })
    expect(JSON.parse(textOf(signal(5))!)).toMatchObject({ minute: '2026-11-23T12:00Z', event: 'arrived', seq: 5 })
  })

  it.each<[string, Partial<Grant> | null]>([
    ['nobody agreed', null],
    ['it was taken back', { withdrawnAt: noon - 1 }],
    ['it has run out', { validUntil: noon }],
    ['it has not begun', { validFrom: noon + 1 }],
    ['the notice has changed', { notice: `sha256:${'b'.repeat(64)}` }],
  ])('cannot be made where %s', (_why, changes) => {
    const grant = changes ? { ...lasting, ...changes } : undefined
    const make = () =>
      encodeSignal({ event: 'left', zone: 'entrance', at: noon, id: 'x', seq: 1 }, grant, inForce, shop)
    expect(make).toThrow('nobody agreed to')
  })

  it('becomes a void of the same number and topic, and nothing else does', () => {
    const { topic } = signal(5)
    expect(encodeVoid(signal(5))).toMatchObject({ topic, lane: 'signals', seq: 5 })
    expect(textOf(encodeVoid(signal(5)))).toBe(voidText(5))
    expect(() => encodeVoid(message(1))).toThrow('its lane')
    // What stands in for a message that was lost comes where head office listens.
    expect(encodeLost(5, shop)).toMatchObject({ topic: consent(5, 'withdrawn').topic, seq: 5 })
  })
})

describe('what was agreed and taken back', () => {
  let folder: string
  let file: TestOutbox
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drempel-signals-'))
    file = testOutbox({ path: join(folder, 'drempel.db') })
  })
  afterEach(() => {
    file.database.close()
    rmSync(folder, { recursive: true })
  })

  const put = (...messages: Outgoing[]) =>
    file.database.transaction(() => {
      for (const one of messages) file.outbox.put(one, 0)
    })
  const due = () => file.outbox.due('signals', 0, 100, noon).rows.map(({ outgoing }) => textOf(outgoing))
  const onDisk = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('')

  it('leaves voids in the place of every signal of that handle, and of no other, and keeps its end', () => {
    const others = signal(2, { ...lasting, handle: other })
    put(signal(1), others, consent(3, 'given'), signal(4), consent(5, 'withdrawn'))
    file.outbox.acknowledged('signals', [1])
    expect(file.outbox.voidAbout(new Set([handle]))).toBe(3)
    expect(due()).toEqual([voidText(1), textOf(others), voidText(3), voidText(4), textOf(consent(5, 'withdrawn'))])
    expect(file.outbox.voidAbout(new Set([handle]))).toBe(0)
    expect(file.outbox.stats()).toMatchObject({ rows: 5, waiting: 5 })
    expect(file.outbox.lastSeq('signals')).toBe(5)
  })

  it('is past its retention one day: what is older is never sent, but for its end', () => {
    put(signal(1), consent(2, 'given'), consent(3, 'expired', other))
    file.clock.step(day)
    put(signal(4))
    expect(file.outbox.voidBefore(noon + 1)).toBe(2)
    expect(due()).toEqual([voidText(1), voidText(2), textOf(consent(3, 'expired', other)), textOf(signal(4))])
    expect(file.outbox.voidBefore(noon + 1)).toBe(0)
  })

  it('is gone from the bytes of the disk once old versions are forgotten', () => {
    put(signal(1), consent(2, 'given'))
    expect(onDisk()).toContain(handle)
    file.outbox.voidAbout(new Set([handle]))
    file.database.forgetOldVersions()
    expect(onDisk()).not.toContain(handle)
  })

  it('is undone with the transaction it was part of', () => {
    put(signal(1))
    const failing = () =>
      file.database.transaction(() => {
        file.outbox.voidAbout(new Set([handle]))
        throw new Error('after it')
      })
    expect(failing).toThrow('after it')
    expect(due()).toEqual([textOf(signal(1))])
  })
})

describe('a signal of just this visit', () => {
  let folder: string
  let file: TestOutbox
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drempel-signals-'))
    file = testOutbox({ path: join(folder, 'drempel.db') })
    file.outbox.putFleeting(signal(1), 0)
    file.outbox.putFleeting(consent(2, 'expired'), 0)
  })
  afterEach(() => {
    file.database.close()
    rmSync(folder, { recursive: true })
  })
  const due = (from = file.outbox) => from.due('signals', 0, 100, noon).rows.map(({ outgoing }) => textOf(outgoing))

  it('goes out as it is, again and again, and never touches the disk', () => {
    expect(due()).toEqual([textOf(signal(1)), textOf(consent(2, 'expired'))])
    file.outbox.acknowledged('signals', [1])
    expect(textOf(file.outbox.message('signals', 1))).toBe(textOf(signal(1)))
    const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    expect(bytes.join('')).not.toContain(handle)
    expect(bytes.join('')).toContain(voidText(1))
  })

  it('whose row was shed before its turn names nobody, and an end is told all the same', () => {
    const keeper = createKeeper(file.outbox, () => {})
    expect(textOf(keeper.asItIsNow(signal(1)))).toBe(textOf(signal(1)))
    file.database.connection.exec('DELETE FROM outbox_signals')
    expect(textOf(keeper.asItIsNow(signal(1)))).toBe(voidText(1))
    expect(textOf(keeper.asItIsNow(consent(2, 'expired')))).toBe(textOf(consent(2, 'expired')))
  })

  it('that could not be put does not go out under the number of what comes next', () => {
    const full = () =>
      file.database.transaction(() => {
        file.outbox.putFleeting(signal(3), 0)
        throw new Error('after it')
      })
    expect(full).toThrow('after it')
    const end = consent(3, 'withdrawn', other)
    file.outbox.put(end, 0)
    expect(due().at(-1)).toBe(textOf(end))
    file.outbox.voidAbout(new Set([handle]))
    expect(due().at(-1)).toBe(textOf(end))
  })

  it('is a void to the next process, under its number', () => {
    const next = testOutbox({ database: file.database })
    expect(due(next.outbox)).toEqual([voidText(1), voidText(2)])
  })

  it('can be taken back, but for its end', () => {
    expect(file.outbox.voidAbout(new Set([handle]))).toBe(1)
    expect(due()).toEqual([voidText(1), textOf(consent(2, 'expired'))])
  })

  it('is let go of once the consumer has it, or its row is gone', () => {
    file.outbox.acknowledged('signals', [1, 2])
    file.outbox.trim('signals', { upTo: 1, missing: [] })
    expect(file.outbox.message('signals', 1)).toBeUndefined()
    expect(textOf(file.outbox.message('signals', 2))).toBe(textOf(consent(2, 'expired')))
    expect(file.outbox.stored('signals')).toEqual({ upTo: 1, missing: [] })
  })

  it('keeps what the consumer says it erased', () => {
    file.outbox.trim('signals', { upTo: 2, missing: [], erasedUpTo: 2 })
    const next = testOutbox({ database: file.database })
    expect(next.outbox.stored('signals')).toEqual({ upTo: 2, missing: [], erasedUpTo: 2 })
  })

  it('is of the signals only', () => {
    expect(() => file.outbox.putFleeting(message(1), 0)).toThrow('Only signals')
  })
})
