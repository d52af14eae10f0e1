import { expect, it } from 'vitest'
import { trials } from '../../support/need.ts'
import { fuzz } from './fuzz-adverts.ts'

it('no advert, however broken, makes a reader throw or is lost from the account', () => {
  const count = trials(100_000, 2_000_000)
  expect(fuzz({ seed: 'test', count })).toBe(count)
})

it('a campaign that was stopped goes on at the block it had reached', () => {
  const reached: number[] = []
  fuzz({ seed: 'test', count: 15_000, from: 30_000, progress: (done) => reached.push(done) })
  expect(reached).toEqual([40_000, 45_000])
})
