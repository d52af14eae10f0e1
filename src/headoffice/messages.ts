/** A message as it comes from the broker: anything. */
export type Fields = Readonly<Record<string, unknown>>

/** The highest number of the feed: 12 digits. */
export const largestSeq = 999_999_999_999

export function isNotice(kind: string): boolean {
  return kind === 'status' || kind === 'catalogue' || kind === 'health'
}

/** Has it what the reader needs of a release, signal or consent message? */
export function hasIdAndSeq(kind: string, message: unknown): boolean {
  if (isNotice(kind)) return true
  const { releases, seq, id, void: voided } = message as Fields
  if (kind === 'backlog') return Array.isArray(releases) && releases.every((one) => hasIdAndSeq('footfall', one))
  return (
    Number.isSafeInteger(seq) &&
    Number(seq) > 0 &&
    Number(seq) <= largestSeq &&
    (typeof id === 'string' || voided !== undefined)
  )
}

/** What a shopper who left wants erased: the handles in a `request`. */
export function handlesIn({ erase }: Fields): readonly string[] {
  const areHandles = Array.isArray(erase) && erase.every((one) => /^[\w-]{22}$/.test(String(one)))
  return areHandles ? (erase as string[]) : []
}
