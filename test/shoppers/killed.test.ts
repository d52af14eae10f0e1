import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { second } from '../../src/base/duration.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import { openKeySlots } from '../../src/consent/key-slots.ts'
import type { Tag } from '../../src/shopper/tag.ts'
import { makeScratch } from '../support/damaged-box.ts'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { aBox, type Box, boxKey, configOf, join30, noon, receiptOf } from './box.ts'
import { enrolTag, withRadios } from './radios.ts'

const scratch = makeScratch()
const original = join(scratch, 'original')
let alice: ReturnType<typeof receiptOf>
let tag: Tag
let now = 0

beforeAll(() => {
  mkdirSync(original)
  const box = aBox(configOf(), manualClock(noon), original)
  box.pass(second)
  const radios = withRadios(box)
  const choices = ['offers', 'presence'].map((purpose) => ({ purpose, days: 30 }))
  alice = receiptOf(box.inTheShop({ ...join30, choices }))
  tag = enrolTag(box, radios, alice.secret)
  radios.say(tag.advert())
  expect(signalsOf(box)).not.toEqual([])
  now = box.clock.now()
  box.close()
})
afterAll(() => rmSync(scratch, { recursive: true }))

const aboutAlice = (box: Box) => box.sent().filter(({ handle }) => alice.handles.includes(String(handle)))
const signalsOf = (box: Box) => aboutAlice(box).filter(({ event }) => event !== 'withdrawn')

/** What was done when the process died, after a look at the disk as it was left. */
function outcomeOf(folder: string, wasConfirmed: boolean): 'nothing' | 'whole' {
  const left = readFileSync(join(folder, 'consent.keys'))
  if (wasConfirmed) expect(isKeyIn(left)).toBe(false)
  const box = aBox(configOf(), manualClock(now), folder)
  box.pass(second)
  const seen = box.ask({ ask: 'see', secret: alice.secret })
  if (seen.state !== 'seen') throw new Error(JSON.stringify(seen))
  const states = new Set(seen.purposes.map(({ state }) => state))
  const isOver = states.has('withdrawn')
  const radios = withRadios(box)
  radios.say(tag.advert())
  expect(radios.recognised() > 0).toBe(!isOver)
  expect(isKeyIn(readFileSync(join(folder, 'consent.keys')))).toBe(!isOver)
  expect(states.size).toBe(1)
  const ends = aboutAlice(box).filter(({ event }) => event === 'withdrawn')
  expect(new Set(ends.map(({ handle }) => handle))).toEqual(new Set(isOver ? alice.handles : []))
  expect(signalsOf(box).length > 0).toBe(!isOver)
  // Neither in the file nor in its log does a signal of hers stand still.
  if (isOver) expect(box.bytes().includes('"event":"arrived"')).toBe(false)
  if (wasConfirmed) expect(isOver).toBe(true)
  box.close()
  return isOver ? 'whole' : 'nothing'
}

function isKeyIn(bytes: Buffer): boolean {
  const file = {
    read: (at: number, length: number) => bytes.subarray(at, at + length),
    write() {},
    sync() {},
    close() {},
  }
  return openKeySlots(file, boxKeysOf(boxKey).slots).take(0, alice.id) !== undefined
}

function leaveIn(folder: string, micros: number): string {
  cpSync(original, folder, { recursive: true })
  const args = ['test/shoppers/leave-process.ts', folder, String(now), alice.secret, String(micros)]
  const child = spawnSync(process.execPath, args)
  expect(child.signal, child.stderr.toString()).toBe('SIGKILL')
  return child.stdout.toString()
}

it('a box killed at any moment of a leave has not confirmed it, or has done all of it', () => {
  const random = seededRandom(7)
  const outcomes = new Map<string, number>()
  let usual = Number.POSITIVE_INFINITY
  for (let round = 0; round < trials(12, 80); round++) {
    const folder = join(scratch, 'copy')
    // The first two are left in peace: they say how long it takes.
    const said = leaveIn(folder, round < 2 ? 1_500_000 : Math.floor(random() * usual * 1.5))
    const wasConfirmed = said.startsWith('confirmed')
    if (round < 2) usual = Math.min(usual, Number(said.split(' ')[2]))
    const outcome = `${wasConfirmed ? 'confirmed' : 'not confirmed'}, ${outcomeOf(folder, wasConfirmed)}`
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    rmSync(folder, { recursive: true })
  }
  console.info(`a leave takes ${usual} microseconds;`, Object.fromEntries(outcomes))
  expect(outcomes.has('confirmed, nothing')).toBe(false)
  expect([...outcomes.keys()]).toContain('not confirmed, whole')
}, 500_000)
