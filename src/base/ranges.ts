/** Sets of whole numbers as sorted, disjoint ranges with both ends included: what was received, what is missing. */
export type Range = readonly [first: number, last: number]

export function covers(ranges: readonly Range[], value: number): boolean {
  return ranges.some(([first, last]) => first <= value && value <= last)
}

/** The set with `added` in it; ranges that touch become one. */
export function withRange(ranges: readonly Range[], added: Range): Range[] {
  let [first, last] = added
  const apart: Range[] = []
  for (const range of ranges) {
    if (range[1] < first - 1 || range[0] > last + 1) apart.push(range)
    else {
      first = Math.min(first, range[0])
      last = Math.max(last, range[1])
    }
  }
  return [...apart, [first, last] as const].sort((a, b) => a[0] - b[0])
}

/** The set without the numbers of `removed`. */
export function withoutRange(ranges: readonly Range[], [first, last]: Range): Range[] {
  return ranges.flatMap((range): Range[] => {
    const parts: Range[] = [
      [range[0], Math.min(range[1], first - 1)],
      [Math.max(range[0], last + 1), range[1]],
    ]
    return range[1] < first || range[0] > last ? [range] : parts.filter((part) => part[0] <= part[1])
  })
}

/** What of `whole` is not in the set. A whole that ends before it begins is empty. */
export function gapsOf(ranges: readonly Range[], whole: Range): Range[] {
  return ranges.reduce<Range[]>(withoutRange, whole[0] <= whole[1] ? [whole] : [])
}

/** The first numbers of the set, at most so many. */
export function numbersIn(ranges: readonly Range[], most: number): number[] {
  const numbers: number[] = []
  for (const [first, last] of ranges) {
    for (let number = first; number <= last && numbers.length < most; number++) numbers.push(number)
  }
  return numbers
}

/** Are these sorted, disjoint ranges between `least` and `most`? */
export function areRanges(ranges: readonly Range[], least: number, most: number): boolean {
  let before = least - 1
  for (const [first, last] of ranges) {
    if (first <= before || last < first || last > most) return false
    before = last
  }
  return true
}
