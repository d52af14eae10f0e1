/** The median of the last values. */
export interface RollingMedian {
  push(value: number): void
  /** null until a tenth of the values is there, so that one odd first value decides nothing. */
  median(): number | null
}

/** Keeps the last `size` values, also sorted, so that a push moves a few numbers and a median reads one. */
export function createRollingMedian(size: number): RollingMedian {
  const latest: number[] = []
  const sorted: number[] = []
  const enough = Math.max(3, size / 10)
  let next = 0

  return {
    push(value) {
      const oldest = latest[next]
      if (oldest !== undefined) sorted.splice(placeOf(sorted, oldest), 1)
      latest[next] = value
      next = (next + 1) % size
      sorted.splice(placeOf(sorted, value), 0, value)
    },
    median: () => (sorted.length < enough ? null : sorted[sorted.length >> 1]!),
  }
}

/** Index of the first entry that is not below `value`. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
