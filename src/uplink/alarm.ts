import type { Clock } from '../base/clock.ts'
import { minute } from '../base/duration.ts'

/** One alarm on one clock: the earliest moment asked for counts. */
export interface Alarm {
  set(inMs: number, ring: () => void): void
  cancel(): void
}

export function openAlarm(clock: Clock): Alarm {
  let ringsAt = Infinity
  let unset = () => {}

  function cancel(): void {
    unset()
    ringsAt = Infinity
  }

  return {
    set(inMs, ring) {
      const at = clock.monotonic() + inMs
      if (at >= ringsAt) return
      cancel()
      ringsAt = at
      unset = clock.after(inMs, () => {
        ringsAt = Infinity
        ring()
      })
    },
    cancel,
  }
}

const quietFor = 10 * minute

/** Says a thing that others may cause at will at most once in ten minutes. */
export function openSeldom(clock: Clock): (what: string, say: () => void) => void {
  const saidAt = new Map<string, number>()
  return (what, say) => {
    const now = clock.monotonic()
    if (now - (saidAt.get(what) ?? -Infinity) < quietFor) return
    saidAt.set(what, now)
    say()
  }
}
