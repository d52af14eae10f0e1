import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flipOf, tryFlip } from '../support/bit-flips.ts'
import { type Image, makeImage, makeScratch } from '../support/damaged-box.ts'
import { trials } from '../support/need.ts'

const scratch = makeScratch()
let image: Image
beforeAll(() => {
  image = makeImage(scratch)
})
afterAll(() => rmSync(scratch, { recursive: true }))

describe('a card that changes a bit', () => {
  it('makes no wrong value, costs no healthy row, draws nothing twice, and the box starts', () => {
    for (let number = 0; number < trials(300, 1000); number += 1) {
      const flip = flipOf(image, 1, number)
      const { wrong } = tryFlip(image, scratch, flip)
      expect(wrong, `${flip.file}, bit ${flip.bit}`).toEqual([])
    }
  }, 900_000)
})
