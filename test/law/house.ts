import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeBreach } from './breach.ts'
import { checkLaw } from './checker.ts'
import { type Facts, factsOf } from './facts.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every source file under src/, by its path from the root of the project. */
function readSources(): ReadonlyMap<string, string> {
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  const paths = files
    .filter((file) => file.isFile() && /\.[jt]s$/.test(file.name))
    .map((file) => join(file.parentPath, file.name))
  return new Map(paths.sort().map((path) => [relative(root, path), readFileSync(path, 'utf8')]))
}

const known = new Map<string, Facts>()

/** The facts of all files. A file that was looked at before, with the same text, is not parsed again. */
function factsOfAll(sources: ReadonlyMap<string, string>): Facts[] {
  return [...sources].map(([path, source]) => {
    const key = `${path}\n${source}`
    const facts = known.get(key) ?? factsOf(path, source)
    known.set(key, facts)
    return facts
  })
}

export const sources = readSources()

/** What the law says about the house as it is: one text a breach. */
export const usual: readonly string[] = breachesOf(sources)

function breachesOf(house: ReadonlyMap<string, string>): string[] {
  return checkLaw(factsOfAll(house)).map(describeBreach)
}

/** What the law says about the house with this change (text by path, undefined to remove) and does not say without it. */
export function saidAbout(change: Readonly<Record<string, string | undefined>>): string {
  const house = new Map(sources)
  for (const [path, text] of Object.entries(change)) {
    if (text === undefined) house.delete(path)
    else house.set(path, text)
  }
  const breaches = breachesOf(house).filter((breach) => !usual.includes(breach))
  return breaches.join('\n')
}
