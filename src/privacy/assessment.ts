/**
 * The signed impact assessment: a text of any kind in which four lines say which policy was judged, by whom and when.
 * It is signed for one policy; any other, also a better one, needs it anew. Not promised: that the name is true.
 */

const keys = ['policy', 'name', 'role', 'date'] as const
type Key = (typeof keys)[number]

/** The longest file that is read, in bytes. */
export const longestAssessment = 1_000_000

/** The lines that somebody completes, to sign the policy with this hash. */
export function linesToSign(hash: string): string[] {
  return [`policy: ${hash}`, 'name: ', 'role: ', 'date: ']
}

/** One clause why `text` does not sign the policy with this hash; null when it does. */
export function assessmentFault(text: string, hash: string): string | null {
  for (const key of keys) {
    const values = valuesOf(text, key)
    if (values.length === 0) return `it has no line \`${key}:\` with something behind it`
    if (values.length > 1) return `it has more than one line \`${key}:\``
  }
  const [policy, date] = [valuesOf(text, 'policy')[0]!, valuesOf(text, 'date')[0]!]
  if (!isDate(date)) return 'its date is no date such as 2026-01-31'
  return policy === hash ? null : 'it was signed for another policy'
}

function valuesOf(text: string, key: Key): string[] {
  return [...text.matchAll(new RegExp(`^[ \\t]*${key}:[ \\t]*(\\S.*?)[ \\t]*\\r?$`, 'gm'))].map((found) => found[1]!)
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text)
}
