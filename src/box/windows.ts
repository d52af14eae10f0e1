/** Something too long to hold at once. */
export interface Source {
  readonly from: number
  readonly to: number
  /** Reads from a position; fewer bytes than asked for only at the end. */
  read(into: Buffer, from: number): number
}

/** A piece of a source, with what surrounds it, so that what lies across a border is seen whole, and once. */
export interface Part {
  readonly content: Buffer
  /** Position of the first byte of `content`. */
  readonly base: number
  /** What begins between these two, counted in `content`, belongs to this part. */
  readonly begin: number
  readonly end: number
}

export interface Sizes {
  readonly part: number
  /** Bytes behind a part: as long as the longest thing that may begin in it. */
  readonly behind: number
}

/** Before a part one byte is enough: whether a letter stands there. */
const ahead = 1

/** The parts of a source, one after the other in one buffer: a part is gone when the next one is asked for. */
export function* partsOf({ from, to, read }: Source, { part, behind }: Sizes): Generator<Part> {
  const buffer = Buffer.alloc(Math.min(to - from, ahead + part + behind))
  for (let start = from; start < to; start += part) {
    const base = Math.max(from, start - ahead)
    const wanted = buffer.subarray(0, Math.min(to, start + part + behind) - base)
    const content = wanted.subarray(0, read(wanted, base))
    const end = Math.min(start + part - base, content.length)
    yield { content, base, begin: start - base, end }
    if (content.length < wanted.length) return
  }
}
