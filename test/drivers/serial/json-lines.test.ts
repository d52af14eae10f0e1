import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/simulator/random.ts'
import { trials } from '../../support/need.ts'
import { joined, jsonLine, type Line } from './frames.ts'
import { counting, hearing, peopleIn, settingsOf } from './hearing.ts'

const settings = settingsOf['json-lines']
const text = new TextEncoder()

/** Plays lines, each at its own time since the counter's start (or at `at`). */
function play(...lines: readonly (Line & { at?: number })[]) {
  const { decoder, readings } = hearing(settings)
  for (const { at, ...line } of lines) decoder.push(jsonLine(line), at ?? line.t)
  return { ...peopleIn(readings), dropped: decoder.dropped, frames: decoder.frames, readings }
}

const start: Line = { seq: 1, t: 10_000, ev: 'hb', in: 700, out: 650 }

describe('a counter that prints JSON lines', () => {
  it('is heard line by line', () => {
    const { readings } = play(start, { seq: 2, t: 11_000, ev: 'in', n: 1 }, { seq: 3, t: 12_000, ev: 'out', n: 2 })
    expect(readings).toEqual([
      { kind: 'counted', sensor: 'side', at: 11_000, in: 1, out: 0 },
      { kind: 'counted', sensor: 'side', at: 12_000, in: 0, out: 2 },
    ])
  })

  it('starts counting at the first totals', () => {
    expect(play(start)).toMatchObject({ in: 0, out: 0, frames: 1, dropped: 0 })
  })

  it('counts an event that comes before the first totals once', () => {
    const event: Line = { seq: 1, t: 9000, ev: 'in', n: 1 }
    expect(play(event, { ...start, seq: 2 }, { ...start, seq: 3, t: 20_000 })).toMatchObject({ in: 1, out: 0 })
  })

  it('gets lost lines back from the next totals', () => {
    const lines: Line[] = [
      start,
      { seq: 2, t: 11_000, ev: 'in', n: 1 },
      { seq: 5, t: 20_000, ev: 'hb', in: 702, out: 651 },
    ]
    expect(play(...lines)).toMatchObject({ in: 2, out: 1 })
  })

  it('counts who passed while the port was lost for ten minutes', () => {
    const later: Line = { seq: 90, t: 610_000, ev: 'hb', in: 730, out: 660 }
    expect(play(start, later)).toMatchObject({ in: 30, out: 10, dropped: 0 })
  })

  it('does not believe a jump that no crowd can make, and counts on from there', () => {
    const jump: Line = { seq: 2, t: 20_000, ev: 'hb', in: 100_700, out: 650 }
    const next: Line = { seq: 3, t: 30_000, ev: 'hb', in: 100_702, out: 650 }
    expect(play(start, jump, next)).toMatchObject({ in: 2, out: 0, dropped: 1 })
  })

  it('does not believe a crowd because its time runs ahead', () => {
    const crowd: Line = { seq: 2, t: 1e15, ev: 'in', n: 1e12 }
    expect(play(start, { ...crowd, at: 11_000 })).toMatchObject({ in: 0, dropped: 1 })
    const totals: Line = { seq: 2, t: 1e15, ev: 'hb', in: 2 ** 53 - 1, out: 650 }
    expect(play(start, { ...totals, at: 20_000 })).toMatchObject({ in: 0, dropped: 1 })
  })

  it('ignores a line that comes twice', () => {
    const event: Line = { seq: 2, t: 11_000, ev: 'in', n: 1 }
    expect(play(start, event, event, start)).toMatchObject({ in: 1, dropped: 2 })
  })

  it('ignores a line that comes late', () => {
    const [third, late]: Line[] = [
      { seq: 3, t: 12_000, ev: 'in', n: 1 },
      { seq: 2, t: 11_000, ev: 'in', n: 1 },
    ]
    expect(play(start, third!, { ...late!, at: 12_001 })).toMatchObject({ in: 1, dropped: 1 })
  })

  it('ignores an old number with a new time, but not for ever', () => {
    const wild: Line = { seq: 90_001, t: 11_000, ev: 'in', n: 1 }
    const on = [2, 3, 4, 5].map((seq): Line => ({ seq, t: 11_000 + seq * 1000, ev: 'in', n: 1 }))
    const totals: Line = { seq: 6, t: 20_000, ev: 'hb', in: 705, out: 650 }
    expect(play(start, wild, ...on.slice(0, 2))).toMatchObject({ in: 1, dropped: 2 })
    expect(play(start, wild, ...on, totals)).toMatchObject({ in: 5, dropped: 2 })
  })

  it('takes back what the totals do not bear out', () => {
    const lines: Line[] = [
      start,
      { seq: 2, t: 20_000, ev: 'hb', in: 701, out: 650 },
      // The event that those totals knew already.
      { seq: 3, t: 20_001, ev: 'in', n: 1 },
      { seq: 4, t: 30_000, ev: 'hb', in: 701, out: 650 },
      { seq: 5, t: 31_000, ev: 'in', n: 1 },
      { seq: 6, t: 40_000, ev: 'hb', in: 702, out: 650 },
    ]
    expect(play(...lines)).toMatchObject({ in: 2, out: 0 })
  })

  it('takes back two as it takes back one', () => {
    const early: Line = { seq: 2, t: 20_000, ev: 'hb', in: 702, out: 650 }
    const lines: Line[] = [3, 4].map((seq) => ({ seq, t: 20_000 + seq, ev: 'in', n: 1 }))
    const on: Line[] = [6, 7, 8].map((seq) => ({ seq, t: 30_000 + seq, ev: 'in', n: 1 }))
    expect(play(start, early, ...lines, { seq: 5, t: 30_000, ev: 'hb', in: 702, out: 650 }, ...on)).toMatchObject({
      in: 5,
    })
  })

  describe('that restarts', () => {
    it('is known by its time going back, and its totals then count from zero', () => {
      const lines = [
        start,
        { seq: 1, t: 400, ev: 'in', n: 1, at: 12_000 },
        { seq: 3, t: 9000, ev: 'hb', in: 3, out: 1, at: 20_600 },
      ] as const
      expect(play(...lines)).toMatchObject({ in: 3, out: 1 })
    })

    it('is known by its totals going back', () => {
      const lines = [
        start,
        { seq: 2, t: 610_000, ev: 'hb', in: 4, out: 2 },
        { seq: 3, t: 620_000, ev: 'hb', in: 5, out: 2 },
      ] as const
      expect(play(...lines)).toMatchObject({ in: 5, out: 2 })
    })

    it('is not told its events twice when the restart shows late', () => {
      const lines = [
        { ...start, in: 50, out: 50 },
        { seq: 20, t: 11_000, ev: 'in', n: 1, at: 60_000 },
        { seq: 21, t: 12_000, ev: 'hb', in: 1, out: 0, at: 61_000 },
      ] as const
      expect(play(...lines)).toMatchObject({ in: 1, out: 0 })
    })

    it('counts nobody anew when only its time went wrong for one line', () => {
      const lines = [
        { seq: 5, t: 300_000, ev: 'hb', in: 60, out: 50 },
        { seq: 6, t: 3000, ev: 'in', n: 1, at: 301_000 },
        { seq: 7, t: 310_000, ev: 'hb', in: 61, out: 50 },
      ] as const
      expect(play(...lines)).toMatchObject({ in: 1, out: 0 })
    })

    it('counts nobody anew when one line had a time far ahead', () => {
      const lines = [
        { seq: 5, t: 300_000, ev: 'hb', in: 60, out: 50 },
        { seq: 6, t: 9_301_000, ev: 'in', n: 1, at: 301_000 },
        { seq: 7, t: 310_000, ev: 'hb', in: 61, out: 50 },
      ] as const
      expect(play(...lines)).toMatchObject({ in: 1, out: 0 })
    })

    it('is not thought to when its clock of 32 bits starts again after 49.7 days', () => {
      const lines = [
        { seq: 5, t: 2 ** 32 - 4000, ev: 'hb', in: 60, out: 50, at: 0 },
        { seq: 6, t: 1000, ev: 'in', n: 1, at: 5000 },
        { seq: 7, t: 6000, ev: 'hb', in: 62, out: 50, at: 10_000 },
      ] as const
      expect(play(...lines)).toMatchObject({ in: 2, out: 0 })
    })
  })

  it('starts afresh when another counter is plugged in', () => {
    const other: Line = { dev: 'other', seq: 9, t: 99_000, ev: 'hb', in: 900, out: 900 }
    expect(play(start, other, { ...other, seq: 10, t: 109_000, in: 901 })).toMatchObject({ in: 1, out: 0, dropped: 0 })
  })
})

