import { describe, expect, it } from 'vitest'
import { saidAbout, usual } from './house.ts'

describe('the law', () => {
  it('holds everywhere in src/', () => {
    expect(usual.join('\n')).toBe('')
  })

  it('has nothing against comments, texts, types and names that only look like a breach', () => {
    const innocent = [
      '// console.log(process.env.HOME), Date.now() and as unknown as any',
      `export const text = "import 'node:fs'; Math.random() as Release"`,
      'export const template = `console $1 default export`',
      'export const form = /process\\.env|any/',
      `import type { Stats } from 'node:fs'`,
      `import { type Server } from 'node:net'`,
      'export interface Clocked { process: Stats; console(): Server; restore(): void }',
      'export const at = new Date(0)',
      'export const made = { fetch: at, unseal: form }.unseal',
    ]
    expect(saidAbout({ 'src/observations/planted.ts': innocent.join('\n') })).toBe('')
  })
})
