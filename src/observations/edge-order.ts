import type { Edge } from '../drivers/reading.ts'

type Take = (line: Edge['line'], level: 0 | 1, at: number) => void

/** Edges of one sensor may arrive this much (ms) out of order and are still put right. */
export const reorderTolerance = 20

const mostWaiting = 64

/** Hands on edges in the order of their times. */
export interface EdgeOrder {
  push(line: Edge['line'], level: 0 | 1, at: number): void
  /** Hands on all that happened until `at` ms; what comes later with an older time is taken for `at`. */
  release(at: number): void
}

export function createEdgeOrder(take: Take): EdgeOrder {
  const waiting: { readonly line: Edge['line']; readonly level: 0 | 1; readonly at: number }[] = []
  let released = Number.NEGATIVE_INFINITY

  function release(at: number): void {
    released = Math.max(released, at)
    let count = 0
    while (count < waiting.length && waiting[count]!.at <= released) count++
    for (const edge of waiting.splice(0, count)) take(edge.line, edge.level, edge.at)
  }

  return {
    push(line, level, at) {
      const edge = { line, level, at: Math.max(at, released) }
      let place = waiting.length
      while (place > 0 && waiting[place - 1]!.at > edge.at) place--
      waiting.splice(place, 0, edge)
      release(waiting.length > mostWaiting ? waiting[0]!.at : waiting.at(-1)!.at - reorderTolerance)
    },
    release,
  }
}
