import { describe, expect, it } from 'vitest'
import { day, hour, minute, second } from '../../../src/base/duration.ts'
import { createLadder, type Rung } from '../../../src/drivers/ble/ladder.ts'
import { createRandom } from '../../../src/simulator/random.ts'

/** The steps of a ladder that is asked every 5 s, as [seconds, step]. */
function stepsOf(length: number, hearing: (at: number) => boolean = () => false): [at: number, rung: Rung][] {
  const ladder = createLadder()
  const steps: [number, Rung][] = []
  ladder.began(0)
  for (let at = 0; at <= length; at += 5 * second) {
    if (hearing(at)) ladder.heard(at)
    const rung = ladder.due(at)
    if (rung) steps.push([at / 1000, rung])
  }
  return steps
}

const count = (steps: readonly [number, Rung][], rung: Rung) => steps.filter(([, name]) => name === rung).length

describe('the ladder of a radio that hears nothing', () => {
  it('climbs from the mildest step to one drastic one, waiting longer before each', () => {
    expect(stepsOf(16 * minute).slice(0, 3)).toEqual([
      [90, 'rebuild'],
      [270, 'power-cycle'],
      [870, 'reset'],
    ])
  })

  it('takes the two drastic steps by turns', () => {
    const drastic = stepsOf(4 * day).map(([, rung]) => rung)
    expect(drastic.filter((rung) => rung === 'reset' || rung === 'restart').slice(0, 3)).toEqual([
      'reset',
      'restart',
      'reset',
    ])
  })

  it('does nothing while something is heard every minute', () => {
    expect(stepsOf(day, (at) => at % minute === 0)).toEqual([])
  })

  it('begins at the mildest step again once something was heard', () => {
    const steps = stepsOf(7 * minute, (at) => at === 3 * minute)
    expect(steps.map(([, rung]) => rung)).toEqual(['rebuild', 'rebuild'])
  })

  it('comes to rest in a silent week: one drastic step a day, four power cycles, a rebuild an hour', () => {
    const steps = stepsOf(7 * day)
    expect(count(steps, 'reset') + count(steps, 'restart')).toBeLessThanOrEqual(7)
    expect(count(steps, 'power-cycle')).toBeLessThanOrEqual(7 * 4)
    expect(count(steps, 'rebuild')).toBeLessThanOrEqual(7 * 24 + 8)
    expect(steps.filter(([at]) => at > 7 * 86_400 - 7200).length).toBeGreaterThan(0)
  })

  it('takes no step within its cool-down and no second drastic one within a day, however silence and sound alternate', () => {
    const random = createRandom('ladder')
    for (let run = 0; run < 50; run++) {
      const ladder = createLadder()
      const last = new Map<Rung, number>()
      for (let at = 0; at < 3 * day; at += (1 + random.below(200)) * second) {
        if (random.chance(0.15)) ladder.heard(at)
        const rung = ladder.due(at)
        if (!rung) continue
        const since = (name: Rung) => at - (last.get(name) ?? Number.NEGATIVE_INFINITY)
        const least = { rebuild: 2 * minute, 'power-cycle': 6 * hour, reset: day, restart: day }[rung]
        expect(since(rung)).toBeGreaterThanOrEqual(least)
        if (rung === 'reset') expect(since('restart')).toBeGreaterThanOrEqual(day)
        if (rung === 'restart') expect(since('reset')).toBeGreaterThanOrEqual(day)
        last.set(rung, at)
      }
    }
  })
})
