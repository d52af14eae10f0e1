import type { Edge } from '../drivers/reading.ts'
import { createChatterWatch } from './chatter.ts'
import { createDebounce, type Settled } from './debounce.ts'
import { createEdgeOrder } from './edge-order.ts'
import type { Observe, Trouble } from './observation.ts'
import { createPassage, type Levels } from './passage.ts'

type Line = Edge['line']

/** A change that does not hold this long (ms) is bounce, or a fly. */
export const debounceTime = 20

/** Broken for longer (ms), a beam is obstructed. */
export const obstructedAfter = 60_000

// The loop may tell the time before it hands on edges that are older; counts wait for them.
const tickMargin = 500

export interface BeamPairOptions {
  /** The sensors that form the pair; crossings are told of the first, trouble of all. */
  readonly sensors: readonly string[]
  readonly zone: string
  readonly observe: Observe
  /** A passage that was counted as one may have been more. */
  readonly noteAmbiguous: () => void
}

/** Two beams one behind the other. Their edges mean crossings, or trouble; while there is trouble nothing is counted. */
export interface BeamPair {
  edge(line: Line, level: 0 | 1, at: number): void
  /** What it means does not depend on how often this is called, only how soon it is told. */
  tick(at: number): void
  /** The beams cannot be judged, or can again: as good as obstructed. */
  blind(isBlind: boolean, at: number): void
  /** The lines went away: tells what they meant until now. Later edges belong to a new pair. */
  end(at: number): void
}

/** Times in monotonic ms; edges may come out of order by `reorderTolerance`. */
export function createBeamPair(options: BeamPairOptions): BeamPair {
  const { sensors, zone, observe, noteAmbiguous } = options
  const order = createEdgeOrder(take)
  const debounce = createDebounce(debounceTime)
  const chatter = createChatterWatch()
  const brokenSince: Record<Line, number> = { outer: Number.POSITIVE_INFINITY, inner: Number.POSITIVE_INFINITY }
  const passage = createPassage()
  let trouble: Trouble['trouble'] = null
  let isObstructed = false
  let isBlind = false

  function take(line: Line, level: 0 | 1, at: number): void {
    advance(at)
    chatter.edge(at)
    judge(at)
    debounce.push(line, level, at)
  }

  /** Lets what falls due until `to` happen, in the order of its times. */
  function advance(to: number): void {
    for (;;) {
      const settles = debounce.due()
      const calms = chatter.due()
      const obstructs = isObstructed ? Number.POSITIVE_INFINITY : longestBroken() + obstructedAfter
      const due = Math.min(settles, calms, obstructs)
      if (!(due <= to)) return
      if (due === settles) settle(debounce.take(due)!)
      else if (due === calms) chatter.calmDown(due)
      else isObstructed = true
      judge(due)
    }
  }

  function settle({ line, level, since }: Settled): void {
    brokenSince[line] = level === 1 ? since : Number.POSITIVE_INFINITY
    if (isObstructed) isObstructed = longestBroken() + obstructedAfter <= since
    const passed = passage.step(levelsOf(brokenSince), since)
    if (!passed) return
    if (passed.ambiguous) noteAmbiguous()
    observe({ kind: 'crossing', sensor: sensors[0]!, zone, direction: passed.direction, people: 1, at: since })
  }

  function longestBroken(): number {
    return Math.min(brokenSince.outer, brokenSince.inner)
  }

  function judge(at: number): void {
    const now = chatter.isChattering() ? 'chatter' : isObstructed || isBlind ? 'obstructed' : null
    if (now !== null) passage.abandon()
    if (now === trouble) return
    trouble = now
    for (const sensor of sensors) observe({ kind: 'trouble', sensor, trouble, at })
  }

  function elapse(at: number): void {
    order.release(at)
    advance(at)
  }

  return {
    edge: order.push,
    tick: (at) => elapse(at - tickMargin),
    blind(blind, at) {
      if (blind === isBlind) return
      elapse(at)
      isBlind = blind
      judge(at)
    },
    end(at) {
      elapse(at)
      if (trouble !== null) for (const sensor of sensors) observe({ kind: 'trouble', sensor, trouble: null, at })
    },
  }
}

function levelsOf(brokenSince: Readonly<Record<Line, number>>): Levels {
  const outer = brokenSince.outer === Number.POSITIVE_INFINITY ? 0 : 2
  const inner = brokenSince.inner === Number.POSITIVE_INFINITY ? 0 : 1
  return (outer | inner) as Levels
}