it('starts afresh when another counter is plugged in just after a restart', () => {
  const lines = [
    start,
    { seq: 1, t: 400, ev: 'in', n: 1, at: 60_000 },
    { dev: 'other', seq: 9, t: 99_000, ev: 'hb', in: 900, out: 800, at: 70_000 },
  ] as const
  expect(play(...lines)).toMatchObject({ in: 1, out: 0 })
})

describe('lines', () => {
  const good = jsonLine({ seq: 2, t: 11_000, ev: 'in', n: 1 })

  it.each([
    ['a log line', 'I (312) wifi: connected\r\n'],
    ['a log line in colour', '\u001b[0;32m[C][sensor:092]: {Presence}\u001b[0m\r\n'],
    ['an unknown version', '{"v":2,"dev":"side","seq":1,"t":1,"ev":"in","n":1}\n'],
    ['a text for a number', '{"v":1,"dev":"side","seq":"1","t":1,"ev":"in","n":1}\n'],
    ['a negative total', '{"v":1,"dev":"side","seq":1,"t":1,"ev":"hb","in":-1,"out":1}\n'],
    ['half a person', '{"v":1,"dev":"side","seq":1,"t":1,"ev":"in","n":0.5}\n'],
    ['nobody', '{"v":1,"dev":"side","seq":1,"t":1,"ev":"in","n":0}\n'],
    ['a crowd in one step', '{"v":1,"dev":"side","seq":1,"t":1,"ev":"in","n":5000}\n'],
    ['an unknown event', '{"v":1,"dev":"side","seq":1,"t":1,"ev":"reset"}\n'],
    ['a list', '[1,2,3]\n'],
    ['null', 'null\n'],
    ['deep nesting', `${'['.repeat(400)}\n`],
    ['a prototype', '{"__proto__":{"v":1},"dev":"side"}\n'],
    ['a line too long', `${'x'.repeat(5000)}\n`],
  ])('that are foreign are dropped and counted: %s', (_, line) => {
    const { decoder, readings } = hearing(settings)
    decoder.push(joined(text.encode(line), good), 11_000)
    expect([peopleIn(readings).in, decoder.dropped]).toEqual([1, 1])
  })

  it.each([
    ['boot noise', '\u0000\u0001\u0002'],
    ['half a line', '{"v":1,"dev":"si'],
    ['a colour', '\u001b[0;32m'],
    ['a flood without an end', 'y'.repeat(100_000)],
    ['spaces', '   '],
  ])('are found behind %s', (_, noise) => {
    const { decoder, readings } = hearing(settings)
    decoder.push(joined(text.encode(noise), good), 11_000)
    expect(peopleIn(readings).in).toBe(1)
  })

  it('may be coloured', () => {
    const { decoder, readings } = hearing(settings)
    decoder.push(text.encode('\u001b[0;32m{"v":1,"dev":"side","seq":2,"t":1,"ev":"in","n":1}\u001b[0m\r\n'), 0)
    expect([peopleIn(readings).in, decoder.dropped]).toEqual([1, 0])
  })

  it('may end in carriage return and line feed, and hold keys of later versions', () => {
    const { decoder, readings } = hearing(settings)
    decoder.push(text.encode('{"v":1,"dev":"side","seq":2,"t":1,"ev":"in","n":1,"err":{"i2c":0}}\r\n\r\n\n'), 0)
    expect([peopleIn(readings).in, decoder.dropped]).toEqual([1, 0])
  })

  it('may be of any length up to 512 bytes', () => {
    const { decoder, readings } = hearing(settings)
    const line = (dev: string) => `{"v":1,"dev":"${dev}","seq":2,"t":1,"ev":"in","n":1}`
    decoder.push(text.encode(`${line('d'.repeat(512 - line('').length))}\n`), 0)
    decoder.push(text.encode(`${line('d'.repeat(513 - line('').length))}\n`), 0)
    expect([peopleIn(readings).in, decoder.dropped]).toEqual([1, 1])
  })
})

