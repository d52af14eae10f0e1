/** What a search from outside found, and what it could not look into. Never the content itself: a report is read by many. */
export interface Findings {
  readonly found: readonly Finding[]
  readonly unsearched: readonly Unsearched[]
  /** Bytes looked at, those that were unpacked included. */
  readonly bytes: number
}

export interface Finding {
  /** Where, from outside in: 'data/drempel.db > gzip at 4096'. */
  readonly place: string
  /** What, in which spelling: 'address: sha256 of upper hex with ":", hex'. */
  readonly label: string
  /** In bytes from the beginning of the innermost place; in memory the address. */
  readonly offset: number
}

export interface Unsearched {
  readonly place: string
  readonly reason: string
}

/** Something that was seen in a piece of content. */
export interface Hit {
  readonly label: string
  readonly offset: number
}

/** Looks at a piece of content: for planted identifiers (matcher.ts) or for whatever is shaped like one (shapes.ts). */
export type Look = (content: Buffer) => Hit[]

export const nothing: Findings = { found: [], unsearched: [], bytes: 0 }

export function joinFindings(parts: readonly Findings[]): Findings {
  return {
    found: parts.flatMap(({ found }) => found),
    unsearched: parts.flatMap(({ unsearched }) => unsearched),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** For people: a sentence, then a line for each finding, at most `most` of them, and one for what was not searched. */
export function describeFindings({ found, unsearched, bytes }: Findings, most = 20): string {
  const size = `${(bytes / 1e6).toFixed(1)} MB`
  const verdict = found.length === 0 ? `Nothing was found in ${size}.` : `Found ${found.length} times in ${size}:`
  const lines = found.slice(0, most).map(({ place, label, offset }) => `- ${label}, in ${place} at ${offset}`)
  const rest = found.length > most ? [`- and ${found.length - most} more`] : []
  const gaps = unsearched.map(({ place, reason }) => `- not searched: ${place} (${reason})`)
  return [verdict, ...lines, ...rest, ...gaps].join('\n')
}
