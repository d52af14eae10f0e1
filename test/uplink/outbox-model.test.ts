import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { areRanges, covers, gapsOf, type Range, withRange } from '../../src/base/ranges.ts'
import type { Stored } from '../../src/uplink/outbox-words.ts'
import { trials } from '../support/need.ts'
import { message, numbers, type TestOutbox, testOutbox } from '../support/outbox.ts'
import { seededRandom } from '../support/random.ts'

/** What an outbox must hold, told without SQL. */
interface Model {
  lastSeq: number
  /** Committed and neither trimmed, shed nor broken. */
  readonly held: Set<number>
  readonly acknowledged: Set<number>
  stored: Stored | undefined
  gone: readonly Range[]
}

const capacity = 40

/** One random life of an outbox: every step is done to the real one, in a file, and to the model. */
function live(seed: number, folder: string): void {
  const random = seededRandom(seed)
  const under = (n: number) => Math.floor(random() * n)
  let path = join(folder, `${seed}.db`)
  let deaths = 0
  const limits = { bytes: capacity * message(1).bytes.length }
  let real: TestOutbox = testOutbox({ path, limits })
  const model: Model = { lastSeq: 0, held: new Set(), acknowledged: new Set(), stored: undefined, gone: [] }
  const some = (from: Iterable<number>) => [...from].filter(() => random() < 0.4)

  const steps: (() => void)[] = [
    function put() {
      const seqs = numbers(model.lastSeq + 1, model.lastSeq + 1 + under(8))
      const isUndone = random() < 0.2
      const write = () => {
        real.database.transaction(() => {
          for (const seq of seqs) real.outbox.put(message(seq), 0)
          if (isUndone) throw new Error('undone')
        })
      }
      if (isUndone) return expect(write).toThrow('undone')
      write()
      model.lastSeq = seqs.at(-1)!
      for (const seq of seqs) model.held.add(seq)
      while (model.held.size > capacity) shed(Math.min(...model.held))
    },
    function acknowledge() {
      const seqs = some(model.held)
      real.outbox.acknowledged('aggregates', seqs)
      for (const seq of seqs) model.acknowledged.add(seq)
      trim()
    },
    function stored() {
      const upTo = under(model.lastSeq + 1)
      const missing = some(numbers(1, upTo)).reduce<Range[]>((all, seq) => withRange(all, [seq, seq]), [])
      model.stored = { upTo, missing }
      expect(areRanges(missing, 1, upTo)).toBe(true)
      real.outbox.trim('aggregates', model.stored)
      trim()
    },
    function refuse() {
      real.outbox.refused('aggregates', some(model.held).slice(0, 2))
    },
    function wait() {
      real.clock.advanceTo(real.clock.monotonic() + under(90) * minute)
      real.outbox.sweep()
    },
    function crash() {
      // Killed: what lies on the disk at this moment is what the next process finds.
      const { clock, database } = real
      deaths += 1
      const next = join(folder, `${seed}-${deaths}.db`)
      for (const part of ['', '-wal']) if (existsSync(path + part)) copyFileSync(path + part, next + part)
      database.close()
      path = next
      real = { ...testOutbox({ path, limits, clock }), clock }
    },
    function rot() {
      const [seq] = some(model.held)
      if (seq === undefined) return
      flipBit(real, seq, random)
      model.held.delete(seq)
      model.gone = withRange(model.gone, [seq, seq])
      // It is noticed when it is read, and then never again.
      real.database.connection.prepare('UPDATE outbox_aggregates SET again_at = 1 WHERE seq = ?').run(seq)
      real.outbox.again('aggregates', seq - 1, 1)
    },
  ]

  function trim(): void {
    const { stored } = model
    if (!stored) return
    for (const seq of [...model.held]) {
      const isStored = seq <= stored.upTo && !covers(stored.missing, seq)
      if (isStored && model.acknowledged.has(seq)) model.held.delete(seq)
    }
  }

  function shed(seq: number): void {
    model.held.delete(seq)
    if (!model.acknowledged.has(seq) || model.stored) model.gone = withRange(model.gone, [seq, seq])
  }

  for (let step = 0; step < 60; step += 1) {
    steps[under(steps.length)]!()
    check(real, model)
  }
  real.database.close()
}

function flipBit({ database }: TestOutbox, seq: number, random: () => number): void {
  const row = database.connection.prepare('SELECT bytes FROM outbox_aggregates WHERE seq = ?').get(seq) as {
    bytes: Buffer
  }
  const at = Math.floor(random() * row.bytes.length)
  row.bytes[at]! ^= 1 << Math.floor(random() * 8)
  database.connection.prepare('UPDATE outbox_aggregates SET bytes = ? WHERE seq = ?').run(row.bytes, seq)
}

function check({ outbox, database }: TestOutbox, model: Model): void {
  const held = database.connection.prepare('SELECT seq FROM outbox_aggregates ORDER BY seq').pluck().all()
  expect(held).toEqual([...model.held].sort((a, b) => a - b))
  const waiting = [...model.held].filter((seq) => !model.acknowledged.has(seq))
  const { rows, bytes, waiting: counted, shed } = outbox.stats()
  expect({ rows, bytes, counted, shed, lastSeq: outbox.lastSeq('aggregates') }).toEqual({
    rows: model.held.size,
    bytes: model.held.size * message(1).bytes.length,
    counted: waiting.length,
    shed: model.gone.length > 0 ? model.gone.slice(-50) : null,
    lastSeq: model.lastSeq,
  })
  for (const { seq, outgoing } of outbox.due('aggregates', 0, 1000, Infinity).rows) {
    expect(outgoing.bytes.equals(message(seq).bytes)).toBe(true)
    expect(gapsOf(model.gone, [seq, seq])).toEqual([[seq, seq]])
  }
}

it('holds exactly what was put and not yet delivered, through acknowledgements, lies, crashes and bit rot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-outbox-'))
  try {
    for (let seed = 1; seed <= trials(25, 300); seed += 1) live(seed, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
