import type { Facts, Found } from './facts.ts'
import { type Means, means } from './rules.ts'

/** One place where the house breaks its law. */
export interface Breach {
  readonly file: string
  readonly line: number
  readonly what: string
  readonly reason: string
}

export function breach(facts: Facts, line: number, what: string, reason: string): Breach {
  return { file: facts.path, line, what, reason }
}

export function describeBreach({ file, line, what, reason }: Breach): string {
  return `${file}:${line} ${what}\n    because ${reason}`
}

/** Where a file uses a means: the first of each word, and its modules unless it takes only types from them. */
export function usesOf(facts: Facts, kind: Means): Found[] {
  const { words, modules } = means[kind]
  const taken = facts.imports.filter(({ isType, isRelative, target }) => {
    return !isType && !isRelative && modules.some((module) => target === module || `node:${target}` === module)
  })
  return [...firstOfEach(facts, words), ...taken.map(({ target, line }) => ({ what: target, line }))]
}

export function firstOfEach(facts: Facts, words: readonly string[]): Found[] {
  const found = words.map((word) => facts.words.find(({ what }) => what === word))
  return found.filter((one) => one !== undefined)
}

/** Does the file import this name from its home, or all of its home? */
export function importOfName(facts: Facts, name: string, home: string): { line: number } | undefined {
  return facts.imports.find(({ target, names }) => target === home && (names.includes(name) || names.includes('*')))
}
