import { covers, gapsOf, type Range, withRange } from '../base/ranges.ts'

/** Which numbers of one lane have arrived, and what to tell the gateway of it. */
export interface Seen {
  has(seq: number): boolean
  add(range: Range): void
  /** These will never come: the gateway said so. */
  giveUp(range: Range): void
  stored(): { readonly upTo: number; readonly missing: readonly Range[] }
}

// As many as the schema of `stored` allows.
const mostMissing = 1000

export function createSeen(): Seen {
  let seen: readonly Range[] = []
  let gone: readonly Range[] = []

  return {
    has: (seq) => covers(seen, seq),
    add(range) {
      seen = withRange(seen, range)
    },
    giveUp(range) {
      gone = withRange(gone, range)
    },
    stored() {
      const upTo = seen.at(-1)?.[1] ?? 0
      const missing = gapsOf([...seen, ...gone], [1, upTo])
      const next = missing[mostMissing]
      return next ? { upTo: next[0] - 1, missing: missing.slice(0, mostMissing) } : { upTo, missing }
    },
  }
}
