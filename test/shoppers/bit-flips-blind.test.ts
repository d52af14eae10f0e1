import { rmSync } from 'node:fs'
import { afterAll, expect, it, vi } from 'vitest'
import { makeScratch } from '../support/damaged-box.ts'
import { tryFiles } from '../support/shopper-flips.ts'
import { makeShoppersImage } from '../support/shoppers-image.ts'

// The planted bug: a salvage forgets what shoppers agreed to, and so who has ended it.
vi.mock('../../src/consent/salvage.ts', async (original) => {
  const unused = { take() {}, page() {}, finish: () => ({ state: 'unused', ended: new Set() }) }
  return { ...(await original<typeof import('../../src/consent/salvage.ts')>()), salvageConsents: () => unused }
})

const scratch = makeScratch()
afterAll(() => rmSync(scratch, { recursive: true }))

it('a box that does not salvage what was agreed is found out', () => {
  const image = makeShoppersImage(scratch, false)
  const bytes = Buffer.from(image.files.get('drempel.db')!).fill(0, 0, 100)
  const { wrong, agreements } = tryFiles(image, scratch, new Map([...image.files, ['drempel.db', bytes]]))
  expect(agreements).toBe('void')
  expect(wrong).toContain('the end of hal is lost')
})
