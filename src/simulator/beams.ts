import { createRandom } from './random.ts'
import { leftOf, type Walk } from './walks.ts'

/** A change of one beam, in seconds; 1 = broken. */
export interface BeamEdge {
  readonly t: number
  readonly line: 'outer' | 'inner'
  readonly level: 0 | 1
}

/** mm between the two beams; the counting line lies midway, the outer beam on its left. */
export const spacing = 100

interface Span {
  readonly from: number
  readonly to: number
}

/** What two beams at the walks' line tell: each is broken while any body is in it, and bounces now and then. */
export function beamEdges(seed: number, sensor: string, walks: readonly Walk[]): readonly BeamEdge[] {
  const lines = [
    ['outer', spacing / 2],
    ['inner', -spacing / 2],
  ] as const
  const edges = lines.flatMap(([line, left]) => {
    const spans = merged(walks.flatMap((walk) => spansInBeam(walk, left)))
    const random = createRandom(seed, sensor, line, spans[0]?.from ?? 0)
    return spans.flatMap(({ from, to }) => [
      { t: from, line, level: 1 as const },
      ...(random.chance(0.15) ? bounce(from, line, random.between(0.001, 0.006), to) : []),
      { t: to, line, level: 0 as const },
    ])
  })
  return edges.sort((one, other) => one.t - other.t)
}

/** The contact opens again for a few ms just after it closed. */
function bounce(from: number, line: BeamEdge['line'], width: number, to: number): BeamEdge[] {
  if (from + 3 * width >= to) return []
  return [
    { t: from + width, line, level: 0 },
    { t: from + 2 * width, line, level: 1 },
  ]
}

/** When the body of one person is in a beam `beam` mm to the left of the line. */
function spansInBeam(walk: Walk, beam: number): Span[] {
  const half = walk.depth / 2
  return walk.stations.flatMap((to, index) => {
    const from = walk.stations[index - 1]
    if (!from) return []
    const before = leftOf(walk.line, from) - beam
    const moved = leftOf(walk.line, to) - beam - before
    if (moved === 0) return Math.abs(before) <= half ? [{ from: from.t, to: to.t }] : []
    const shares = [(-half - before) / moved, (half - before) / moved]
    const begin = Math.max(0, Math.min(...shares))
    const end = Math.min(1, Math.max(...shares))
    const lasts = to.t - from.t
    return begin < end ? [{ from: from.t + begin * lasts, to: from.t + end * lasts }] : []
  })
}

function merged(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = []
  for (const span of [...spans].sort((one, other) => one.from - other.from)) {
    const last = result.at(-1)
    if (last && span.from <= last.to) result[result.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
    else result.push(span)
  }
  return result
}
