import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/base/database.ts'
import { mendWal } from '../../src/base/wal.ts'
import { seededRandom } from '../support/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'drempel-wal-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A log of some commits that was never written back, as a killed process leaves it. */
function someWal(): Buffer {
  const path = join(folder, 'a.db')
  const database = openDatabase(path, [{ name: 'test/1', sql: 'CREATE TABLE note (text TEXT)' }])
  const insert = database.connection.prepare('INSERT INTO note VALUES (?)')
  for (let i = 0; i < 8; i += 1) database.transaction(() => insert.run(`note ${i}`.repeat(40)))
  copyFileSync(`${path}-wal`, join(folder, 'kept'))
  database.close()
  return readFileSync(join(folder, 'kept'))
}

const right = someWal()
const frame = 24 + 2048
const file = join(folder, 'tried')

function tried(change: (wal: Buffer) => void, length = right.length) {
  const wal = Buffer.from(right)
  change(wal)
  writeFileSync(file, wal)
  truncateSync(file, length)
  const state = mendWal(file)
  return { state, isRight: readFileSync(file).equals(right) }
}

const flip = (wal: Buffer, bit: number) => {
  wal[bit >> 3]! ^= 1 << (bit & 7)
}

describe('a write-ahead log', () => {
  it('that is whole, empty or not there is left alone', () => {
    expect(tried(() => {})).toEqual({ state: 'whole', isRight: true })
    expect(tried(() => {}, 0).state).toBe('whole')
    expect(mendWal(join(folder, 'none'))).toBe('whole')
  })

  it('with one changed bit is set right, or said to be broken, but never taken for a shorter one', () => {
    const random = seededRandom(5)
    const outcomes = new Map<string, number>()
    for (let i = 0; i < 30; i += 1) {
      const { state, isRight } = tried((wal) => flip(wal, Math.floor(random() * wal.length * 8)))
      expect(state === 'broken' || isRight, state).toBe(true)
      expect(state).not.toBe('whole')
      outcomes.set(state, (outcomes.get(state) ?? 0) + 1)
    }
    expect(outcomes.get('mended')).toBeGreaterThan(20)
  })

  it('whose last commit has a changed bit is never taken for one that a power cut tore', () => {
    for (const bit of [7, 8 * 700 + 7, 8 * 1303 + 7]) {
      const { state, isRight } = tried((wal) => flip(wal, (right.length - 2048) * 8 + bit))
      expect(state === 'broken' || (state === 'mended' && isRight)).toBe(true)
    }
  })

  it('that a power cut tore is no damage: what was not synced had not been promised', () => {
    expect(tried(() => {}, right.length - frame / 2).state).toBe('whole')
    expect(tried((wal) => wal.fill(0, wal.length - 700)).state).toBe('whole')
  })

  it('with a block of rubbish in the midst of promised commits is broken', () => {
    expect(tried((wal) => wal.fill(7, 32 + frame + 500, 32 + frame + 900)).state).toBe('broken')
  })
})
