import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/base/log.ts'
import { chooseConfig } from '../../src/commands/accepted.ts'
import { describePolicy } from '../../src/commands/policy-words.ts'
import { readConfig } from '../../src/config.ts'
import { policyOf } from '../../src/privacy/policy.ts'
import { drempel } from '../support/process.ts'
import { exampleFolder, exampleWith } from './example.ts'

const folder = exampleFolder()
const file = join(folder, 'phones.yaml')
const assessment = join(folder, 'assessment.txt')
const settings = {
  assessment: 'assessment.txt',
  legalBasis: 'Art. 6(1)(f) GDPR',
  signage: true,
  optOutUrl: 'https://acme.example/no',
}

function phonesWith(changes: Record<string, unknown> = {}): string {
  return exampleWith({ 'privacy.profile': 'phones', 'privacy.phones': settings, ...changes })
}

function problemsOf(text: string) {
  const checked = readConfig(text, file)
  return 'problems' in checked ? checked.problems : []
}

/** Signs as a person does: from the lines that the loader asks for. */
function sign(text: string, change = (lines: string) => lines): string {
  writeFileSync(assessment, '')
  const asked = /policy: sha256:[0-9a-f]{64}/.exec(problemsOf(text)[0]!.fix)![0]
  writeFileSync(assessment, change(`Judged.\n\n${asked}\nname: A. Officer\nrole: DPO\ndate: 2026-11-01\n`))
  return asked.slice('policy: '.length)
}

describe('phones are counted only with a signed assessment', () => {
  test('for exactly the policy that would run', () => {
    const hash = sign(phonesWith())
    const checked = readConfig(phonesWith(), file)
    expect('config' in checked && policyOf(checked.config).hash).toBe(hash)
  })

  test.each([
    ['another window', { 'privacy.window': '30m' }],
    ['other opening hours', { 'store.opening': '09:00-19:00' }],
    ['a weaker signal', { 'privacy.phones': { ...settings, rssiMin: -85 } }],
    ['a radio in another zone', { 'sensors[3].zone': 'shoes' }],
  ])('so not with %s', (_, changes) => {
    sign(phonesWith())
    const [problem, ...others] = problemsOf(phonesWith(changes))
    expect(others).toEqual([])
    expect(problem).toMatchObject({ path: 'privacy.phones.assessment' })
    expect(problem!.reason).toContain('it was signed for another policy')
  })

  test.each([
    ['no name', (lines: string) => lines.replace(/name:.*\n/, 'name:\n'), 'no line `name:`'],
    ['no date', (lines: string) => lines.replace('2026-11-01', 'next week'), 'its date is no date'],
    ['a day that no month has', (lines: string) => lines.replace('2026-11-01', '2026-11-31'), 'its date is no date'],
    ['two policies', (lines: string) => `${lines}policy: sha256:00\n`, 'more than one line `policy:`'],
    ['a part of the hash', (lines: string) => lines.replace(/(sha256:\w{20})\w+/, '$1'), 'for another policy'],
    ['nothing', () => '', 'no line `policy:`'],
  ])('so not with %s in it', (_, change, reason) => {
    sign(phonesWith(), change)
    expect(problemsOf(phonesWith())).toMatchObject([{ path: 'privacy.phones.assessment' }])
    expect(problemsOf(phonesWith())[0]!.reason).toContain(reason)
  })

  test('and a file that is not there is told with the lines to sign', () => {
    const [problem] = problemsOf(phonesWith({ 'privacy.phones': { ...settings, assessment: 'none.txt' } }))
    expect(problem!.reason).toContain('it does not exist')
    expect(problem!.fix).toMatch(/policy: sha256:[0-9a-f]{64} \| name: {2}\| role: {2}\| date: $/)
  })

  test('`drempel check` says what was signed and what phones cost', async () => {
    const hash = sign(phonesWith())
    writeFileSync(file, phonesWith({ data: join(folder, 'checked') }))
    const { stdout, code } = await drempel(['check', '--config', file])
    expect(code).toBe(0)
    expect(stdout).toContain(`policy: ${hash}`)
    expect(stdout).toContain('0.2 for each of 5 windows of 15 minutes')
  })
})

describe('the accepted configuration', () => {
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  const errors: string[] = []
  const log = { error: (...parts: unknown[]) => void errors.push(String(parts.at(-1))) } as Pick<Log, 'error'> as Log
  const start = (text: string) => chooseConfig({ text, file }, data, log).privacy

  test('runs on while a changed policy is not signed for, and not once its own signature is gone', () => {
    const text = phonesWith({ data })
    const wider = phonesWith({ data, 'privacy.window': '5m' })
    sign(text)
    expect(start(text).window).toBe('15m')
    expect(start(wider).window).toBe('15m')
    expect(errors).toEqual(['the configuration is broken, the accepted one runs: see `drempel check`'])
    // Signed for the change, which is less private: neither runs before somebody at the box confirms it.
    sign(wider)
    expect(() => start(wider)).toThrow('not signed for any more')
    expect(() => start(text)).toThrow('signed for another policy')
    const narrower = phonesWith({ data, 'privacy.window': '60m' })
    sign(narrower)
    expect(start(narrower).window).toBe('60m')
  })
})

describe('the words for phones', () => {
  const wordsOf = (changes: Record<string, unknown> = {}) => {
    sign(phonesWith(changes))
    const checked = readConfig(phonesWith(changes), file)
    if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
    return describePolicy(checked.config, policyOf(checked.config))
      .flatMap(({ title, lines }) => [title, ...lines])
      .join('\n')
  }

  test('say by which radio, how blurred and what is held', () => {
    const words = wordsOf()
    expect(words).toContain('Entrance: how many phones are near, five minutes at a time, heard by radio (ble).')
    expect(words).toContain('15 minutes, the sum of 3 counts of five minutes each, by at most 45.')
    expect(words).toContain('heard at -75 dBm or more')
    expect(words).not.toContain('radio (ble) feeds no number')
  })

  // Doors 0.5, one area 0.2, and 5 windows at 0.2. Two devices: 0.7 + 2 x 1.0; two hours: 9 windows, eight: 33.
  test('say what a visit pays, and what makes it pay more', () => {
    const words = wordsOf()
    expect(words).toContain('leaves pays 1.7 (epsilon')
    expect(words).toContain('Of this 1.0 is for one phone and a stay of up to an hour')
    expect(words).toContain('Two devices on one person pay 2.7 (94 guesses in 100).')
    expect(words).toContain(
      'A stay of two hours pays 2.5 (93 guesses in 100), one of eight hours 7.3 (100 guesses in 100).',
    )
  })
})
