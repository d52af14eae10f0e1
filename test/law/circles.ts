import { type Breach, breach } from './breach.ts'
import type { Facts } from './facts.ts'
import { reasons } from './rules.ts'

/** Files that import each other round a circle, for types too: one breach a circle. */
export function circles(house: readonly Facts[]): Breach[] {
  const graph = new Map(house.map((facts) => [facts.path, facts]))
  const done = new Set<string>()
  const breaches: Breach[] = []

  function walk(path: string, trail: readonly string[]): void {
    const facts = graph.get(path)
    if (!facts || done.has(path)) return
    if (trail.includes(path)) {
      breaches.push(closing(graph.get(trail.at(-1)!)!, [...trail.slice(trail.indexOf(path)), path]))
      return
    }
    for (const { target } of facts.imports) walk(target, [...trail, path])
    done.add(path)
  }

  for (const { path } of house) walk(path, [])
  return breaches
}

function closing(last: Facts, round: readonly string[]): Breach {
  const line = last.imports.find(({ target }) => target === round[0])?.line ?? 1
  return breach(last, line, `closes the circle ${round.join(' > ')}`, reasons.circle)
}
