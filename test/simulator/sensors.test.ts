import { describe, expect, it } from 'vitest'
import { createDecoder } from '../../src/drivers/decoders.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import { beamEdges } from '../../src/simulator/beams.ts'
import { counterLines } from '../../src/simulator/counter.ts'
import { encodeFrame } from '../../src/simulator/ld2450.ts'
import { createVirtualRadar, framesPerSecond, type RadarFaults, usualFaults } from '../../src/simulator/radar.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { createWalk, type Line, type Manner, placeAt, type Walk } from '../../src/simulator/walks.ts'
import { counter, radar } from '../observations/sensors.ts'

const line: Line = [
  [-1500, 2000],
  [1500, 2000],
]
const faultless: RadarFaults = {
  rangeNoise: 0,
  bearingNoise: 0,
  missed: 0,
  missedStretch: 0,
  hidden: 0,
  merges: 0,
  ghosts: 0,
  ghostLasts: 0,
  clutter: 0,
}

function walk(seed: number, manner: Manner = 'through', at = 10): Walk {
  const plan = { id: String(seed), sensor: 'a', line, manner, direction: 'in', at, turnsWithin: [300, 900] } as const
  return createWalk(createRandom(seed, 'walk'), plan)
}

function decoded(settings: Parameters<typeof createDecoder>[0], chunks: readonly Uint8Array[]): readonly Reading[] {
  const readings: Reading[] = []
  const decoder = createDecoder(settings, (reading) => readings.push(reading))
  for (const bytes of chunks) decoder.push(bytes, 0)
  expect(decoder.dropped).toBe(0)
  return readings
}

describe('the radar encoder', () => {
  it('writes the example of the manual: (-782, 1713) mm, -16 cm/s, 320 mm gates', () => {
    const frame = encodeFrame([{ x: -782, y: 1713, speed: -16, resolution: 320 }])
    expect(Buffer.from(frame).toString('hex')).toBe(`aaff03000e03b18610004001${'00'.repeat(16)}55cc`)
  })

  it('writes three slots, of which the middle one is free', () => {
    const slot = { x: 200, y: 500, speed: 0, resolution: 100 }
    const frame = Buffer.from(encodeFrame([slot, null, slot])).toString('hex')
    expect(frame).toBe(`aaff0300c880f48100806400${'00'.repeat(8)}c880f4810080640055cc`)
  })
})

describe('a virtual radar', () => {
  const frames = (faults: RadarFaults, walks: readonly Walk[], count = 200) => {
    const virtual = createVirtualRadar(1, 'a', faults)
    return Array.from({ length: count }, (_, number) => virtual.frame(number, walks))
  }
  const targets = (faults: RadarFaults, walks: readonly Walk[]) =>
    decoded(radar('a'), frames(faults, walks)).map((reading) => (reading.kind === 'targets' ? reading.targets : []))

  it('without faults sees people where they are, for as long as they are in its field', () => {
    const one = walk(1)
    const seen = targets(faultless, [one])
    expect(seen.filter((list) => list.length === 1).length).toBeGreaterThan(20)
    for (const [number, list] of seen.entries()) {
      const place = placeAt(one, number / framesPerSecond)
      for (const { x, y } of list) expect(Math.hypot(x - place!.x, y - place!.y)).toBeLessThan(2)
    }
  })

  it('tells who comes nearer by a negative speed', () => {
    const speeds = targets(faultless, [walk(2)])
      .flat()
      .map(({ speed }) => speed)
    expect(speeds.filter((speed) => speed < -30).length).toBeGreaterThan(speeds.length / 2)
  })

  it('renumbers its slots, and sees three people at most', () => {
    const crowd = [11, 12, 13, 14, 15].map((seed) => walk(seed))
    const seen = targets({ ...faultless, merges: 0 }, crowd)
    expect(Math.max(...seen.map((list) => list.length))).toBe(3)
    const virtual = createVirtualRadar(1, 'a', faultless)
    const filled = new Set(
      Array.from({ length: 200 }, (_, number) => {
        const frame = virtual.frame(number, [walk(1)])
        return [4, 12, 20].findIndex((start) => frame[start + 6] !== 0)
      }),
    )
    expect([...filled].sort()).toEqual([-1, 0, 1, 2])
  })

  it('takes two who walk close together for one', () => {
    const twin = (id: string): Walk => ({ ...walk(1), id })
    expect(Math.max(...targets({ ...faultless, merges: 300 }, [twin('x'), twin('y')]).map((list) => list.length))).toBe(
      1,
    )
  })

  it('leaves frozen ghosts of people who left', () => {
    const one = walk(1)
    const seen = targets({ ...faultless, ghosts: 1, ghostLasts: 4 }, [one])
    const gone = seen.findLastIndex((list, number) => list.length > 0 && placeAt(one, number / framesPerSecond))
    const ghosts = seen.slice(gone + 1).filter((list) => list.length > 0)
    expect(ghosts.length).toBeGreaterThan(0)
    expect(new Set(ghosts.map(([ghost]) => `${ghost!.x},${ghost!.y}`)).size).toBe(1)
  })

  it('says the same in the same frame, whichever frames were asked for before', () => {
    const people = [walk(1), walk(2)]
    const forwards = frames(usualFaults, people)
    const virtual = createVirtualRadar(1, 'a', usualFaults)
    for (const number of [150, 100, 101, 0]) expect(virtual.frame(number, people)).toEqual(forwards[number])
  })
})