describe('the account of a counter', () => {
  it('is exact at each heartbeat whatever lines are lost, doubled or garbled', () => {
    for (let seed = 0; seed < trials(200, 10_000); seed++) expectExact(seed)
  })
})

describe('the account of a counter that restarts again and again', () => {
  it('tells all that the totals of each life prove, and nobody who did not pass', () => {
    for (let seed = 0; seed < trials(200, 4000); seed++) expectProven(seed)
  })
})

/** An hour at a door whose counter restarts every few minutes, after 20 s at the soonest, and whose line loses a tenth. */
function expectProven(seed: number): void {
  const random = createRandom('restarts', seed)
  const { decoder, people: told } = counting(settings)
  const passed = { in: 0, out: 0 }
  const proven = { in: 0, out: 0 }
  let life = { began: -60_000, seq: 9, in: 40, out: 40, proven: { in: 0, out: 0 } }
  decoder.push(jsonLine({ seq: 9, t: 60_000, ev: 'hb', in: 40, out: 40 }), 0)
  life.proven = { in: 40, out: 40 }
  let base = { in: 40, out: 40 }
  for (let at = 1000; at < 3_600_000; at += 1000 + random.below(5000)) {
    // Within its first seconds a new life can look like late lines of one as short.
    if (random.chance(0.01) && at - life.began > 20_000) {
      proven.in += life.proven.in - base.in
      proven.out += life.proven.out - base.out
      base = { in: 0, out: 0 }
      life = { began: at, seq: 0, in: 0, out: 0, proven: { in: 0, out: 0 } }
      continue
    }
    const isHeartbeat = random.chance(0.4)
    const ev = random.pick(['in', 'out'] as const)
    if (!isHeartbeat) passed[ev]++
    if (!isHeartbeat) life[ev]++
    const head = { seq: ++life.seq, t: at - life.began }
    const totals = { in: life.in, out: life.out }
    const line: Line = isHeartbeat ? { ...head, ev: 'hb', ...totals } : { ...head, ev, n: 1 }
    if (random.chance(0.1)) continue
    decoder.push(jsonLine(line), at)
    if (isHeartbeat) life.proven = totals
    for (const side of ['in', 'out'] as const) {
      const least = proven[side] + life.proven[side] - base[side]
      if (told[side] <= passed[side] && told[side] >= least) continue
      expect.fail(`seed ${seed}, ${at} ms: ${told[side]} ${side} told, ${least} proven, ${passed[side]} passed`)
    }
  }
}

