import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { example } from './example.ts'

function problemsOf(text: string) {
  const checked = readConfig(text, '/nowhere/drempel.yaml')
  return 'problems' in checked ? checked.problems : []
}

/** Nine levels of nine aliases each: a billion when written out. */
function laughs(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
  return ['l0: &l0 ha', ...levels].join('\n')
}

describe('a text that is no configuration is refused with its line', () => {
  test.each([
    ['a key that stands twice', 'gateway: a\ngateway: b\n', 2, 'Keep one of the two.'],
    ['a tab as indentation', 'store:\n\tid: a\n', 2, 'Indent with spaces.'],
    ['a bracket left open', 'zones: [{ id: a }\n', 2, 'close each { and ['],
    ['a quote left open', 'gateway: "a\n', 2, 'Look at this line'],
    ['a second document', 'gateway: a\n---\ngateway: b\n', 2, 'Keep one document'],
    ['an alias', 'gateway: &a gw\norganisation: *a\n', 1, 'Write the value out'],
    ['an alias to nothing', 'organisation: *a\n', 1, ''],
    ['a tag', 'gateway: !secret a\n', 1, 'Put quotes around'],
    ['a binary value', 'gateway: !!binary aGk=\n', 1, 'Put quotes around'],
    ['a reserved sign', 'gateway: @home\n', 1, 'Put quotes around the text.'],
    ['an unknown escape', 'gateway: "a\\qb"\n', 1, 'Use single quotes'],
    ['a map as key', '{ { a: 1 }: 2 }\n', 1, ''],
  ])('%s', (_, text, line, fix) => {
    const problems = problemsOf(text)
    expect(problems[0]).toMatchObject({ path: '(file)', line })
    expect(problems.some((problem) => problem.fix.includes(fix))).toBe(true)
  })

  test.each([
    ['an empty file', ''],
    ['only a comment', '# nothing\n'],
    ['a text', 'hello\n'],
    ['a list', '- a\n'],
    ['a number', '42\n'],
  ])('%s', (_, text) => {
    expect(problemsOf(text)).toMatchObject([{ path: '(top)', reason: 'It must be a map of keys.' }])
  })
})

test('a password that YAML cannot read is not quoted back', () => {
  for (const value of [
    '*hunter2',
    '&hunter2 x',
    '!hunter2 x',
    '"hun\\qter2',
    '@hunter2',
    '%hunter2',
    '{hunter2',
    'a: hunter2: b',
  ]) {
    const problems = problemsOf(example.replace(/upstream:.*/, `upstream: { password: ${value} }`))
    expect(problems.length, value).toBeGreaterThan(0)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  }
})

test('a space that is missing after a colon is told, and the value then stays hidden', () => {
  const problems = problemsOf(example.replace('ca: ca.pem', 'password:hunter2'))
  expect(problems).toMatchObject([{ path: 'upstream["password..."]', fix: 'Put a space after the colon.' }])
})

describe('a hostile text is refused within ten seconds of a busy machine, with few words', () => {
  const wide = Array.from({ length: 16_000 }, (_, i) => `k${i}:`).join('\n')
  test.each([
    ['a billion laughs', laughs()],
    ['a text of megabytes', 'a'.repeat(5_000_000)],
    ['brackets without end', '['.repeat(120_000)],
    ['maps without end', '{a: '.repeat(30_000)],
    ['lists in lists', '- '.repeat(60_000)],
    ['nesting a hundred deep', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['thousands of keys', wide],
    ['thousands of sensors', `sensors:\n${'- {}\n'.repeat(20_000)}`],
    ['quotes without end', '"'.repeat(100_000)],
    ['a key of all objects', '__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }'],
  ])('%s', { timeout: 30_000 }, (_, text) => {
    const start = performance.now()
    const problems = problemsOf(text)
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.length).toBeLessThan(101)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})
