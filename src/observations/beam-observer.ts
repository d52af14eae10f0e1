import { type BeamPairOptions, createBeamPair } from './beam-pair.ts'
import type { Observer } from './observation.ts'

/** A beam-pair on GPIO: its edges as they are. */
export function createBeamObserver(options: BeamPairOptions): Observer {
  let pair = createBeamPair(options)

  return {
    observe(reading) {
      if (reading.kind === 'edge') pair.edge(reading.line, reading.level, reading.at)
      else if (reading.kind === 'state') {
        pair.end(reading.at)
        pair = createBeamPair(options)
      }
    },
    tick: (at) => pair.tick(at),
  }
}
