import { describe, expect, test } from 'vitest'
import { display, pathText, problem, problemOf, valueAt } from '../../src/base/problem.ts'

describe('a path', () => {
  test.each([
    [[], '(top)'],
    [['sensors', 2, 'port'], 'sensors[2].port'],
    [['store', 'opening', '2026-12-25'], 'store.opening.2026-12-25'],
    [['a b'], '["a b"]'],
    [['a', ''], 'a[""]'],
  ])('%j is written %s', (path, text) => {
    expect(pathText(path)).toBe(text)
  })

  test('leads to its value, never through a prototype', () => {
    expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1)
    expect(valueAt({}, ['constructor'])).toBeUndefined()
    expect(valueAt('text', ['length'])).toBeUndefined()
  })
})

describe('a value is shown', () => {
  test.each([
    [undefined, '(missing)'],
    [null, 'null'],
    [7, '7'],
    ['text', '"text"'],
    [[1, 2], 'a list of 2'],
    [{ a: 1 }, 'a map of 1'],
    ['a\nb', '"a\\nb"'],
    ['a\u202eb\u0007', '"a?b\\u0007"'],
  ])('%j as %s', (value, text) => {
    expect(display(value, ['key'])).toBe(text)
  })

  test('at most 74 characters long', () => {
    expect(display('x'.repeat(1000), ['key'])).toHaveLength(74)
  })

  test.each([
    ['of a password', 'hunter2', ['upstream', 'password']],
    ['below a secret', 'hunter2', ['secrets', 0]],
    ['of a private key', '-----BEGIN EC PRIVATE KEY-----hunter2', ['upstream', 'key']],
    ['in an address', 'mqtts://me:hunter2@host', ['anything']],
    ['in an address with more than one at sign', 'mqtts://me:a@hunter2@host', ['anything']],
    ['in an address without scheme', 'me:hunter2@host', ['upstream', 'url']],
  ])('without the secret %s', (_, value, path) => {
    expect(display(value, path)).not.toContain('hunter2')
  })
})

test('a problem is a finding with its value and place', () => {
  const told = problemOf(problem(['a', 1], 'Why.', 'Do.'), { a: [5, 6] }, { line: 3, column: 4 })
  expect(told).toEqual({ path: 'a[1]', value: '6', reason: 'Why.', fix: 'Do.', line: 3, column: 4 })
})
