import { describe, expect, test } from 'vitest'
import { english } from '../../src/web/languages/en.ts'
import { chooseLanguage, fill, languages, wishesOf } from '../../src/web/languages/languages.ts'

const keys = Object.keys(english).toSorted()
const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted()

/** Not sentences for shoppers: names of things, or one word. */
function sentencesOf(words: Readonly<Record<string, string>>): string[] {
  const running = Object.values(words).filter((text) => /[.?!]$/.test(text))
  return running.flatMap((text) => text.split(/(?<=[.?!])\s+/)).filter((text) => text.length > 0)
}

const wordsIn = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? []

/** Läsbarhetsindex (Björnsson 1968): words a sentence, and the share of words longer than six letters. Under 30: very easy. */
function lixOf(sentences: readonly string[]): number {
  const words = sentences.flatMap(wordsIn)
  const long = words.filter((word) => word.length > 6)
  return words.length / sentences.length + (100 * long.length) / words.length
}

describe.each(Object.entries(languages))('the words in %s', (code, words) => {
  test('are all there, none too many, none empty, each with the same values', () => {
    expect(Object.keys(words).toSorted()).toEqual(keys)
    for (const [key, text] of Object.entries(words)) {
      expect(text.trim(), key).toBe(text)
      expect(text, key).not.toBe('')
      expect(values(text), key).toEqual(values(english[key as keyof typeof english]))
    }
  })

  test('are easy to read: short sentences, few long words', () => {
    const sentences = sentencesOf({ ...words })
    expect(lixOf(sentences)).toBeLessThan(30)
    const tooLong = sentences.filter((sentence) => wordsIn(sentence).length > 18)
    expect(tooLong).toEqual([])
  })

  test('are of that language and not left in English', () => {
    if (code === 'en') return
    const same = keys.filter(
      (key) => Object.entries(words).find(([name]) => name === key)?.[1] === english[key as keyof typeof english],
    )
    // Words that two languages share.
    expect(same.filter((key) => !['contact', 'pause', 'left'].includes(key))).toEqual([])
  })
})

test('a text that nobody has learned to read easily is told from ours', () => {
  const legal =
    'Notwithstanding the aforementioned provisions, the controller shall implement appropriate technical and organisational measures.'
  expect(lixOf([legal])).toBeGreaterThan(50)
})

describe('the language of a page', () => {
  test.each([
    ['sv-SE,sv;q=0.9,en;q=0.8', ['sv', 'sv', 'en']],
    ['en;q=0.5, de;q=0.9', ['de', 'en']],
    ['nl;q=0, en', ['en']],
    ['*', []],
    ['', []],
    [';;;q=,,', []],
  ])('is what the browser wishes: %s', (header, wishes) => {
    expect(wishesOf(header)).toEqual(wishes)
  })

  test('is the first wish that is offered, else the first of the shop', () => {
    expect(chooseLanguage(['fi', 'de', 'nl'], ['nl', 'de'])).toBe('de')
    expect(chooseLanguage(['fi'], ['sv', 'en'])).toBe('sv')
  })

  test('fills in values as they are, also those that look like a pattern', () => {
    expect(fill('{a} and {b}', { a: '$& {b}', b: 2 })).toBe('$& {b} and 2')
  })
})
