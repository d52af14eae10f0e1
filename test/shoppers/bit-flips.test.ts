import { rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { makeScratch } from '../support/damaged-box.ts'
import { trials } from '../support/need.ts'
import { shopperFlipOf, tryShopperFlip } from '../support/shopper-flips.ts'
import { makeShoppersImage } from '../support/shoppers-image.ts'

const scratch = makeScratch()
afterAll(() => rmSync(scratch, { recursive: true }))

describe('a card that changes a bit of what shoppers agreed to', () => {
  it.each([
    ['written back', false],
    ['in the log', true],
  ])(
    'grants nothing that is over, loses no end, and costs nobody else the agreement (%s)',
    async (_, isLogged) => {
      const image = makeShoppersImage(scratch, isLogged)
      for (let number = 0; number < trials(60, 250); number += 1) {
        // Statements of SQLite are freed between two turns of the event loop only.
        await new Promise(setImmediate)
        const flip = shopperFlipOf(image, 1, number)
        const { wrong } = tryShopperFlip(image, scratch, flip)
        expect(wrong, `${flip.file}, bit ${flip.bit}`).toEqual([])
      }
    },
    300_000,
  )
})
