import { describe, expect, it } from 'vitest'
import type { Edge } from '../../src/drivers/reading.ts'
import { createBeamPair } from '../../src/observations/beam-pair.ts'
import type { Crossing, Trouble } from '../../src/observations/observation.ts'
import { beamEdges } from '../../src/simulator/beams.ts'
import { createRandom, type Random } from '../../src/simulator/random.ts'
import { createWalk, type Manner } from '../../src/simulator/walks.ts'
import { trials } from '../support/need.ts'

type Line = Edge['line']
type TimedEdge = readonly [at: number, line: Line, level: 0 | 1]

const door = { sensors: ['door'], zone: 'entrance' } as const

interface Played {
  readonly directions: readonly Crossing['direction'][]
  readonly crossings: readonly Crossing[]
  readonly troubles: readonly (readonly [Trouble['trouble'], number])[]
  readonly ambiguous: number
}

/** Plays edges as they arrive, with a tick at each of `ticks`, and lets ten quiet seconds pass. */
function play(edges: readonly TimedEdge[], ticks: readonly number[] = []): Played {
  const crossings: Crossing[] = []
  const troubles: (readonly [Trouble['trouble'], number])[] = []
  let ambiguous = 0
  const pair = createBeamPair({
    ...door,
    observe(observation) {
      if (observation.kind === 'crossing') crossings.push(observation)
      if (observation.kind === 'trouble') troubles.push([observation.trouble, observation.at])
    },
    noteAmbiguous: () => void ambiguous++,
  })
  let next = 0
  for (const [at, line, level] of edges) {
    while (next < ticks.length && ticks[next]! <= at) pair.tick(ticks[next++]!)
    pair.edge(line, level, at)
  }
  while (next < ticks.length) pair.tick(ticks[next++]!)
  pair.tick(Math.max(edges.at(-1)?.[0] ?? 0, ticks.at(-1) ?? 0) + 10_000)
  return { directions: crossings.map(({ direction }) => direction), crossings, troubles, ambiguous }
}

/** 'O' breaks the outer beam, 'o' restores it, 'I' and 'i' the inner; one each 100 ms unless a number says otherwise. */
function edges(steps: string, start = 0): TimedEdge[] {
  const result: TimedEdge[] = []
  let gap = 100
  let at = start
  for (const step of steps.split(' ')) {
    if (/^\d+$/.test(step)) {
      gap = Number(step)
      continue
    }
    at += gap
    gap = 100
    result.push([at, step.toLowerCase() === 'o' ? 'outer' : 'inner', step === step.toUpperCase() ? 1 : 0])
  }
  return result
}

describe('two beams', () => {
  it.each([
    ['outer, both, inner, free is in', 'O I o i', ['in']],
    ['inner, both, outer, free is out', 'I O i o', ['out']],
    ['back out of both beams is nothing', 'O I i o', []],
    ['a bag in one beam is nothing', 'O o', []],
    ['thin legs that leave the first beam 400 ms before the second are in', 'O o 400 I i', ['in']],
    ['thin legs the other way are out', 'I i 100 O o', ['out']],
    ['a gap above 400 ms is two bags', 'O o 401 I i', []],
    ['three bags are one passage at most', 'O o I i O o', ['in']],
    ['dithering in both beams and going on is in', 'O I o O o i', ['in']],
    ['going nearly through and coming back is nothing', 'O I o O i o', []],
    ['standing in both beams for a minute less a second and going on is in', 'O I 59000 o i', ['in']],
    ['waiting in the first beam for more than 5 s ends the passage', 'O 5001 I o i', []],
    ['waiting in the first beam for 5 s does not', 'O 5000 I o i', ['in']],
    ['two people one after the other are two', 'O I o i O I o i', ['in', 'in']],
    ['one in and one out are both', 'O I o i I O i o', ['in', 'out']],
  ] as const)('%s', (_, steps, expected) => {
    expect(play(edges(steps)).directions).toEqual(expected)
  })

  it('stamps a crossing with the edge that completed it', () => {
    expect(play(edges('O I o i')).crossings).toEqual([
      { kind: 'crossing', sensor: 'door', zone: 'entrance', direction: 'in', people: 1, at: 400 },
    ])
  })

  it('ignores bounce and flies shorter than 20 ms', () => {
    expect(play(edges('O 5 o 5 O I 10 i 10 I o i 8 I 8 i')).directions).toEqual(['in'])
    expect(play(edges('O I 19 i o')).directions).toEqual([])
  })

  it('counts one whom the debounce must not swallow: 25 or 8 ms from beam to beam', () => {
    expect(play(edges('O 25 I 25 o 25 i')).directions).toEqual(['in'])
    expect(play(edges('O 8 I 90 o 8 i')).directions).toEqual(['in'])
    expect(play(edges('I 8 O 90 i 8 o')).directions).toEqual(['out'])
  })

  it('counts back and forth in both beams as one, and notes that it may have been two', () => {
    expect(play(edges('O I o O o i'))).toMatchObject({ directions: ['in'], ambiguous: 1 })
    expect(play(edges('O I o i'))).toMatchObject({ directions: ['in'], ambiguous: 0 })
  })

  it('notes a passage that took more than twice the usual time in both beams', () => {
    const usual = Array.from({ length: 10 }, (_, i) => edges('O I o i', 5000 * i)).flat()
    const slow = [...usual, ...edges('O I 300 o i', 60_000)]
    expect(play(usual).ambiguous).toBe(0)
    expect(play(slow)).toMatchObject({ ambiguous: 1 })
    expect(play(slow).directions).toHaveLength(11)
  })
})

