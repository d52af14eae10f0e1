import type { Walk } from './walks.ts'

/** How often (s) a counter tells its totals. */
export const heartbeat = 10

/** People counted since the counter's start. */
export interface Totals {
  readonly in: number
  readonly out: number
}

export interface CounterLine {
  /** Seconds after the counter's start. */
  readonly t: number
  /** One line of JSON, with its line feed. */
  readonly text: string
}

/**
 * What a counter prints in [from, to) seconds after its start: a line for each crossing, and every ten seconds a
 * heartbeat with its totals. `before` is what it had counted by `from`. Lines are numbered from 1.
 */
export function counterLines(device: string, walks: readonly Walk[], from: number, to: number, before: Totals) {
  const crossings = walks.flatMap((walk) => walk.crossings).filter(({ t }) => from <= t && t < to)
  const moments = [
    ...crossings.map(({ t, direction }) => ({ t, direction })),
    ...heartbeats(from, to).map((t) => ({ t, direction: null })),
  ].sort((one, other) => one.t - other.t)

  const totals = { ...before }
  let seq = before.in + before.out + Math.ceil(from / heartbeat - 1)
  const lines = moments.map(({ t, direction }): CounterLine => {
    const head = { v: 1, dev: device, seq: ++seq, t: Math.round(t * 1000) }
    if (direction === null) return { t, text: `${JSON.stringify({ ...head, ev: 'hb', ...totals })}\n` }
    totals[direction]++
    return { t, text: `${JSON.stringify({ ...head, ev: direction, n: 1 })}\n` }
  })
  return { lines, totals: totals as Totals }
}

/** The moments from `from` up to `to` at which a heartbeat is due; there is none at the start itself. */
function heartbeats(from: number, to: number): number[] {
  const first = Math.max(1, Math.ceil(from / heartbeat))
  const count = Math.max(0, Math.ceil(to / heartbeat) - first)
  return Array.from({ length: count }, (_, index) => (first + index) * heartbeat)
}
