import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { hour, minute, second } from '../../src/base/duration.ts'
import { aBox, type Box, configOf } from './box.ts'

const config = configOf({ privacy: '{ visitors: offers }' })
const monday = '2026-11-23'
const payloads = (box: Box) => box.storage.journal.payloads('visitors', monday).map((bytes) => bytes.toString())

/** A box that has been open since the morning. */
function prepared(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-morning-'))
  const morning = aBox(config, manualClock(Date.parse(`${monday}T07:59:00Z`)), folder)
  morning.pass(8 * hour + 47 * minute, minute)
  morning.close()
  return folder
}

/** What a process said before it died at this step, and what the next one makes of the day. */
function lifeUntil(step: number, morning: string) {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-killed-'))
  cpSync(morning, folder, { recursive: true })
  const child = spawnSync(process.execPath, ['test/shoppers/visitors-process.ts', folder, String(step)])
  const next = aBox(config, manualClock(Date.parse(`${monday}T17:05:00Z`)), folder)
  const { visitors } = next.shoppers
  const numbers: (number | undefined)[] = []
  const on = (day: string) => numbers[numbers.push(visitors.on(day)) - 1]
  Object.assign(next.shoppers, { visitors: { ...visitors, on } })
  const before = payloads(next)
  next.pass(5 * second)
  const after = payloads(next)
  const left = next.storage.database.connection.prepare('SELECT count(*) FROM consent_today').pluck().get()
  next.remove()
  const seen = child.stdout
    .toString()
    .split('\n')
    .filter((line) => line === 'seen').length
  return { child, seen, before, numbers, after, left }
}

type Life = ReturnType<typeof lifeUntil>

/** How the day ended; each end with what must hold then. */
function endOf({ seen, before, numbers, after, left }: Life): string {
  expect([after.length, left]).toEqual([1, 0])
  if (before.length > 0) {
    // What the dead process drew stays, byte for byte.
    expect([numbers, after]).toEqual([[], before])
    return 'drawn before'
  }
  if (numbers.length === 0) {
    expect([seen, JSON.parse(after[0]!)]).toMatchObject([3, { visitors: null, missing: 'lost' }])
    return 'lost'
  }
  // It may have died after the row was durable and before it could say so.
  expect([seen, Math.min(seen + 1, 3)]).toContain(numbers[0])
  expect([numbers.length, JSON.parse(after[0]!).missing]).toEqual([1, null])
  return `${numbers[0]} drawn after`
}

it('a kill -9 at any step between noting and drawing neither counts twice nor loses anybody: one number is drawn, or none', () => {
  const morning = prepared()
  const ends = new Set<string>()
  for (let step = 1; step < 200; step++) {
    const life = lifeUntil(step, morning)
    ends.add(endOf(life))
    if (life.child.signal === null) {
      expect(life.child.status, life.child.stderr.toString()).toBe(0)
      break
    }
    expect(life.child.signal).toBe('SIGKILL')
  }
  rmSync(morning, { recursive: true })
  const drawn = [0, 1, 2, 3].map((came) => `${came} drawn after`)
  expect(ends).toEqual(new Set([...drawn, 'lost', 'drawn before']))
}, 120_000)