describe('trouble of two beams', () => {
  it('tells obstructed after a minute, counts nothing meanwhile, and counts again once both are free', () => {
    const blocked = edges('O 61000 I o i 1000 O I o i')
    const { directions, troubles } = play(blocked)
    expect(troubles).toEqual([
      ['obstructed', 60_100],
      [null, 61_220],
    ])
    expect(directions).toEqual(['in'])
  })

  it('tells obstructed without a further edge', () => {
    expect(play(edges('I'), [59_000, 61_000]).troubles).toEqual([['obstructed', 60_100]])
  })

  it('tells chatter above 20 edges a second and counts nothing until it is calm', () => {
    const noise = Array.from({ length: 40 }, (_, i): TimedEdge => [i * 45, 'inner', i % 2 === 0 ? 1 : 0])
    const during = edges('O I o i', noise.at(-1)![0] + 30)
    const after = edges('O I o i', 10_000)
    const { directions, troubles } = play([...noise, ...during, ...after])
    expect(troubles.map(([trouble]) => trouble)).toEqual(['chatter', null])
    expect(troubles[0]![1]).toBe(20 * 45)
    expect(directions).toEqual(['in'])
  })

  it('takes 20 edges in a second for a busy door', () => {
    const busy = Array.from({ length: 10 }, (_, i) => edges('O 50 I 50 o 50 i', 250 * i)).flat()
    expect(play(busy)).toMatchObject({ troubles: [], directions: Array.from({ length: 10 }, () => 'in') })
  })

  it('tells that trouble is over when the lines go away', () => {
    const told: (Trouble['trouble'] | string)[] = []
    const pair = createBeamPair({
      ...door,
      sensors: ['a', 'b'],
      observe: (o) => o.kind === 'trouble' && told.push(o.sensor, o.trouble),
      noteAmbiguous() {},
    })
    pair.edge('outer', 1, 0)
    pair.tick(70_000)
    pair.end(80_000)
    expect(told).toEqual(['a', 'obstructed', 'b', 'obstructed', 'a', null, 'b', null])
  })
})

