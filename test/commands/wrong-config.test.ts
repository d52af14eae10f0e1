import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '../../src/base/problem.ts'
import { readConfig } from '../../src/config.ts'
import { exampleFolder, exampleWith } from './example.ts'
import { wrongFit, wrongShape } from './mistakes.ts'

const file = join(exampleFolder(), 'drempel.yaml')

function problemsOf(text: string): readonly Problem[] {
  const checked = readConfig(text, file)
  return 'problems' in checked ? checked.problems : []
}

describe.each([
  ['the shape of a part', wrongShape],
  ['how parts fit', wrongFit],
])('a mistake in %s is told with path, reason and fix', (_, mistakes) => {
  test.each(mistakes)('%s', (_name, changes, path, fix) => {
    const problems = problemsOf(exampleWith(changes))
    const told = problems.find((problem) => problem.path === path)
    expect(told, JSON.stringify(problems, null, 2)).toBeDefined()
    expect(told?.fix).toContain(fix)
    expect(told?.reason).toMatch(/^[A-Z0-9"].*\.$/)
    expect(told?.line).toBeGreaterThan(0)
  })
})
