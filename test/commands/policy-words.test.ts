import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describePolicy } from '../../src/commands/policy-words.ts'
import { readConfig } from '../../src/config.ts'
import { policyOf } from '../../src/privacy/policy.ts'
import { exampleFolder, exampleWith, purpose } from './example.ts'

const file = join(exampleFolder(), 'drempel.yaml')

function wordsOf(changes: Record<string, unknown> = {}): string {
  const checked = readConfig(exampleWith(changes), file)
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
  return describePolicy(checked.config, policyOf(checked.config))
    .flatMap(({ title, lines }) => [title, ...lines])
    .join('\n')
}

describe('the policy in plain words', () => {
  const words = wordsOf()

  test('says what is measured where and by what', () => {
    expect(words).toContain(
      'Entrance (door): how many people go in and out, counted by front-door (beam-pair) and side-door (json-lines), added up.',
    )
    expect(words).toContain('Shoes (area): how many people go in and out, counted by aisle (ld2450).')
  })

  test('says which sensors feed nothing', () => {
    expect(words).toContain(
      "radio (ble) feeds no number: it listens for the shop's own beacons; phones are counted only with",
    )
  })

  test('says when', () => {
    expect(words).toContain(
      'Every day 09:00-18:00, in the time of Europe/Amsterdam, widened to whole windows of 15 minutes.',
    )
    expect(wordsOf({ 'store.opening': { 'mo-fr': '09:00-18:00', sa: '10:00-17:00' } })).toContain(
      'mo-fr 09:00-18:00; sa 10:00-17:00',
    )
  })

  test('says how far the noise reaches, zone by zone', () => {
    expect(words).toContain('In 95 of 100 cases')
    expect(words).toContain('Entrance: a number of 15 minutes by at most 7, one of a day by at most 24 (30 where')
  })

  // e^1.4 / (1 + e^1.4) = 0.8022, rounded up.
  test('says what a visit pays and what it gives away', () => {
    expect(words).toContain('leaves pays 1.4 (epsilon; the most any configuration may take is 4.0)')
    expect(words).toContain('at most 81 times in 100')
  })

  test('says who receives it and how long it is kept', () => {
    expect(words).toContain(
      'Acme Retail BV (privacy@acme.example), through the broker broker.acme.example:8883, encrypted.',
    )
    expect(words).toContain('The record of what was sent 400 days.')
  })

  test('promises no deletion that nothing carries out', () => {
    for (const unbuilt of ['Logs, which hold nothing personal, 7 days', 'may read 7 days', 'Signals 30 days'])
      expect(wordsOf({ purposes: [purpose] })).not.toContain(unbuilt)
  })

  test('hides neither the exact total on the disk, nor who is trusted, nor who is exposed most', () => {
    expect(words).toContain("The day's exact total until its number is drawn")
    expect(words).toContain('not against whoever controls this box')
    expect(words).toContain('staff, who pass all day, pay most')
  })

  test('never shows the name or password for the broker', () => {
    const secret = wordsOf({ 'upstream.username': 'gw', 'upstream.password': 'hunter2' })
    expect(secret).not.toContain('hunter2')
  })

  test('follows the profile, the window and the precision', () => {
    const other = wordsOf({ privacy: { profile: 'footfall-in', window: '60m', precision: 'fine' } })
    expect(other).toContain('how many people go in, counted by')
    expect(other).toContain('one message every 60 minutes')
    expect(other).toContain('Entrance: a number of 60 minutes by at most 4')
    expect(other).toContain('pays 1.2 (epsilon')
  })

  test('says who may agree to what, where, and what then leaves, for how long', () => {
    expect(words).toContain('Nobody is asked for consent, so nothing about a single shopper can leave.')
    const asking = wordsOf({ purposes: [purpose] })
    expect(asking).toMatch(/offers, to .*: at most 3 a visit and 6 a day, none from 21:00 to 08:00\./)
    expect(asking).toContain('has no certificate, so it only reads and refuses')
    expect(asking).toContain('Signals that wait to be sent 30 days; of "just this visit" nothing is written.')
    expect(words).not.toContain('just this visit')
  })
})

describe('the words of who agreed to be counted', () => {
  const words = wordsOf({ purposes: [purpose], 'privacy.visitors': 'offers' })

  test('say who is counted, by what, how far the noise reaches and what lies on the disk', () => {
    expect(words).toContain('how many shoppers were here on a day who agreed to offers for longer than one visit')
    expect(words).toContain('whose tag radio heard or who said on the page that they are here. Nobody else is counted')
    expect(words).toContain('The whole shop: how many agreed and were here on a day, by at most 6.')
    expect(words).toContain('until the number of that day is drawn or they withdraw')
    expect(words).not.toContain('radio (ble) feeds no number')
  })

  // e^0.5 / (1 + e^0.5) = 0.6225 and e^1.9 / (1 + e^1.9) = 0.8699, rounded up.
  test('say what it pays beside a visit, which pays what it did', () => {
    expect(words).toContain('leaves pays 1.4 (epsilon')
    expect(words).toContain('Who agreed to offers is counted once a day and pays 0.5 a day besides.')
    expect(words).toContain('came on a day right at most 63 times in 100, with one visit added 87.')
    expect(words).toContain('who did not agree pays nothing for it')
  })

  test('are not said where nobody is', () => {
    expect(wordsOf({ purposes: [purpose] })).not.toMatch(/agreed to|a day besides/)
  })
})

describe('the words of who is inside and how long people stay', () => {
  const polygon = [
    [0, 1000],
    [1000, 1000],
    [0, 2000],
  ]
  const words = wordsOf({ 'privacy.profile': 'dwell', 'sensors[2].areas': [{ zone: 'shoes', polygon }] })

  test('say what is timed, how far the noise reaches and what it is not for', () => {
    expect(words).toContain('Shoes: how long people stay, timed by aisle.')
    expect(words).toContain(
      'The whole shop: how many are inside at the end of a slot, by at most 58 at the end of the day',
    )
    expect(words).toContain('Shoes: how many stays of a day had one of eight lengths, by at most 6 for each length.')
    expect(words).toContain('It is not for fire safety')
  })

  // e^1.9 / (1 + e^1.9) = 0.8699, rounded up.
  test('say what a stay pays, and what a lost one pays again', () => {
    expect(words).toContain('leaves pays 1.9 (epsilon')
    expect(words).toContain('right at most 87 times in 100')
    expect(words).toContain('Of this 0.5 is for one stay: 0.5 a stay.')
    expect(words).toContain('is two stays, and pays 0.5 once more.')
  })

  test('are not said where neither is told', () => {
    expect(wordsOf()).not.toMatch(/inside|stay/)
  })
})