describe('virtual beams', () => {
  it('are broken outer first by who goes in, and restored in the same order', () => {
    const edges = beamEdges(4, 'door', [{ ...walk(1), depth: 250 }]).map((edge) => `${edge.line} ${edge.level}`)
    expect(edges).toEqual(['outer 1', 'inner 1', 'outer 0', 'inner 0'])
  })

  it('are left by a thin body before it reaches the second one', () => {
    const edges = beamEdges(4, 'door', [{ ...walk(1), depth: 80 }]).map((edge) => `${edge.line} ${edge.level}`)
    expect(edges).toEqual(['outer 1', 'outer 0', 'inner 1', 'inner 0'])
  })

  it('do not tell two who walk in step from one', () => {
    expect(beamEdges(4, 'door', [walk(1), { ...walk(1), id: 'twin' }])).toHaveLength(4)
  })

  it('never say the same level twice, and end free', () => {
    const crowd = Array.from({ length: 300 }, (_, seed) => walk(seed, seed % 3 ? 'through' : 'turns-after', seed))
    const edges = beamEdges(5, 'door', crowd)
    for (const which of ['outer', 'inner'] as const) {
      const levels = edges.filter((edge) => edge.line === which).map((edge) => edge.level)
      expect(levels.every((level, index) => level === (index % 2 === 0 ? 1 : 0))).toBe(true)
      expect(levels.at(-1)).toBe(0)
    }
    expect(edges.some((edge, i) => i > 1 && edge.t - edges[i - 1]!.t < 0.007)).toBe(true)
  })
})

describe('a virtual counter', () => {
  const people = Array.from({ length: 40 }, (_, seed) => walk(seed, seed % 5 ? 'through' : 'turns-after', 7 * seed))

  it('prints lines numbered from 1, and totals every ten seconds', () => {
    const { lines, totals } = counterLines('side', people, 0, 300, { in: 0, out: 0 })
    const said = lines.map(({ text }) => JSON.parse(text))
    expect(said.map(({ seq }) => seq)).toEqual(said.map((_, index) => index + 1))
    const beats = said.filter(({ ev }) => ev === 'hb')
    expect(beats.map(({ t }) => t)).toEqual(Array.from({ length: 29 }, (_, index) => 10_000 * (index + 1)))
    expect(totals).toEqual({
      in: said.filter(({ ev }) => ev === 'in').length,
      out: said.filter(({ ev }) => ev === 'out').length,
    })
    expect(lines[0]!.text.endsWith('}\n')).toBe(true)
  })

  it('carries on where it was', () => {
    const whole = counterLines('side', people, 0, 300, { in: 0, out: 0 })
    for (const cut of [60, 100, 123.4]) {
      const first = counterLines('side', people, 0, cut, { in: 0, out: 0 })
      const second = counterLines('side', people, cut, 300, first.totals)
      expect([...first.lines, ...second.lines]).toEqual(whole.lines)
    }
  })

  it('is understood by the driver to the last person', () => {
    const { lines, totals } = counterLines('side', people, 0, 400, { in: 0, out: 0 })
    const readings: Reading[] = []
    const decoder = createDecoder(counter('side'), (reading) => readings.push(reading))
    for (const { t, text } of lines) decoder.push(Buffer.from(text), t * 1000)
    const sum = { in: 0, out: 0 }
    for (const reading of readings) {
      if (reading.kind !== 'counted') continue
      sum.in += reading.in
      sum.out += reading.out
    }
    expect([sum, decoder.dropped]).toEqual([totals, 0])
  })
})
