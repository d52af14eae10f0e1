import type { Clock } from '../base/clock.ts'

/** Waiting for something to become true, without looking at it all the time. */
export interface Patience {
  /** Look again now: something happened. */
  look(): void
  /** True when it became so; false after `patience` ms in which nothing moved on. */
  until(isDone: () => boolean, patience: number): Promise<boolean>
  /** Something moved on: patience starts anew. */
  encourage(): void
}

export function openPatience(clock: Clock): Patience {
  const looks = new Set<() => void>()
  let movedAt = -Infinity

  function until(isDone: () => boolean, patience: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const startedAt = clock.monotonic()
    let cancel = () => {}

    function end(result: boolean): void {
      looks.delete(look)
      cancel()
      resolve(result)
    }
    function look(): void {
      if (isDone()) end(true)
    }
    function lose(): void {
      const left = Math.max(startedAt, movedAt) + patience - clock.monotonic()
      if (left <= 0) end(false)
      else cancel = clock.after(left, lose)
    }
    looks.add(look)
    lose()
    look()
    return promise
  }

  return {
    until,
    look() {
      for (const look of looks) look()
    },
    encourage() {
      movedAt = clock.monotonic()
    },
  }
}