describe('every sequence of edges', () => {
  const toggles = [
    ['outer', 2],
    ['inner', 1],
  ] as const

  /** What the automaton is meant to say, from the whole path at once: excursions from free to free. */
  function reference(path: readonly { readonly state: number; readonly at: number }[]): string[] {
    const said: string[] = []
    let lone: { readonly way: string; readonly until: number } | null = null
    let excursion = ''
    let began = 0
    let slow = false
    for (const [index, { state, at }] of path.entries()) {
      if (state !== 0) {
        if (excursion === '') began = at
        excursion += state
        const next = path[index + 1]
        if (state !== 3 && next && next.at - at > 5000) slow = true
        continue
      }
      const follows: boolean = lone !== null && lone.way !== excursion && began - lone.until <= 400
      const isLone = /^[12]$/.test(excursion)
      if (!slow && /^2.*3.*1$/.test(excursion)) said.push('in')
      if (!slow && /^1.*3.*2$/.test(excursion)) said.push('out')
      if (!slow && isLone && follows) said.push(excursion === '1' ? 'in' : 'out')
      lone = !slow && isLone && !follows ? { way: excursion, until: at } : null
      excursion = ''
      slow = false
    }
    return said
  }

  /** Walks all toggles of both lines up to `longest`, each after each of `gaps` ms, and compares. */
  function compareAll(longest: number, gaps: readonly number[]): number {
    let compared = 0
    const grow = (steps: TimedEdge[], path: { state: number; at: number }[]) => {
      expect(play(steps).directions, JSON.stringify(steps)).toEqual(reference(path))
      compared++
      if (steps.length === longest) return
      const { state, at } = path.at(-1) ?? { state: 0, at: 0 }
      for (const [line, bit] of toggles) {
        for (const gap of gaps) {
          const level = state & bit ? 0 : 1
          grow([...steps, [at + gap, line, level]], [...path, { state: state ^ bit, at: at + gap }])
        }
      }
    }
    grow([], [])
    return compared
  }

  it('up to length 8 means what the reference model says', () => {
    expect(compareAll(8, [100])).toBe(2 ** 9 - 1)
    expect(compareAll(8, [100, 450])).toBe((4 ** 9 - 1) / 3)
  })

  it('up to length 6 and more does so for short, long and very long gaps', () => {
    expect(compareAll(trials(6, 7), [100, 450, 5500])).toBeGreaterThan(50_000)
  })

  it('up to length 8 does so when levels are told twice', () => {
    const levels = [0, 1] as const
    for (let code = 0; code < 4 ** 8; code++) {
      const steps: TimedEdge[] = []
      const path: { state: number; at: number }[] = []
      let state = 0
      for (let index = 0; index < 8; index++) {
        const step = (code >> (2 * index)) & 3
        const [line, bit] = toggles[step & 1]!
        const level = levels[step >> 1]!
        const at = 100 * (index + 1)
        steps.push([at, line, level])
        const next = level === 1 ? state | bit : state & ~bit
        if (next !== state) path.push({ state: next, at })
        state = next
      }
      expect(play(steps).directions, JSON.stringify(steps)).toEqual(reference(path))
    }
  })
})

describe('any sequence of edges', () => {
  function randomEdges(random: Random, count: number): TimedEdge[] {
    let at = 0
    return Array.from({ length: count }, () => {
      at += random.pick([3, 15, 40, 90, 250, 450, 3000, 20_000])
      return [at, random.pick(['outer', 'inner'] as const), random.pick([0, 1] as const)]
    })
  }

  it('never makes more crossings than a quarter of its edges', () => {
    for (let seed = 0; seed < trials(500, 20_000); seed++) {
      const random = createRandom(seed, 'quarter')
      const steps = randomEdges(random, random.below(120))
      expect(play(steps).crossings.length).toBeLessThanOrEqual(steps.length / 4)
    }
  })

  it('means the same however often the time is told', () => {
    for (let seed = 0; seed < trials(500, 20_000); seed++) {
      const random = createRandom(seed, 'ticks')
      const steps = randomEdges(random, 60)
      const end = steps.at(-1)![0]
      const often = Array.from({ length: Math.ceil(end / 300) }, (_, i) => i * 300)
      const seldom = Array.from({ length: Math.ceil(end / 47_000) }, (_, i) => i * 47_000)
      expect(play(steps, often)).toEqual(play(steps, seldom))
    }
  })

  it('means the same when edges arrive up to 20 ms out of order', () => {
    for (let seed = 0; seed < trials(500, 20_000); seed++) {
      const random = createRandom(seed, 'order')
      const steps = randomEdges(random, 60)
      const arrival = new Map(steps.map((step) => [step, step[0] + random.between(0, 20)]))
      const shuffled = [...steps].sort((one, other) => arrival.get(one)! - arrival.get(other)!)
      expect(play(shuffled)).toEqual(play(steps))
    }
  })
})

describe('people in a doorway', () => {
  it('are counted one by one: in, out, turning round before and after the sill, thin or broad, with bounce', () => {
    const random = createRandom(1, 'walkers')
    const walks = Array.from({ length: 1000 }, (_, index) => {
      const manner: Manner = random.pick(['through', 'through', 'through', 'turns-before', 'turns-after'])
      return createWalk(random, {
        id: String(index),
        sensor: 'door',
        line: [
          [-500, 0],
          [500, 0],
        ],
        manner,
        direction: random.pick(['in', 'out'] as const),
        at: 20 * (index + 1),
        turnsWithin: manner === 'turns-before' ? [20, 400] : [300, 1200],
      })
    })
    const steps = beamEdges(1, 'door', walks).map(({ t, line, level }): TimedEdge => [t * 1000, line, level])
    const truth = walks.flatMap((walk) => walk.crossings.map(({ direction }) => direction))
    expect(play(steps).directions).toEqual(truth)
  })
})
