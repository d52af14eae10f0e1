import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { readConfig } from '../../src/config.ts'
import { trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { example, exampleFolder, exampleWith, purpose } from './example.ts'

const file = join(exampleFolder(), 'drempel.yaml')
const random = seededRandom(20_261_122)
const below = (limit: number) => Math.floor(random() * limit)
const oneOf = <T>(values: readonly T[]): T => values[below(values.length)]!

const base = exampleWith({ purposes: [purpose], 'store.opening': { 'mo-fr': '09:00-18:00', '2026-12-25': 'closed' } })
const signs = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  "'",
  '-',
  '#',
  '&',
  '*',
  '!',
  '|',
  '>',
  '%',
  '@',
  '\t',
  '\n',
  ' ',
  '\u0000',
  '\ud800',
  'é',
]
const junk = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  Number.NaN,
  '',
  ' ',
  'closed',
  '24:00-00:00',
  '9'.repeat(99),
  '../../etc',
  [],
  [[]],
  {},
  { id: 'x' },
]
const keys = [
  'id',
  'kind',
  'zone',
  'port',
  'window',
  'opening',
  '__proto__',
  'constructor',
  'toString',
  '',
  'a'.repeat(200),
  '<<',
  '0',
]

/** One change of the text: a sign put in, a piece taken out, a line doubled or moved. */
function changeText(text: string): string {
  const at = below(text.length)
  const lines = text.split('\n')
  const line = below(lines.length)
  return oneOf([
    () => text.slice(0, at) + oneOf(signs) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1 + below(12)),
    () => lines.toSpliced(line, 0, oneOf(lines)).join('\n'),
    () => lines.toSpliced(line, 1).join('\n'),
    () => lines.with(line, ' '.repeat(below(6)) + lines[line]!.trim()).join('\n'),
  ])()
}

/** One change of the tree: a value replaced by junk or by another part, a key taken out, renamed or added. */
function changeTree(root: unknown): void {
  const holders: object[] = []
  collect(root)
  const holder = oneOf(holders)
  const names = Object.keys(holder)
  const name = names.length > 0 ? oneOf(names) : 'x'
  const value: unknown = Reflect.get(holder, name)
  oneOf([
    () => Reflect.set(holder, name, structuredClone(oneOf<unknown>(junk))),
    () => Reflect.set(holder, name, structuredClone(oneOf(holders))),
    () => Reflect.deleteProperty(holder, name),
    () => Reflect.deleteProperty(holder, name) && define(holder, oneOf(keys), value),
    () => define(holder, oneOf(keys), structuredClone(oneOf<unknown>(junk))),
  ])()

  function collect(part: unknown): void {
    if (typeof part !== 'object' || part === null) return
    holders.push(part)
    for (const inner of Object.values(part)) collect(inner)
  }
}

function define(holder: object, key: string, value: unknown): boolean {
  return Reflect.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function mutated(): string {
  const changes = 1 + below(4)
  if (random() < 0.4) {
    let text = random() < 0.5 ? example : base
    for (let i = 0; i < changes; i++) text = changeText(text)
    return text
  }
  const tree: unknown = parse(base)
  for (let i = 0; i < changes; i++) changeTree(tree)
  return stringify(tree, { aliasDuplicateObjects: false })
}

test('whatever is done to a configuration, it is taken or refused in whole sentences, never thrown at', () => {
  let refused = 0
  const count = trials(1500, 10_000)
  for (let i = 0; i < count; i++) {
    const text = mutated()
    const checked = readConfig(text, file)
    if ('config' in checked) continue
    refused += 1
    expect(checked.problems.length).toBeGreaterThan(0)
    for (const { path, value, reason, fix } of checked.problems) {
      const isTold = path !== '' && value !== '' && /^.+\.$/s.test(reason) && fix.length > 3
      expect(isTold, JSON.stringify({ path, value, reason, fix, text })).toBe(true)
      expect(value.length).toBeLessThan(200)
    }
  }
  expect(refused).toBeGreaterThan(count / 2)
})
