import { describe, expect, it } from 'vitest'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { encodeNotice, encodeRelease } from '../../src/uplink/feed.ts'
import { outboxMigrations } from '../../src/uplink/outbox.ts'
import type { Batch } from '../../src/uplink/outbox-words.ts'
import { boxKey, listeningLog, message, noon, numbers, putAll, testOutbox } from '../support/outbox.ts'
import { footfall, footfallSeries, shop } from '../support/releases.ts'

const seqs = (batch: Batch) => batch.rows.map((row) => row.seq)

describe('putting', () => {
  it('gives back the same bytes on the same topic', () => {
    const it = testOutbox()
    putAll(it, [1])
    const [row] = it.outbox.due('aggregates', 0, 10, noon).rows
    expect(row!.outgoing.bytes.equals(message(1).bytes)).toBe(true)
    expect(row!.outgoing).toMatchObject({ topic: message(1).topic, lane: 'aggregates', seq: 1, qos: 1, retain: false })
  })

  it('takes the same message twice but never other bytes under the same seq', () => {
    const it = testOutbox()
    putAll(it, [1])
    putAll(it, [1])
    expect(it.outbox.stats().rows).toBe(1)
    const other = encodeRelease(footfall(1, { in: 1 }), footfallSeries(), shop)
    expect(() => it.outbox.put(other, 0)).toThrow('seq 1 has other bytes already')
  })

  it('refuses notices and look-alikes', () => {
    const { outbox } = testOutbox()
    expect(() => outbox.put(encodeNotice('status', { state: 'online', session: 1 }, shop), 0)).toThrow('not stored')
    expect(() => outbox.put({ ...message(1) }, 0)).toThrow('did not cross the wall')
  })

  it('is undone with the transaction it was part of, counters too', () => {
    const it = testOutbox()
    const failing = () =>
      it.database.transaction(() => {
        it.outbox.put(message(1), 0)
        throw new Error('after it')
      })
    expect(failing).toThrow('after it')
    expect(it.outbox.stats()).toMatchObject({ rows: 0, bytes: 0, waiting: 0 })
    expect(it.outbox.lastSeq('aggregates')).toBe(0)
  })

  it('is still there when the file is opened again by another process', () => {
    const it = testOutbox()
    putAll(it, numbers(1, 3))
    const again = testOutbox({ database: it.database })
    expect(seqs(again.outbox.due('aggregates', 0, 10, noon))).toEqual([1, 2, 3])
    expect(again.outbox.lastSeq('aggregates')).toBe(3)
  })
})

describe('what is due', () => {
  it('comes in seq order, up to the first that may not leave yet', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    putAll(it, [3], noon + 30 * second)
    putAll(it, [4])
    expect(it.outbox.due('aggregates', 0, 10, noon)).toMatchObject({ upTo: 2, isEnd: true, inMs: 30 * second })
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon + 30 * second))).toEqual([1, 2, 3, 4])
    expect(seqs(it.outbox.due('aggregates', 0, 10, Infinity))).toEqual([1, 2, 3, 4])
  })

  it('says when the limit cut it short', () => {
    const it = testOutbox()
    putAll(it, numbers(1, 5))
    expect(it.outbox.due('aggregates', 0, 3, noon)).toMatchObject({ upTo: 3, isEnd: false })
    expect(it.outbox.due('aggregates', 3, 3, noon)).toMatchObject({ upTo: 5, isEnd: true })
  })

  it('includes a number that came late, behind the cursor', () => {
    const it = testOutbox()
    putAll(it, [2, 3])
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([2, 3])
    putAll(it, [1])
    expect(seqs(it.outbox.due('aggregates', 3, 10, noon))).toContain(1)
  })

  it('leaves out what was PUBACKed while no consumer ever wrote stored', () => {
    const it = testOutbox()
    putAll(it, numbers(1, 3))
    it.outbox.acknowledged('aggregates', [1, 2])
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([3])
    expect(it.outbox.waiting()).toBe(1)
  })

  it('includes what was PUBACKed and the consumer does not have', () => {
    const it = testOutbox()
    putAll(it, numbers(1, 5))
    it.outbox.acknowledged('aggregates', numbers(1, 5))
    it.outbox.trim('aggregates', { upTo: 4, missing: [[2, 3]] })
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([2, 3, 5])
  })
})

