import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openBallast } from '../../src/base/ballast.ts'
import { manualClock } from '../../src/base/clock.ts'
import { openDatabase } from '../../src/base/database.ts'
import { isStorageFull } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { openOutbox, outboxMigrations } from '../../src/uplink/outbox.ts'
import { boxKey, message, noon, numbers } from '../support/outbox.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'

const endings: (() => void)[] = []
afterEach(() => {
  for (const end of endings.splice(0).reverse()) end()
})

function smallDisk(megabytes = 8): SmallDisk {
  const disk = mountSmallDisk(megabytes)!
  endings.push(disk.remove)
  return disk
}

/** An outbox on that disk, with a ballast beside it. */
function aboard({ path }: SmallDisk) {
  const ballast = openBallast(path)
  const database = openDatabase(join(path, 'drempel.db'), outboxMigrations)
  endings.push(database.close)
  const outbox = openOutbox({ database, key: boxKey, clock: manualClock(noon), log: silentLog, ballast })
  const put = (...seqs: number[]) => {
    database.transaction(() => {
      for (const seq of seqs) outbox.put(message(seq), 0)
    })
  }
  return { ballast, database, outbox, put }
}

function failureOf(work: () => void): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('a ballast', () => {
  it('takes its room, gives it free once, and takes it again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-ballast-'))
    endings.push(() => rmSync(folder, { recursive: true }))
    const ballast = openBallast(folder)
    expect(statSync(join(folder, 'ballast')).size).toBe(512 * 1024)
    expect(ballast.release()).toBe(true)
    expect(ballast.release()).toBe(false)
    expect(existsSync(join(folder, 'ballast'))).toBe(false)
    expect(ballast.remake()).toBe(true)
    expect(openBallast(folder).isHeld).toBe(true)
  })
})

describe.skipIf(!canMount())('on a full disk', () => {
  it('the ballast is not taken where there is hardly room, but is when there is again', () => {
    const disk = smallDisk()
    disk.fill(900 * 1024)
    const ballast = openBallast(disk.path)
    expect(ballast.isHeld).toBe(false)
    disk.drain()
    expect(ballast.remake()).toBe(true)
  })

  it('a row can be put once the ballast is given free, and nothing is shed for it', () => {
    const disk = smallDisk()
    const { ballast, outbox, put } = aboard(disk)
    for (const seq of numbers(1, 50)) put(seq)
    disk.fill(0)
    const putOn = () => {
      for (const seq of numbers(51, 20_000)) put(seq)
    }
    expect(failureOf(putOn)).toSatisfy(isStorageFull)
    const next = outbox.lastSeq('aggregates') + 1
    outbox.withRoom(() => put(next))
    expect(ballast.isHeld).toBe(false)
    expect(outbox.lastSeq('aggregates')).toBe(next)
    expect(outbox.stats()).toMatchObject({ rows: next, shed: null })
  })

  it('the outbox goes on for hundreds of slots, sheds the oldest, says which, and drains when it can', () => {
    const disk = smallDisk(4)
    const { ballast, outbox, put } = aboard(disk)
    for (let seq = 1; seq <= 200; seq += 20) put(...numbers(seq, seq + 19))
    disk.fill(0)
    for (let seq = 201; seq <= 10_000; seq += 20) outbox.withRoom(() => put(...numbers(seq, seq + 19)))
    const { rows, shed } = outbox.stats()
    expect(shed).toEqual([[1, 10_000 - rows]])
    expect(rows).toBeGreaterThan(250)

    for (let after = 0; ; ) {
      const batch = outbox.due('aggregates', after, 100, Infinity)
      if (batch.rows.length === 0) break
      outbox.acknowledged(
        'aggregates',
        batch.rows.map((row) => row.seq),
      )
      after = batch.upTo
    }
    outbox.trim('aggregates', { upTo: 10_000, missing: [] })
    expect(outbox.stats()).toMatchObject({ rows: 0, waiting: 0 })

    disk.drain()
    outbox.sweep()
    expect(ballast.isHeld).toBe(true)
  })

  it('a failing transaction leaves nothing behind', () => {
    const disk = smallDisk()
    const { outbox, database } = aboard(disk)
    disk.fill(0)
    const tooMuch = () => {
      database.transaction(() => {
        for (const seq of numbers(1, 20_000)) outbox.put(message(seq), 0)
      })
    }
    expect(() => outbox.withRoom(tooMuch)).toThrow()
    expect(outbox.stats()).toMatchObject({ rows: 0, waiting: 0, bytes: 0, shed: null })
  })
})
