import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/box/matcher.ts'
import { checkSearch } from '../../src/box/self-check.ts'

const folder = mkdtempSync(join(tmpdir(), 'drempel-search-'))

describe('the check of the search itself', () => {
  it('finds every encoding in every kind of place, and leaves nothing behind', async () => {
    const { found, missing } = await checkSearch({ folder, node: process.execPath })
    expect(missing).toEqual([])
    expect(found.length).toBeGreaterThan(10 * 10_000)
    expect(readdirSync(folder)).toEqual([])
  })

  it('notices a search that is blind for one encoding, in each place', async () => {
    const createLook: typeof createMatcher = (needles) =>
      createMatcher(needles.filter(({ label }) => label !== 'address: decimal'))
    const { missing } = await checkSearch({ folder, node: process.execPath, createLook })
    expect(new Set(missing.map(({ label }) => label))).toEqual(new Set(['address: decimal']))
    expect(missing.map(({ place }) => place)).toEqual(
      expect.arrayContaining(['file', 'gzip', 'base64 in JSON', 'free pages', 'write-ahead log', 'memory']),
    )
  })
})
