import type { Known } from '../../src/box/digests.ts'
import type { Findings } from '../../src/box/findings.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { searchMemory as lookThroughMemory, whileStopped } from '../../src/box/memory.ts'
import { needlesOf } from '../../src/box/needles.ts'
import type { Identifier } from '../../src/box/spellings.ts'

/** Stops a process, searches its memory for these identifiers in every encoding, and lets it go on. Takes seconds. */
export function searchMemory(
  pid: number,
  identifiers: readonly Identifier[],
  publicStrings: Readonly<Record<string, string>> = {},
): Findings {
  const known: Known[] = Object.entries(publicStrings).map(([name, value]) => ({ name, value }))
  const look = createMatcher(needlesOf(identifiers, known))
  return whileStopped(pid, () => lookThroughMemory(look, pid))
}
