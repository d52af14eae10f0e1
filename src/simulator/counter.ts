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
  let seq = before.in + before.out + beatsBefore(from)
  const lines = moments.map(({ t, direction }): CounterLine => {
    const head = { v: 1, dev: device, seq: ++seq, t: Math.round(t * 1000) }
    if (direction === null) return { t, text: `${JSON.stringify({ ...head, ev: 'hb', ...totals })}\n` }
    totals[direction]++
    return { t, text: `${JSON.stringify({ ...head, ev: direction, n: 1 })}\n` }
  })
  return { lines, totals: totals as Totals }
}

/** The moments in [from, to) at which a heartbeat is due. */
function heartbeats(from: number, to: number): number[] {
  const told = beatsBefore(from)
  return Array.from({ length: beatsBefore(to) - told }, (_, index) => (told + 1 + index) * heartbeat)
}

/** There is none at the start itself. */
function beatsBefore(t: number): number {
  return Math.max(0, Math.ceil(t / heartbeat) - 1)
}
