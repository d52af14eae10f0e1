/**
 * Time comes from here only. Wall time may jump and may be wrong; monotonic time never does either,
 * so everything that happens is stamped with monotonic milliseconds and labelled with wall time late.
 */
export interface Clock {
  /** Milliseconds since 1970 UTC, as good as the machine knows. */
  now(): number
  /** Milliseconds since some fixed moment of this process; never falls. */
  monotonic(): number
  /** May the wall time be put on a release? */
  isTrusted(): boolean
  /** Calls back once after `delay` ms of this clock; returns the cancel function. */
  after(delay: number, callback: () => void): () => void
}

/** Calls back every `period` ms of the clock until cancelled. */
export function every(clock: Clock, period: number, callback: () => void): () => void {
  let cancel = clock.after(period, again)
  function again(): void {
    cancel = clock.after(period, again)
    callback()
  }
  return () => cancel()
}

/** The machine's own clock; `isTrusted` decides whether its wall time is believed. */
export function systemClock(isTrusted: () => boolean): Clock {
  return { now: Date.now, monotonic: () => performance.now(), isTrusted, after: afterReal }
}

/** A trusted clock that starts at `start` and runs `speed` times as fast as real time: the demo's. */
export function scaledClock(start: number, speed: number): Clock {
  const origin = performance.now()
  const monotonic = () => (performance.now() - origin) * speed
  const now = () => start + monotonic()
  return { now, monotonic, isTrusted: () => true, after: (delay, callback) => afterReal(delay / speed, callback) }
}

// setTimeout takes at most 2^31-1 ms and turns more into 1.
const longestTimeout = 2 ** 31 - 1

function afterReal(delay: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(Math.max(delay, 0), longestTimeout))
  return () => clearTimeout(timer)
}

interface Waiting {
  readonly due: number
  readonly order: number
  readonly callback: () => void
}

/** A clock moved by hand: the clock of `replay` and of simulations. */
export interface ManualClock extends Clock {
  /** Moves to `monotonic` ms and runs what falls due on the way, in order. Never moves back. */
  advanceTo(monotonic: number): void
  /** Steps the wall clock by `ms` without moving time on, as a time server does. */
  step(ms: number): void
  setTrusted(trusted: boolean): void
}

export function manualClock(start: number, trusted = true): ManualClock {
  let monotonic = 0
  let offset = start
  let isTrusted = trusted
  let order = 0
  let waiting: Waiting[] = []

  function runDue(until: number): void {
    for (;;) {
      const next = earliest(waiting)
      if (!next || next.due > until) return
      waiting = waiting.filter((entry) => entry !== next)
      monotonic = Math.max(monotonic, next.due)
      next.callback()
    }
  }

  return {
    now: () => offset + monotonic,
    monotonic: () => monotonic,
    isTrusted: () => isTrusted,
    after(delay, callback) {
      const entry = { due: monotonic + Math.max(delay, 0), order: order++, callback }
      waiting.push(entry)
      return () => {
        waiting = waiting.filter((other) => other !== entry)
      }
    },
    advanceTo(to) {
      runDue(to)
      monotonic = Math.max(monotonic, to)
    },
    step(ms) {
      offset += ms
    },
    setTrusted(value) {
      isTrusted = value
    },
  }
}

function earliest(waiting: readonly Waiting[]): Waiting | undefined {
  let first: Waiting | undefined
  for (const entry of waiting) {
    if (!first || entry.due < first.due || (entry.due === first.due && entry.order < first.order)) first = entry
  }
  return first
}
