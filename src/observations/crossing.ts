import type { Direction } from './passage.ts'

export type Point = readonly [x: number, y: number]

/** Beyond this distance (mm) from the line a side is certain; nearer, noise could carry a standing person across. */
export const hysteresis = 250

/** One person's way with respect to a counting line. */
export interface Way {
  /** The person is now at (x, y) mm. Says the direction if the line was crossed with certainty. */
  move(x: number, y: number): Direction | null
  /** Was the first point, or is the last one, too near the line to tell its side? */
  isUncertain(): boolean
}

/**
 * A counting line from `first` to `second`, in mm as the sensor sees it: x to its right, y away from it, seen from
 * above. Crossing from the left to the right of somebody who stands on `first` and looks to `second` is "in". So for
 * [[-1500, 2000], [1500, 2000]] left is far and right is near: who comes towards the sensor goes in.
 * A side is committed beyond `hysteresis`; a change of committed side counts if the line was cut between its ends.
 */
export function createLine([first, second]: readonly [Point, Point]): { follow(): Way } {
  const dx = second[0] - first[0]
  const dy = second[1] - first[1]
  const length = Math.hypot(dx, dy)
  // Distance from the line in mm, positive on its left: left is where the cross product is positive.
  const distance = (x: number, y: number) => (dx * (y - first[1]) - dy * (x - first[0])) / length
  const along = (x: number, y: number) => (dx * (x - first[0]) + dy * (y - first[1])) / length
  return { follow: () => createWay(distance, along, length) }
}

type Measure = (x: number, y: number) => number

function createWay(distance: Measure, along: Measure, length: number): Way {
  let before = Number.NaN
  let alongBefore = Number.NaN
  let committed: 'left' | 'right' | null = null
  let wasCutInside = false
  let beganNear = false

  return {
    move(x, y) {
      const now = distance(x, y)
      const alongNow = along(x, y)
      if (Number.isNaN(before)) beganNear = Math.abs(now) <= hysteresis
      else if (now > 0 !== before > 0) {
        const cut = alongBefore + ((alongNow - alongBefore) * before) / (before - now)
        wasCutInside = cut >= 0 && cut <= length
      }
      before = now
      alongBefore = alongNow
      if (Math.abs(now) <= hysteresis) return null
      const side = now > 0 ? 'left' : 'right'
      const hasFlipped = committed !== null && committed !== side
      committed = side
      return hasFlipped && wasCutInside ? (side === 'right' ? 'in' : 'out') : null
    },
    isUncertain: () => beganNear || Math.abs(before) <= hysteresis,
  }
}
