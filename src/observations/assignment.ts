/** For each target the index of its track, or -1. */
export type Assignment = readonly number[]

/**
 * The best partial matching of targets with tracks, found by trying all of them (34 for three and three): as many
 * matches as possible, then the least total cost. `cost` of a pair is Infinity where it is out of the question.
 */
export function assign(targets: number, tracks: number, cost: (target: number, track: number) => number): Assignment {
  const current: number[] = new Array(targets).fill(-1)
  let best: Assignment = [...current]
  let bestMatches = 0
  let bestCost = 0
  const isTaken: boolean[] = new Array(tracks).fill(false)

  function place(target: number, matches: number, total: number): void {
    if (matches + targets - target < bestMatches) return
    if (target === targets) {
      if (matches < bestMatches || (matches === bestMatches && total >= bestCost)) return
      best = [...current]
      bestMatches = matches
      bestCost = total
      return
    }
    for (let track = 0; track < tracks; track++) {
      if (isTaken[track]) continue
      const price = cost(target, track)
      if (price === Number.POSITIVE_INFINITY) continue
      isTaken[track] = true
      current[target] = track
      place(target + 1, matches + 1, total + price)
      isTaken[track] = false
    }
    current[target] = -1
    place(target + 1, matches, total)
  }

  place(0, 0, 0)
  return best
}
