import { describe, expect, test } from 'vitest'
import { editDistance, looksEqual, nearest } from '../../src/base/nearest.ts'

describe('the nearest word', () => {
  const keys = ['organisation', 'store', 'zones', 'glassBox', 'window', 'web']

  test.each([
    ['organization', 'organisation'],
    ['stroe', 'store'],
    ['zone', 'zones'],
    ['glass-box', 'glassBox'],
    ['GLASSBOX', 'glassBox'],
    ['windw', 'window'],
    ['org', 'organisation'],
  ])('to %s is %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant)
  })

  test.each(['xylophone', '', 'q', 'or', 'stairs'])('to "%s" is none', (word) => {
    expect(nearest(word, keys)).toBeUndefined()
  })

  test('is none when a beginning fits two', () => {
    expect(nearest('con', ['consent', 'controller'])).toBeUndefined()
  })

  test('is found in no time for an endless word', () => {
    expect(nearest('a'.repeat(1_000_000), keys)).toBeUndefined()
  })
})

describe('the distance of two words', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('of "%s" and "%s" is %d', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance)
    expect(editDistance(right, left)).toBe(distance)
  })
})

test('case, dashes and underscores make no other word', () => {
  expect(looksEqual('glass_box', 'glassBox')).toBe(true)
  expect(looksEqual('glass', 'grass')).toBe(false)
})