describe('trimming', () => {
  it('deletes what the consumer has, and nothing that was never PUBACKed, whatever stored says', () => {
    const it = testOutbox()
    putAll(it, numbers(1, 6))
    it.outbox.acknowledged('aggregates', [1, 2, 3, 5])
    it.outbox.trim('aggregates', { upTo: 1_000_000, missing: [[2, 2]] })
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([2, 4, 6])
  })

  it('deletes a row at its PUBACK when the consumer was quicker', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.outbox.trim('aggregates', { upTo: 2, missing: [] })
    expect(it.outbox.stats().rows).toBe(2)
    it.outbox.acknowledged('aggregates', [1, 2])
    expect(it.outbox.stats().rows).toBe(0)
  })

  it('waits seven days after the PUBACK where no stored ever came, and not a moment less', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.clock.advanceTo(60 * day)
    it.outbox.acknowledged('aggregates', [1])
    it.clock.advanceTo(67 * day - 1)
    it.outbox.sweep()
    expect(it.outbox.stats().rows).toBe(2)
    it.clock.advanceTo(67 * day)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 1, waiting: 1, shed: null })
  })

  it('counts no age on a clock that is not trusted', () => {
    const it = testOutbox()
    it.clock.setTrusted(false)
    putAll(it, [1])
    it.outbox.acknowledged('aggregates', [1])
    it.clock.step(20 * 365 * day)
    it.outbox.sweep()
    expect(it.outbox.stats().rows).toBe(1)
    it.clock.setTrusted(true)
    it.outbox.sweep()
    expect(it.outbox.stats().rows).toBe(1)
    it.clock.advanceTo(7 * day)
    it.outbox.sweep()
    expect(it.outbox.stats().rows).toBe(0)
  })

  it('remembers over a restart that a consumer speaks', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.outbox.acknowledged('aggregates', [1, 2])
    it.outbox.trim('aggregates', { upTo: 1, missing: [] })
    const again = testOutbox({ database: it.database })
    expect(again.outbox.stored('aggregates')).toEqual({ upTo: 1, missing: [] })
    again.clock.advanceTo(30 * day)
    again.outbox.sweep()
    expect(seqs(again.outbox.due('aggregates', 0, 10, noon))).toEqual([2])
  })
})

describe('sending again', () => {
  it('offers what the consumer does not have a minute after its PUBACK, then after twice as long, at most an hour', () => {
    const it = testOutbox()
    putAll(it, [1])
    it.outbox.trim('aggregates', { upTo: 0, missing: [] })
    const waits: number[] = []
    for (let round = 0; round < 9; round += 1) {
      it.outbox.acknowledged('aggregates', [1])
      const { inMs, rows } = it.outbox.again('aggregates', 0, 10)
      expect(rows).toHaveLength(0)
      waits.push(inMs!)
      it.clock.advanceTo(it.clock.monotonic() + inMs!)
      expect(seqs(it.outbox.again('aggregates', 0, 10))).toEqual([1])
    }
    expect(waits.map((ms) => ms / minute)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it('offers what is missing at once, but slower when that does not help', () => {
    const it = testOutbox()
    putAll(it, numbers(1, 4))
    it.outbox.acknowledged('aggregates', numbers(1, 4))
    it.clock.advanceTo(10 * second)
    it.outbox.trim('aggregates', { upTo: 4, missing: [[2, 3]] })
    expect(seqs(it.outbox.again('aggregates', 0, 10))).toEqual([2, 3])
    for (const wait of [2, 4, 8]) {
      it.outbox.acknowledged('aggregates', [2, 3])
      it.outbox.trim('aggregates', { upTo: 4, missing: [[2, 3]] })
      expect(it.outbox.again('aggregates', 0, 10).inMs).toBe(wait * second)
      it.clock.advanceTo(it.clock.monotonic() + wait * second)
    }
  })

  it('offers nothing that was PUBACKed while no consumer ever spoke, and all of it when one begins to', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.outbox.acknowledged('aggregates', [1, 2])
    it.clock.advanceTo(day)
    expect(it.outbox.again('aggregates', 0, 10)).toMatchObject({ rows: [], inMs: null })
    it.outbox.trim('aggregates', { upTo: 1, missing: [] })
    expect(seqs(it.outbox.again('aggregates', 0, 10))).toEqual([])
    it.clock.advanceTo(it.clock.monotonic() + 60_000)
    expect(seqs(it.outbox.again('aggregates', 0, 10))).toEqual([2])
  })

  it('puts a refused row aside for five minutes and lets the next ones pass', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.outbox.refused('aggregates', [1])
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([2])
    expect(it.outbox.stats()).toMatchObject({ waiting: 2, refused: 1 })
    it.clock.advanceTo(5 * minute)
    expect(seqs(it.outbox.again('aggregates', 0, 10))).toEqual([1])
  })

  it('does not wait for years after the clock was stepped back by them', () => {
    const it = testOutbox()
    putAll(it, [1])
    it.outbox.refused('aggregates', [1])
    it.clock.step(-1000 * day)
    expect(seqs(it.outbox.again('aggregates', 0, 10))).toEqual([1])
  })

  it('finds them by an index, however full the outbox is', () => {
    const { database } = testOutbox()
    const plan = database.connection
      .prepare('EXPLAIN QUERY PLAN SELECT min(again_at) FROM outbox_aggregates WHERE again_at > 5')
      .all()
    expect(JSON.stringify(plan)).toContain('outbox_aggregates_again')
  })
})

describe('capacity', () => {
  it('sheds the oldest beyond it and names the range, also after a restart', () => {
    const { log, said } = listeningLog()
    const size = message(1).bytes.length
    const it = testOutbox({ limits: { bytes: 10 * size }, log })
    putAll(it, numbers(1, 15))
    expect(it.outbox.stats()).toMatchObject({ rows: 10, bytes: 10 * size, shed: [[1, 5]] })
    expect(said('error')[0]).toContain('the oldest messages were shed')
    putAll(it, [16])
    expect(testOutbox({ database: it.database }).outbox.stats().shed).toEqual([[1, 6]])
  })

  it('sheds after 90 days', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.clock.advanceTo(89 * day)
    putAll(it, [3])
    it.clock.advanceTo(90 * day + 1)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 1, shed: [[1, 2]] })
  })

  it('keeps for seven days what the broker took only after 89', () => {
    const it = testOutbox()
    putAll(it, [1])
    it.clock.advanceTo(89 * day)
    it.outbox.acknowledged('aggregates', [1])
    it.clock.advanceTo(95 * day)
    it.outbox.sweep()
    expect(it.outbox.stats()).toMatchObject({ rows: 1, shed: null })
  })

  it('still names after the clock came to be trusted what it shed before', () => {
    const size = message(1).bytes.length
    const it = testOutbox({ limits: { bytes: size } })
    it.clock.setTrusted(false)
    putAll(it, [1, 2])
    it.clock.step(3650 * day)
    it.clock.setTrusted(true)
    it.outbox.sweep()
    expect(it.outbox.stats().shed).toEqual([[1, 1]])
    it.clock.advanceTo(91 * day)
    it.outbox.sweep()
    expect(it.outbox.stats().shed).toEqual([[1, 2]])
    it.clock.advanceTo(182 * day)
    it.outbox.sweep()
    expect(it.outbox.stats().shed).toBe(null)
  })

  it('does not name what the broker took where no consumer says more', () => {
    const size = message(1).bytes.length
    const it = testOutbox({ limits: { bytes: 5 * size } })
    putAll(it, numbers(1, 5))
    it.outbox.acknowledged('aggregates', [1, 2])
    putAll(it, numbers(6, 8))
    expect(it.outbox.stats().shed).toEqual([[3, 3]])
  })

  it('tells how many hours still fit', () => {
    const size = message(1).bytes.length
    const it = testOutbox({ limits: { bytes: 1000 * size } })
    expect(it.outbox.stats(4 * size).hoursLeft).toBe(250)
    expect(it.outbox.stats().hoursLeft).toBe(90 * 24)
    putAll(it, numbers(1, 200))
    expect(it.outbox.stats(4 * size).hoursLeft).toBe(200)
    it.clock.advanceTo(89 * day)
    expect(it.outbox.stats(4 * size).hoursLeft).toBe(24)
    it.clock.advanceTo(91 * day + hour)
    expect(it.outbox.stats(4 * size).hoursLeft).toBe(0)
  })
})

