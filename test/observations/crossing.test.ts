import { describe, expect, it } from 'vitest'
import { createLine, type Point } from '../../src/observations/crossing.ts'
import { createRandom } from '../../src/simulator/random.ts'

const across: readonly [Point, Point] = [
  [-1500, 2000],
  [1500, 2000],
]

function walked(line: readonly [Point, Point], ...places: readonly Point[]) {
  const way = createLine(line).follow()
  return places.map(([x, y]) => way.move(x, y)).filter((direction) => direction !== null)
}

describe('a counting line', () => {
  it('across the field counts who comes towards the sensor as in', () => {
    expect(walked(across, [0, 3000], [0, 1000])).toEqual(['in'])
    expect(walked(across, [0, 1000], [0, 3000])).toEqual(['out'])
  })

  it('with its ends exchanged counts the other way', () => {
    expect(walked([across[1], across[0]], [0, 3000], [0, 1000])).toEqual(['out'])
  })

  it('straight away from the sensor counts who walks to its right as in', () => {
    const ahead: readonly [Point, Point] = [
      [0, 500],
      [0, 4000],
    ]
    expect(walked(ahead, [-1000, 2000], [1000, 2000])).toEqual(['in'])
    expect(walked(ahead, [1000, 2000], [-1000, 2000])).toEqual(['out'])
  })

  it('counts the same for every way it can be turned', () => {
    for (let degrees = 0; degrees < 360; degrees += 7) {
      const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
      const turn = ([x, y]: Point): Point => [x * cos - y * sin + 300, x * sin + y * cos - 700]
      const line = [turn([0, 0]), turn([2000, 0])] as const
      expect(walked(line, turn([1000, 500]), turn([1000, -500]))).toEqual(['in'])
    }
  })

  it('counts a U-turn once in and once out', () => {
    expect(walked(across, [0, 3000], [0, 1700], [0, 3000])).toEqual(['in', 'out'])
  })

  it('does not count who turns round within 250 mm behind it', () => {
    expect(walked(across, [0, 3000], [0, 1760], [0, 3000])).toEqual([])
  })

  it('counts who lingers on it once, when the other side is certain', () => {
    expect(walked(across, [0, 3000], [0, 2100], [0, 1900], [0, 2100], [0, 1850], [0, 1700])).toEqual(['in'])
  })

  it('does not count who passes beside its ends, but knows the side from then on', () => {
    expect(walked(across, [1800, 3000], [1800, 1000])).toEqual([])
    expect(walked(across, [1800, 3000], [1800, 1000], [0, 1000], [0, 3000])).toEqual(['out'])
  })

  it('counts by where the line was cut, not by where the side became certain', () => {
    expect(walked(across, [1400, 2300], [1400, 1990], [1700, 1700])).toEqual(['in'])
    expect(walked(across, [1700, 2300], [1700, 1990], [1400, 1700])).toEqual([])
  })

  it('does not count somebody who appears on it', () => {
    expect(walked(across, [0, 2100], [0, 1000])).toEqual([])
  })

  it('says when the first or the last place was too near to tell', () => {
    const way = createLine(across).follow()
    way.move(0, 3000)
    expect(way.isUncertain()).toBe(false)
    way.move(0, 1800)
    expect(way.isUncertain()).toBe(true)
    way.move(0, 1000)
    expect(way.isUncertain()).toBe(false)
    const late = createLine(across).follow()
    late.move(0, 2250)
    late.move(0, 3000)
    expect(late.isUncertain()).toBe(true)
  })

  it('on any way counts in and out by turns', () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = createRandom(seed, 'way')
      const long: readonly [Point, Point] = [
        [-1e6, 2000],
        [1e6, 2000],
      ]
      const places = Array.from({ length: 200 }, (): Point => [random.between(-900, 900), random.between(1200, 2800)])
      const said = walked(long, ...places)
      expect(said.every((direction, index) => direction !== said[index - 1])).toBe(true)
      const first = places.find(([, y]) => Math.abs(y - 2000) > 250)!
      expect(said[0]).toBe(first[1] > 2000 ? 'in' : 'out')
    }
  })
})
