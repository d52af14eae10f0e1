import type { Edge } from '../drivers/reading.ts'

type Line = Edge['line']

/** A change of one line that has held. */
export interface Settled {
  readonly line: Line
  readonly level: 0 | 1
  /** When it changed, in ms; it was only believed later. */
  readonly since: number
}

/** Levels of two lines that settle: a change that does not hold for `hold` ms never was. Times in ms, not falling. */
export interface Debounce {
  /** The raw level of a line. Take what was due before it first. */
  push(line: Line, level: 0 | 1, at: number): void
  /** When the next change will have held; Infinity when there is none. */
  due(): number
  /** The next change that has held until `at`, in the order in which they happened. */
  take(at: number): Settled | null
}

export function createDebounce(hold: number): Debounce {
  const settled: Record<Line, 0 | 1> = { outer: 0, inner: 0 }
  let changes: Settled[] = []
  const due = () => (changes.length > 0 ? changes[0]!.since + hold : Number.POSITIVE_INFINITY)

  return {
    push(line, level, at) {
      const isChanging = changes.some((change) => change.line === line)
      if (level === settled[line]) {
        if (isChanging) changes = changes.filter((change) => change.line !== line)
      } else if (!isChanging) changes.push({ line, level, since: at })
    },
    due,
    take(at) {
      if (due() > at) return null
      const change = changes.shift()!
      settled[change.line] = change.level
      return change
    },
  }
}