/** An hour at a door whose line loses, doubles and garbles a tenth each, with the port gone for five minutes. */
function expectExact(seed: number): void {
  const random = createRandom('counter', seed)
  const { decoder, people } = counting(settings)
  const totals = { in: random.below(1000), out: random.below(1000) }
  const before = { ...totals }
  let seq = random.below(50)
  decoder.push(jsonLine({ seq, t: 1000, ev: 'hb', ...totals }), 1000)
  for (let t = 2000; t < 3_600_000; t += 1000 + random.below(20_000)) {
    const isHeartbeat = random.chance(0.4)
    const ev = random.pick(['in', 'out'] as const)
    if (!isHeartbeat) totals[ev]++
    const line = jsonLine(isHeartbeat ? { seq: ++seq, t, ev: 'hb', ...totals } : { seq: ++seq, t, ev, n: 1 })
    const isGone = random.chance(0.1) || (t > 600_000 && t < 900_000)
    if (!isGone) decoder.push(line, t)
    if (!isGone && random.chance(0.1)) decoder.push(line, t)
    if (random.chance(0.1)) decoder.push(line.subarray(random.below(line.length)).with(0, 0x7f), t)
    if (isHeartbeat && !isGone) {
      expect(people, `seed ${seed}`).toEqual({ in: totals.in - before.in, out: totals.out - before.out })
    }
  }
}
