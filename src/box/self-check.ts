import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Known } from './digests.ts'
import type { Findings, Look } from './findings.ts'
import { startHolder } from './holder.ts'
import { createMatcher } from './matcher.ts'
import { searchMemory, whileStopped } from './memory.ts'
import { type Needle, needlesOf } from './needles.ts'
import { type Planting, planted, plantings } from './plantings.ts'
import type { Identifier } from './spellings.ts'

/** What a search that was given something to find has found of it. Anything missing: the search is not to be trusted. */
export interface SelfCheck {
  readonly found: readonly Sighting[]
  readonly missing: readonly Sighting[]
}

/** One encoding, and the kinds of places in which it was found or missed. */
export interface Sighting {
  readonly label: string
  readonly places: readonly string[]
}

export interface SelfCheckParts {
  /** A folder of this user in which a scratch folder is made, and removed again. */
  readonly folder: string
  /** The program that runs a child which holds the plants in its memory: Node itself. */
  readonly node: string
  /** The search that is put to the test. */
  readonly createLook?: (needles: readonly Needle[]) => Look
}

/**
 * Proves the search before its silence is believed: new identifiers of every kind are written in every encoding into
 * every kind of place, and each must be found there.
 */
export async function checkSearch(parts: SelfCheckParts): Promise<SelfCheck> {
  const { folder, node, createLook = createMatcher } = parts
  const scratch = mkdtempSync(join(folder, 'search-check-'))
  try {
    const checks: SelfCheck[] = []
    // One after the other, since a small box has little memory.
    for (const identifier of strangers()) {
      const needles = needlesOf([identifier], known)
      const home = join(scratch, identifier.name.replaceAll(' ', '-'))
      mkdirSync(home)
      checks.push(await checkOne({ home, needles, content: planted(needles), look: createLook(needles) }, node))
    }
    return { found: checks.flatMap(({ found }) => found), missing: checks.flatMap(({ missing }) => missing) }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

async function checkOne(planting: Planting, node: string): Promise<SelfCheck> {
  const seen = new Map<string, ReadonlySet<string>>()
  for (const [place, plant] of Object.entries(plantings)) {
    const home = join(planting.home, place.replaceAll(' ', '-'))
    mkdirSync(home)
    seen.set(place, labelsOf(plant({ ...planting, home })))
  }
  seen.set('memory', labelsOf(await memoryOfChild(node, planting)))
  const places = [...seen.keys()]
  const sightings = (wanted: boolean): Sighting[] =>
    planting.needles
      .map(({ label }) => ({ label, places: places.filter((place) => seen.get(place)!.has(label) === wanted) }))
      .filter((sighting) => sighting.places.length > 0)
  return { found: sightings(true), missing: sightings(false) }
}

function labelsOf({ found }: Findings): ReadonlySet<string> {
  return new Set(found.map(({ label }) => label))
}

const known: readonly Known[] = [{ name: 'store id', value: 'store-of-the-self-check' }]

/** New at every check, so that nothing of an earlier one can be found. */
function strangers(): Identifier[] {
  return [
    { name: 'address', bytes: randomBytes(6) },
    { name: 'short id', bytes: randomBytes(8) },
    { name: 'long id', bytes: randomBytes(16) },
    { name: 'name', text: `José's ${randomBytes(6).toString('base64url')}` },
  ]
}

async function memoryOfChild(node: string, { content, look }: Planting): Promise<Findings> {
  const holder = await startHolder(node, content)
  try {
    return whileStopped(holder.pid, () => searchMemory(look, holder.pid))
  } finally {
    await holder.stop()
  }
}
