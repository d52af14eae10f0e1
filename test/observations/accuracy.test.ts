import { describe, expect, it } from 'vitest'
import { trials } from '../support/need.ts'
import { countedBy, lines, truthOf, walksOf } from './scenes.ts'

// What is measured: `people` walk past one radar within three seconds (or one) of each other, over a line across the
// field or along it, with the faults of src/simulator/radar.ts. A crossing is right if both totals of its walk, in
// and out, equal the truth; so one missed crossing makes all crossings of its walk wrong. Seeds are fixed: no false
// alarms, and a change of the tracker that costs accuracy shows.
const walks = trials(300, 2000)

interface Accuracy {
  readonly right: number
  readonly net: number
}

function accuracyOf(people: number, within: number): Accuracy {
  let [crossings, right, counted] = [0, 0, 0]
  for (let seed = 0; seed < walks; seed++) {
    const scene = { seed, people, within, line: lines[seed % lines.length]! }
    const persons = walksOf(scene)
    const truth = truthOf(persons)
    const count = countedBy(scene, persons)
    crossings += truth.in + truth.out
    counted += count.in + count.out
    if (count.in === truth.in && count.out === truth.out) right += truth.in + truth.out
  }
  return { right: (100 * right) / crossings, net: (100 * counted) / crossings }
}

describe('line crossings of walking people', () => {
  const measured: string[] = []
  const measure = (people: number, within: number): Accuracy => {
    const accuracy = accuracyOf(people, within)
    const figures = `${accuracy.right.toFixed(1)} % right, ${accuracy.net.toFixed(1)} % of the total counted`
    measured.push(`${people} within ${within} s, ${walks} walks: ${figures}`)
    return accuracy
  }

  it('are counted at least 95 % right for one and for two people', () => {
    expect(measure(1, 3).right).toBeGreaterThanOrEqual(95)
    expect(measure(2, 3).right).toBeGreaterThanOrEqual(95)
  })

  it('are measured for three people, and for people on top of each other', () => {
    expect(measure(3, 3).right).toBeGreaterThanOrEqual(88)
    expect(measure(2, 1).right).toBeGreaterThanOrEqual(90)
    expect(measure(3, 1).right).toBeGreaterThanOrEqual(80)
    console.info(`Radar, line crossings:\n  ${measured.join('\n  ')}`)
  })

  it('are counted for at most one in a hundred who turn round before the line', () => {
    let [turned, counted] = [0, 0]
    for (let seed = 0; seed < walks; seed++) {
      const scene = { seed, people: 3, within: 3, line: lines[seed % lines.length]! }
      const strollers = walksOf(scene).filter((walk) => walk.crossings.length === 0)
      if (strollers.length === 0) continue
      const count = countedBy(scene, strollers)
      turned += strollers.length
      counted += count.in + count.out
    }
    console.info(`Radar, people who turn round before the line: ${counted} of ${turned} counted`)
    expect(counted / turned).toBeLessThanOrEqual(0.01)
  })
})
