import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Holder, startHolder } from '../../src/box/holder.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { regionsOf, searchMemory as searchRunning, whileStopped } from '../../src/box/memory.ts'
import { needlesOf } from '../../src/box/needles.ts'
import { searchMemory } from '../support/memory.ts'

const held = { name: 'address', bytes: Buffer.from('c71d5eadbeef', 'hex') }
const other = { name: 'address', bytes: Buffer.from('c71d5eadbef0', 'hex') }

function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

function kilobytesOf(pid: number, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

describe('the memory of a process', () => {
  let holder: Holder
  beforeAll(async () => {
    holder = await startHolder(process.execPath, Buffer.from('heard C7:1D:5E:AD:BE:EF'))
  })
  afterAll(() => holder.stop())

  it('gives away what the process holds, while it stands still, and nothing else', () => {
    const { found, unsearched, bytes } = searchMemory(holder.pid, [held], { store: 'shop-1' })
    expect(found.map(({ label }) => label)).toContain("address: upper hex with ':'")
    expect(found[0]?.place).toMatch(new RegExp(`^memory of process ${holder.pid}, `))
    expect(unsearched).toEqual([])
    const [resident, reserved] = ['VmRSS', 'VmSize'].map((field) => kilobytesOf(holder.pid, field) * 1024)
    expect(bytes).toBeGreaterThan(resident! * 0.8)
    expect(bytes).toBeLessThan(reserved! / 4)
    expect(searchMemory(holder.pid, [other]).found).toEqual([])
  })

  it('is let go on afterwards, also when the work fails', () => {
    const seen: string[] = []
    const fail = () => {
      seen.push(stateOf(holder.pid))
      throw new RangeError('in the middle')
    }
    expect(() => whileStopped(holder.pid, fail)).toThrow('in the middle')
    expect(seen).toEqual(['T'])
    expect(stateOf(holder.pid)).not.toBe('T')
  })

  it('stays stopped when it was stopped before', () => {
    process.kill(holder.pid, 'SIGSTOP')
    whileStopped(holder.pid, () => {})
    const states = Array.from({ length: 5 }, () => whileStopped(holder.pid, () => stateOf(holder.pid)))
    process.kill(holder.pid, 'SIGCONT')
    expect(states.at(-1)).toBe('T')
  })

  it('of a process that is gone is told as not searched', async () => {
    const gone = await startHolder(process.execPath, Buffer.from('x'))
    await gone.stop()
    const look = createMatcher(needlesOf([held], []))
    expect(searchRunning(look, gone.pid).unsearched).toEqual([
      { place: `memory of process ${gone.pid}`, reason: 'ENOENT' },
    ])
    expect(() => whileStopped(gone.pid, () => {})).toThrow()
  })
})

describe('the regions of a process', () => {
  it('are those that can be read and are not the kernel its own', () => {
    const maps = [
      '00400000-0048a000 r--p 00000000 08:01 1234                               /usr/bin/some node',
      '0048a000-0058a000 ---p 00000000 00:00 0 ',
      '7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]',
      '7ffc00100000-7ffc00104000 r--p 00000000 00:00 0                          [vvar]',
      '7ffc00200000-7ffc00300000 rwxp 00000000 00:00 0 ',
      'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]',
      '',
    ]
    expect(regionsOf(maps.join('\n'))).toEqual([
      { from: 0x400000, to: 0x48a000, name: 'some node' },
      { from: 0x7ffc00000000, to: 0x7ffc00021000, name: '[stack]' },
      { from: 0x7ffc00200000, to: 0x7ffc00300000, name: 'anonymous' },
    ])
  })
})
