import { type BeamPairOptions, createBeamPair, obstructedAfter } from './beam-pair.ts'
import type { Observer } from './observation.ts'
import { createRangeBeam } from './range-beam.ts'

/** Two range finders, the outer named first, as one beam pair. */
export function createTofPair(options: BeamPairOptions & { readonly inner: string }): Observer {
  let pair = createBeamPair(options)
  let beams = { outer: createRangeBeam(), inner: createRangeBeam() }
  const levels = { outer: 0, inner: 0 }
  /** When each last saw anything, or began to look. */
  let sawAt: { outer?: number; inner?: number } = {}

  // A covered lens, or nothing within range, must not pass for an empty door.
  function look(line: 'outer' | 'inner', millimetres: number | null, at: number): void {
    if (millimetres !== null) sawAt[line] = at
    sawAt[line] ??= at
    const { outer = at, inner = at } = sawAt
    pair.blind(at - Math.min(outer, inner) > obstructedAfter, at)
  }

  return {
    observe(reading) {
      if (reading.kind === 'state') {
        pair.end(reading.at)
        pair = createBeamPair(options)
        beams = { outer: createRangeBeam(), inner: createRangeBeam() }
        levels.outer = levels.inner = 0
        sawAt = {}
      } else if (reading.kind === 'distance') {
        const line = reading.sensor === options.inner ? 'inner' : 'outer'
        look(line, reading.millimetres, reading.at)
        const level = beams[line].measure(reading.millimetres, reading.at)
        if (level === levels[line]) return
        levels[line] = level
        pair.edge(line, level, reading.at)
      }
    },
    tick: (at) => pair.tick(at),
  }
}
