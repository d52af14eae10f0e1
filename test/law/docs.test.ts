import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/help.ts'
import { readmeTables } from '../support/readme-tables.ts'

// DOCS=write npx vitest run --root . --config test/vitest.config.ts test/law/docs.test.ts
const file = 'README.md'
const tables = readmeTables()
if (process.env.DOCS === 'write') writeFileSync(file, withTables(readFileSync(file, 'utf8')))
const readme = readFileSync(file, 'utf8')
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(`src/${name}`, 'utf8'))

function withTables(text: string): string {
  const put = (result: string, [name, table]: [string, string]) =>
    result.replace(partOf(name), () => `<!-- generated:${name} -->\n${table}\n<!-- /generated -->`)
  return [...tables].reduce(put, text)
}

function partOf(name: string): RegExp {
  return new RegExp(`<!-- generated:${name} -->\\n([^]*?)\\n<!-- /generated -->`)
}

/** The first code word of each row of a table. */
function firstWords(table: string): string[] {
  return [...table.matchAll(/^\| `([^` ]+)/gm)].map(([, word = '']) => word)
}

describe('README and code say the same', () => {
  test.each([...tables])('of %s; DOCS=write brings README up to date', (name, table) => {
    expect(readme.match(partOf(name))?.[1]).toBe(table)
  })

  test('of the environment', () => {
    const told = firstWords(readme.match(partOf('environment'))?.[1] ?? '')
    const used = sources.flatMap((text) =>
      [...text.matchAll(/\b(?:process\.env|environment)\.([A-Z_]+)\b/g)].map(([, name = '']) => name),
    )
    expect(told.toSorted()).toEqual([...new Set(used)].toSorted())
  })

  test('and every command in README is one', () => {
    const called = [...readme.matchAll(/`(?:npm run -s )?drempel (?:-- )?([a-z][a-z-]*)/g)].map(([, name = '']) => name)
    expect(called.length).toBeGreaterThan(0)
    const known = commands.map(({ name }) => name)
    expect(called.filter((name) => !known.includes(name))).toEqual([])
  })

  test('every command has its file and every error is thrown somewhere', () => {
    for (const { name } of commands) expect(existsSync(`src/commands/${name}.ts`), name).toBe(true)
    const codes = firstWords(tables.get('errors') ?? '')
    const thrown = sources.filter((text) => !text.includes('export const errorTable')).join('\n')
    expect(codes.filter((code) => !thrown.includes(`'${code}'`))).toEqual([])
  })
})
