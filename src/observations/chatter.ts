/** More edges than this in a second come from a misaligned beam, not from people. */
export const chatterLimit = 20

const second = 1000

/** Calm again once this long (ms) held no more edges than a single second may. */
export const calmTime = 2000

/** Watches how often a beam pair's lines change. Times in ms, not falling. */
export interface ChatterWatch {
  edge(at: number): void
  /** When it will be calm if no further edge comes; Infinity while it is calm. */
  due(): number
  /** It is calm from `at` on, if that is not before `due`. */
  calmDown(at: number): void
  isChattering(): boolean
}

export function createChatterWatch(): ChatterWatch {
  // The last limit + 1 edges: the oldest of them tells the rate.
  const times = new Float64Array(chatterLimit + 1).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  let isChattering = false
  const due = () => (isChattering ? times[next]! + calmTime : Number.POSITIVE_INFINITY)

  return {
    edge(at) {
      times[next] = at
      next = (next + 1) % times.length
      if (at - times[next]! <= second) isChattering = true
    },
    due,
    calmDown(at) {
      if (due() <= at) isChattering = false
    },
    isChattering: () => isChattering,
  }
}
