import type { Alive, Trouble } from './observation.ts'

/** How much of the time sensors could hear. Times in monotonic ms. */
export interface Coverage {
  note(observation: Alive | Trouble): void
  /**
   * Mean over `sensors` of the share of [from, to] in which each was alive. Trouble that fills all of it counts as not
   * alive, shorter trouble does not: a shopper can cause it. Unknown sensors and forgotten time count as not alive.
   */
  aliveShare(sensors: readonly string[], from: number, to: number): number
  /** Nothing before this moment will be asked for again. */
  forget(before: number): void
}

// A port that flaps each second for four hours; older changes are forgotten.
const mostChanges = 16_384

interface Change {
  readonly at: number
  readonly value: boolean
}

interface History {
  alive: Change[]
  trouble: Change[]
}

/** Nobody is alive until it said so; `from` is when watching began. */
export function createCoverage(sensors: readonly string[], from: number): Coverage {
  const start = { at: from, value: false }
  const histories = new Map<string, History>(sensors.map((id) => [id, { alive: [start], trouble: [start] }]))

  return {
    note(observation) {
      const history = histories.get(observation.sensor)
      if (!history) return
      if (observation.kind === 'alive') append(history.alive, observation.alive, observation.at)
      else append(history.trouble, observation.trouble !== null, observation.at)
    },
    aliveShare(wanted, start, end) {
      if (wanted.length === 0 || !(end > start)) return 0
      let sum = 0
      for (const id of wanted) {
        const history = histories.get(id)
        if (history && !isWhole(history.trouble, start, end)) sum += timeTrue(history.alive, start, end)
      }
      return sum / (wanted.length * (end - start))
    },
    forget(before) {
      for (const history of histories.values()) {
        history.alive = since(history.alive, before)
        history.trouble = since(history.trouble, before)
      }
    },
  }
}

/** A time before the last change's is taken for its. */
function append(changes: Change[], value: boolean, at: number): void {
  const last = changes.at(-1)!
  if (last.value === value) return
  changes.push({ at: Math.max(at, last.at), value })
  if (changes.length > mostChanges) changes.splice(0, mostChanges / 2)
}

function timeTrue(changes: readonly Change[], start: number, end: number): number {
  let time = 0
  for (const [index, { at, value }] of changes.entries()) {
    const until = changes[index + 1]?.at ?? Number.POSITIVE_INFINITY
    if (value) time += Math.max(0, Math.min(until, end) - Math.max(at, start))
  }
  return time
}

function isWhole(changes: readonly Change[], start: number, end: number): boolean {
  return timeTrue(changes, start, end) === end - start
}

/** The changes from `before` on, led by the state at that moment. */
function since(changes: readonly Change[], before: number): Change[] {
  const first = changes.findLastIndex((change) => change.at <= before)
  if (first < 0) return [...changes]
  return [{ at: before, value: changes[first]!.value }, ...changes.slice(first + 1)]
}
