import { describe, expect, it } from 'vitest'
import type { Release } from '../../src/privacy/release.ts'
import { type Life, live, type Recklessness } from '../support/lives.ts'
import { trials } from '../support/need.ts'
import { numbersIn } from '../support/neighbours.ts'
import { openShop } from '../support/wall.ts'

/**
 * Any life of a box against what its journal must mean: a slot is drawn once, what was spent never becomes less, a number
 * that a crash came between is lost, and no change of policy, name, clock or disk buys a second look at an hour. What is
 * found is wrong for certain: there is no false alarm.
 */

/** What a life did that no box may do. */
function faultsOf(life: Life): string[] {
  return [
    ...life.refunds.map((fall) => `spent fell from ${fall}`),
    ...drawnTwice(life),
    ...secondLooks(life.kept),
    ...(life.isRestored ? [] : [...notLost(life), ...outOfOrder(life.kept), ...gaps(life)]),
  ]
}

/** The numbers of one id; undefined where it holds none. */
function numbersOf(release: Release): string | undefined {
  if (release.missing !== null) return undefined
  return JSON.stringify(numbersIn(release))
}

/** What never left may be drawn by another image; in one box not even that. */
function drawnTwice({ kept, handedOver, isRestored }: Life): string[] {
  const known = new Map<string, string>()
  return (isRestored ? kept : handedOver).flatMap((release) => {
    const numbers = numbersOf(release)
    if (numbers === undefined) return []
    const before = known.get(release.id)
    known.set(release.id, numbers)
    return before !== undefined && (isRestored || before !== numbers) ? [`${release.id} was drawn twice`] : []
  })
}

/** Two policies must not look at the same hour: a renamed door is the same door. */
function secondLooks(kept: readonly Release[]): string[] {
  const looks = kept.filter((release) => numbersOf(release) !== undefined && release.kind !== 'phones')
  return looks.flatMap((one, i) => {
    const others = looks.slice(0, i).filter((other) => {
      return other.kind === one.kind && other.privacy.policy !== one.privacy.policy && overlaps(one, other)
    })
    return others.map((other) => `${one.id} looks again at ${other.id}`)
  })
}

function overlaps(one: Release, other: Release): boolean {
  const [from, also] = [Date.parse(one.window.start), Date.parse(other.window.start)]
  return from < also + other.window.seconds * 1000 && also < from + one.window.seconds * 1000
}

function notLost({ kept, charged }: Life): string[] {
  return kept.filter(({ seq, missing }) => charged.has(seq) && missing !== 'lost').map(({ id }) => `${id} is not lost`)
}

function outOfOrder(kept: readonly Release[]): string[] {
  const latest = new Map<string, number>()
  return kept.flatMap(({ series, id, window }) => {
    const start = Date.parse(window.start)
    const isBack = start <= (latest.get(series) ?? 0)
    latest.set(series, start)
    return isBack ? [`${id} is kept twice or goes back`] : []
  })
}

function gaps({ kept, unfinished }: Life): string[] {
  const numbers = [...kept.map(({ seq }) => seq), ...unfinished].sort((a, b) => a - b)
  return numbers.every((seq, i) => seq === i + 1) ? [] : ['numbers have a gap']
}

const newBox = () => openShop({ start: '2026-11-23T08:00:00Z' })

/** SQLite looks through all statements that were ever prepared on a connection. */
const livesPerBox = 10

/** Lives until one does something wrong; what it did, by the seed. */
async function firstFaults(lives: number, steps: number, reckless?: Recklessness): Promise<string[]> {
  let used = newBox()
  for (let seed = 1; seed <= lives; seed++) {
    // Statements of SQLite are freed between two turns of the event loop only.
    if (seed % 50 === 0) await new Promise(setImmediate)
    if (seed % livesPerBox === 0) {
      used.database.close()
      used = newBox()
    }
    const faults = faultsOf(live(seed, steps, used, reckless))
    if (faults.length > 0) return faults.map((fault) => `seed ${seed}: ${fault}`)
  }
  return []
}

describe('any life of a box', () => {
  it.each([
    ['short', trials(800, 30_000), 10],
    ['long', trials(20, 1000), 60],
  ] as const)('that is %s draws each slot once, refunds nothing and never goes back', async (_, lives, steps) => {
    expect(await firstFaults(lives, steps)).toEqual([])
  })

  it('meets all that these lives are to meet', () => {
    const used = newBox()
    const lives = Array.from({ length: 60 }, (_, seed) => live(seed + 1, 20, used))
    const kept = lives.flatMap((life) => life.kept)
    expect(new Set(kept.map(({ missing }) => missing))).toEqual(
      new Set([null, 'lost', 'clock', 'sensor-down', 'restored']),
    )
    expect(new Set(kept.map(({ privacy }) => privacy.policy)).size).toBe(5)
    expect(lives.filter(({ charged }) => charged.size > 0).length).toBeGreaterThan(5)
    expect(lives.filter((life) => life.handedOver.length > life.kept.length).length).toBeGreaterThan(10)
  })

  it.each([
    ['a journal that forgets a charge', { forgetsCharges: true }],
    ['an old image whose box does not listen to head office', { ignoresHeadOffice: true }],
  ])('is found out with %s', async (_, reckless) => {
    expect(await firstFaults(1000, 20, reckless)).not.toEqual([])
  })
})
