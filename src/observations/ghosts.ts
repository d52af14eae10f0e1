import type { Target } from '../drivers/reading.ts'

/** A target whose coordinates stay the same to the millimetre in more frames than this is no person. */
export const frozenFrames = 10

/**
 * Radars leave the last coordinates of somebody who is gone in a dead slot (field report esphome#15025). A person,
 * also one who stands still, is measured a little differently each time.
 */
export function createGhostFilter(): (targets: readonly Target[]) => readonly Target[] {
  let seen: { readonly x: number; readonly y: number; readonly frames: number }[] = []

  return (targets) => {
    seen = targets.map(({ x, y }) => {
      const before = seen.find((entry) => entry.x === x && entry.y === y)
      return { x, y, frames: (before?.frames ?? 0) + 1 }
    })
    return targets.filter((_, index) => seen[index]!.frames <= frozenFrames)
  }
}
