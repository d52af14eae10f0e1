interface Numbered {
  readonly seq: number
  readonly t: number
}

const kept = 32
// In ms of the counter. A line that is older than that does not come late: it is of another life.
const latest = 10_000

/** The last lines of a counter, to tell a line that comes twice or late from a counter that started again. */
export function createRecentLines() {
  let lines: Numbered[] = []

  return {
    add({ seq, t }: Numbered): void {
      if (lines.push({ seq, t }) > 2 * kept) lines = lines.slice(kept)
    },
    clear(): void {
      lines = []
    },
    /** Heard before, or late: its number and time fit between two lines that were heard. */
    hold({ seq, t }: Numbered): boolean {
      const index = lines.findLastIndex((line) => line.seq <= seq)
      const earlier = lines[index]
      const later = lines[index + 1]
      if (!earlier) return false
      if (earlier.seq === seq) return earlier.t === t
      return later !== undefined && earlier.t <= t && t <= later.t && t >= lines.at(-1)!.t - latest
    },
  }
}
