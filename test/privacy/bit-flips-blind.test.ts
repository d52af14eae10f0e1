import { rmSync } from 'node:fs'
import { afterAll, expect, it, vi } from 'vitest'
import { tryFlip } from '../support/bit-flips.ts'
import { makeImage, makeScratch } from '../support/damaged-box.ts'

// The planted bug: tags of rows are not looked at. The same flips that cost nothing otherwise must then be found.
vi.mock('../../src/base/mac.ts', async (original) => {
  return { ...(await original<typeof import('../../src/base/mac.ts')>()), tagHolds: () => true }
})

const scratch = makeScratch()
afterAll(() => rmSync(scratch, { recursive: true }))

/** Bits of the last digit of a number inside the payloads of the journal: JSON stays JSON. */
function bitsOfPayloads(file: Buffer): number[] {
  const bits: number[] = []
  for (let at = file.indexOf('"in":'); at >= 0; at = file.indexOf('"in":', at + 1)) bits.push((at + 5) * 8)
  return bits
}

it('a box that does not look at the tags of its rows is found out', () => {
  const image = makeImage(scratch)
  const bits = bitsOfPayloads(image.files.get('drempel.db')!)
  const outcomes = bits.slice(0, 40).map((bit) => tryFlip(image, scratch, { file: 'drempel.db', bit }))
  const wrong = outcomes.flatMap((outcome) => outcome.wrong)
  expect(wrong.some((what) => what.includes('has another payload'))).toBe(true)
})