describe('a row that the disk changed', () => {
  it.each([
    ['bytes', 'UPDATE outbox_aggregates SET bytes = replace(bytes, \'"seq":2\', \'"seq":9\') WHERE seq = 2'],
    ['topic', "UPDATE outbox_aggregates SET topic = topic || 'x' WHERE seq = 2"],
    ['mac', "UPDATE outbox_aggregates SET mac = x'00' WHERE seq = 2"],
    ['type', "UPDATE outbox_aggregates SET mac = 'text', bytes = 5 WHERE seq = 2"],
  ])('in its %s is put aside and named; the rest is served', (_, change) => {
    const { log, said } = listeningLog()
    const it = testOutbox({ log })
    putAll(it, numbers(1, 3))
    it.database.connection.exec(change)
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([1, 3])
    expect(it.outbox.stats()).toMatchObject({ rows: 2, waiting: 2, broken: 1, shed: [[2, 2]] })
    expect(said('error')[0]).toContain('failed its check')
    expect(it.database.connection.prepare('SELECT seq FROM outbox_broken').pluck().all()).toEqual([2])
  })

  it('is not believed under another seq either', () => {
    const it = testOutbox()
    putAll(it, [1, 2])
    it.database.connection.exec('UPDATE outbox_aggregates SET seq = 7 WHERE seq = 2')
    expect(seqs(it.outbox.due('aggregates', 0, 10, noon))).toEqual([1])
  })

  it('is not believed when another box wrote it', () => {
    const it = testOutbox()
    putAll(it, [1])
    const other = testOutbox({ database: it.database, key: Buffer.alloc(32, 8) })
    expect(boxKey.equals(Buffer.alloc(32, 8))).toBe(false)
    expect(seqs(other.outbox.due('aggregates', 0, 10, noon))).toEqual([])
  })
})

describe('the schema', () => {
  it('names its steps by wing and number', () => {
    for (const { name } of outboxMigrations) expect(name).toMatch(/^uplink\/\d+$/)
  })
})
