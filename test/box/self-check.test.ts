import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/box/matcher.ts'
import { checkSearch } from '../../src/box/self-check.ts'

const folder = mkdtempSync(join(tmpdir(), 'drempel-search-'))

const everyPlace = [
  ...['file', 'gzip', 'zlib', 'deflate', 'brotli', 'base64 in JSON', 'base64 of gzip in base64', 'message'],
  ...['free pages', 'write-ahead log', 'memory'],
]

describe('the check of the search itself', () => {
  it('finds every encoding in every kind of place, and leaves nothing behind', async () => {
    const { found, missing } = await checkSearch({ folder, node: process.execPath })
    expect(missing).toEqual([])
    expect(found.length).toBeGreaterThan(20_000)
    expect(found.every(({ places }) => places.length === everyPlace.length)).toBe(true)
    expect(found[0]).toEqual({ label: 'address: bytes', places: everyPlace })
    expect(readdirSync(folder)).toEqual([])
  })

  it('notices a search that is blind for one encoding, in each place', async () => {
    const createLook: typeof createMatcher = (needles) =>
      createMatcher(needles.filter(({ label }) => label !== 'address: decimal'))
    const { missing } = await checkSearch({ folder, node: process.execPath, createLook })
    expect(missing).toEqual([{ label: 'address: decimal', places: everyPlace }])
  })
})
