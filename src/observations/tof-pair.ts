import { type BeamPairOptions, createBeamPair } from './beam-pair.ts'
import type { Observer } from './observation.ts'
import { createRangeBeam } from './range-beam.ts'

/** Two range finders, the outer named first, as one beam pair. */
export function createTofPair(options: BeamPairOptions & { readonly inner: string }): Observer {
  let pair = createBeamPair(options)
  let beams = { outer: createRangeBeam(), inner: createRangeBeam() }
  const levels = { outer: 0, inner: 0 }

  return {
    observe(reading) {
      if (reading.kind === 'state') {
        pair.end(reading.at)
        pair = createBeamPair(options)
        beams = { outer: createRangeBeam(), inner: createRangeBeam() }
        levels.outer = levels.inner = 0
      } else if (reading.kind === 'distance') {
        const line = reading.sensor === options.inner ? 'inner' : 'outer'
        const level = beams[line].measure(reading.millimetres, reading.at)
        if (level === levels[line]) return
        levels[line] = level
        pair.edge(line, level, reading.at)
      }
    },
    tick: (at) => pair.tick(at),
  }
}
