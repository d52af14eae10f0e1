import type { Clock } from '../../base/clock.ts'

/** Tells when nothing was heard for `longest` ms. */
export interface Watch {
  start(): void
  /** Something was heard at `at`. Cheap: no timer is touched. */
  heard(at: number): void
  stop(): void
}

/** `silent` is told at most once after each `start`. */
export function createWatch(clock: Clock, longest: number, silent: () => void): Watch {
  let heardAt = 0
  let cancel = () => {}

  function look(): void {
    const left = heardAt + longest - clock.monotonic()
    if (left > 0) cancel = clock.after(left, look)
    else silent()
  }

  return {
    start() {
      cancel()
      heardAt = clock.monotonic()
      cancel = clock.after(longest, look)
    },
    heard(at) {
      heardAt = at
    },
    stop: () => cancel(),
  }
}
