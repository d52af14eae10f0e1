import type { Point } from './crossing.ts'

/** Is (x, y) in the polygon? Ray casting; its edges and corners belong to it. Lengths in mm. */
export function isInside(polygon: readonly Point[], x: number, y: number): boolean {
  let inside = false
  let [fromX, fromY] = polygon.at(-1) ?? [Number.NaN, Number.NaN]
  for (const [toX, toY] of polygon) {
    if (isOnEdge(fromX, fromY, toX, toY, x, y)) return true
    // Half-open in y, so that a ray through a corner cuts one of its two edges.
    if (fromY > y !== toY > y && x < fromX + ((toX - fromX) * (y - fromY)) / (toY - fromY)) inside = !inside
    fromX = toX
    fromY = toY
  }
  return inside
}

function isOnEdge(fromX: number, fromY: number, toX: number, toY: number, x: number, y: number): boolean {
  const cross = (toX - fromX) * (y - fromY) - (toY - fromY) * (x - fromX)
  const isBetween = (x - fromX) * (x - toX) <= 0 && (y - fromY) * (y - toY) <= 0
  return cross === 0 && isBetween
}
