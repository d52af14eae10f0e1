/** Finds what somebody probably meant: for keys, kinds and commands that are almost right. */

const longest = 48

/**
 * The candidate that `word` most likely stands for, or undefined when none is close. Case, dashes and underscores
 * do not matter; about one typing error in three letters is forgiven, or a beginning of at least three letters.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = plainOf(word)
  const allowed = Math.max(1, Math.floor(plain.length / 3))
  let best: string | undefined
  let bestDistance = allowed + 1
  for (const candidate of candidates) {
    const distance = editDistance(plain, plainOf(candidate))
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best ?? beginningWith(plain, candidates)
}

/** Do the two differ only in case, dashes and underscores? */
export function looksEqual(left: string, right: string): boolean {
  return plainOf(left) === plainOf(right)
}

function plainOf(text: string): string {
  return text.slice(0, longest).toLowerCase().replace(/[-_]/g, '')
}

function beginningWith(plain: string, candidates: readonly string[]): string | undefined {
  if (plain.length < 3) return undefined
  const found = candidates.filter((candidate) => plainOf(candidate).startsWith(plain))
  return found.length === 1 ? found[0] : undefined
}

/** Damerau-Levenshtein distance: letters inserted, left out, changed, or two neighbours swapped. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, j) => j)
  for (let i = 1; i <= left.length; i++) {
    const row = [i]
    for (let j = 1; j <= right.length; j++) {
      const changed = left[i - 1] === right[j - 1] ? 0 : 1
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + changed)
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    beforeLast = last
    last = row
  }
  return last[right.length]!
}
