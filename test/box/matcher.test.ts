import { createCipheriv, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/box/matcher.ts'
import type { Needle } from '../../src/box/needles.ts'
import { createRandom, type Random } from '../../src/simulator/random.ts'
import { trials } from '../support/need.ts'

function needleOf(bytes: Buffer, label = bytes.toString('hex')): Needle {
  return { label, bytes, standsAlone: false }
}

/** Few letters, so that needles overlap, begin alike and contain each other. */
function textOf(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.pick(['a', 'b', 'A', '_', '/'])).join(''))
}

/** Found one by one, as slowly and surely as can be. */
function foundOneByOne(needles: readonly Needle[], content: Buffer): string[] {
  return needles.flatMap(({ label, bytes }) => {
    const found: string[] = []
    for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) found.push(`${label} ${at}`)
    return found
  })
}

describe('the matcher', () => {
  it('finds what a search for each needle alone finds, and where', () => {
    let hits = 0
    for (let seed = 0; seed < trials(200, 5000); seed++) {
      const random = createRandom(seed, 'matcher')
      const made = Array.from({ length: 40 }, () => textOf(random, 5 + random.below(9)))
      const needles = [...new Map(made.map((bytes) => [bytes.toString(), needleOf(bytes)])).values()]
      const content = Buffer.concat([made[0]!, textOf(random, 3000), made[1]!])
      const found = createMatcher(needles)(content).map(({ label, offset }) => `${label} ${offset}`)
      expect(found.toSorted(), `seed ${seed}`).toEqual(foundOneByOne(needles, content).toSorted())
      hits += found.length
    }
    expect(hits).toBeGreaterThan(1000)
  })

  it('finds needles at every offset around the end of a block, among ten thousand others', () => {
    const needle = needleOf(randomBytes(11), 'the one')
    const look = createMatcher([...Array.from({ length: 10_000 }, () => needleOf(randomBytes(8))), needle])
    for (let offset = 65_536 - 20; offset < 65_536 + 5; offset++) {
      const content = Buffer.alloc(70_000)
      content.set(needle.bytes, offset)
      expect(look(content)).toEqual([{ label: 'the one', offset }])
    }
  })

  // Of all streams 0.24 % hold one of 6 bytes by chance; this one is the same at every run.
  it.each([6, 8])('finds none of 10,000 random needles of %i bytes in 64 MB of random content', (length) => {
    const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, length), Buffer.alloc(16))
    const next = (bytes: number) => stream.update(Buffer.alloc(bytes))
    const look = createMatcher(Array.from({ length: 10_000 }, () => needleOf(next(length))))
    for (let megabyte = 0; megabyte < 64; megabyte++) expect(look(next(2 ** 20))).toEqual([])
  })

  it('refuses needles that are too short, and finds nothing without any', () => {
    expect(() => createMatcher([needleOf(Buffer.from('1234'))])).toThrow(RangeError)
    expect(createMatcher([])(Buffer.from('anything'))).toEqual([])
  })
})
