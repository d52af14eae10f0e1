import { describe, expect, it } from 'vitest'
import { day, minute, second } from '../../src/base/duration.ts'
import type { Batch } from '../../src/uplink/outbox-words.ts'
import { noon, putAll, testOutbox } from '../support/outbox.ts'

const seqs = (batch: Batch) => batch.rows.map((row) => row.seq)

describe('an outbox whose clock jumps', () => {
  it.each([-1, -400])('holds nothing for the %i days by which it went back', (days) => {
    const it = testOutbox()
    putAll(it, [1], noon + 30 * second)
    it.clock.step(days * day)
    putAll(it, [2], it.clock.now() + 30 * second)
    expect(seqs(it.outbox.due('aggregates', 0, 10, it.clock.now()))).toEqual([1])
    it.clock.advanceTo(30 * second)
    expect(seqs(it.outbox.due('aggregates', 0, 10, it.clock.now()))).toEqual([1, 2])
  })

  it('ahead by years sheds nothing: what is younger than 90 days stays so', () => {
    const it = testOutbox()
    it.outbox.sweep()
    putAll(it, [1, 2])
    it.outbox.acknowledged('aggregates', [1])
    it.clock.advanceTo(minute)
    it.clock.step(3 * 365 * day)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 2, waiting: 1, shed: null })
    it.clock.advanceTo(7 * day + minute)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 1, waiting: 1, shed: null })
    it.clock.advanceTo(91 * day)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 0, shed: [[2, 2]] })
  })

  it('ahead and back again keeps nothing for years', () => {
    const it = testOutbox()
    it.outbox.sweep()
    it.clock.step(3 * 365 * day)
    it.outbox.sweep()
    putAll(it, [1])
    it.clock.step(-3 * 365 * day)
    it.outbox.sweep()
    it.clock.advanceTo(91 * day)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 0, shed: [[1, 1]] })
  })
})
