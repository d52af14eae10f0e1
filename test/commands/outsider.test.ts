import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openWorkingFolder } from '../../src/commands/working-folder.ts'
import { readConfig } from '../../src/config.ts'
import { drempel } from '../support/process.ts'
import { exampleFolder, exampleWith } from './example.ts'

const folder = exampleFolder()
const file = join(folder, 'replay.yaml')
const upstream = { url: 'mqtt://127.0.0.1:9' }
writeFileSync(file, exampleWith({ data: join(folder, 'data'), upstream }))

describe('what somebody new does wrong gets a sentence, not a code', () => {
  test.each([
    ['a recording that is not there', 'nope.jsonl', 'The recording could not be read. nope.jsonl: it does not exist.'],
    ['a folder as recording', folder, `${folder}: it is a folder. Check the path.`],
    ['an empty recording', '/dev/null', '/dev/null, line 1: it is empty.'],
  ])('%s', async (_, recording, said) => {
    const { code, stderr } = await drempel(['replay', recording, '--config', file])
    expect(code).toBe(1)
    expect(stderr).toContain(said)
    expect(stderr).not.toContain('unexpected')
  })

  test('a data folder that cannot be made, which is where `drempel run` begins for a user who is not root', async () => {
    writeFileSync(join(folder, 'taken'), '')
    const config = join(folder, 'unusable.yaml')
    writeFileSync(config, exampleWith({ data: './taken', upstream }))
    const { code, stderr } = await drempel(['run', '--config', config])
    expect(code).toBe(1)
    expect(stderr).toContain(
      `The data folder cannot be used. ${join(folder, 'taken')}: a file stands there, not a folder.`,
    )
    expect(stderr).toContain('Name another folder with `data:` in the configuration')
  })

  // Root may write everywhere.
  test.skipIf(process.getuid?.() === 0)('a data folder that belongs to somebody else', () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked, { mode: 0o500 })
    expect(() => openWorkingFolder(locked, 'run')).toThrow('this user may not write there')
  })

  test.skipIf(process.getuid?.() === 0)('check by another user does not say that nothing runs', async () => {
    const config = join(folder, 'closed.yaml')
    const data = join(folder, 'closed')
    mkdirSync(data, { mode: 0o300 })
    for (const text of [exampleWith({ data }), exampleWith({ data, gateway: 1 })]) {
      writeFileSync(config, text)
      const { stdout } = await drempel(['check', '--config', config])
      expect(stdout).toContain('check as the user of the service')
      expect(stdout).not.toContain('Nothing is counted')
    }
    chmodSync(data, 0o700)
  })

  test('a name with a colon inside { } is told to be put in quotes', () => {
    const checked = readConfig('store: { id: a, name: Acme: Spuistraat }\n', '/nowhere/drempel.yaml')
    expect(checked).toMatchObject({ problems: [{ line: 1, fix: expect.stringContaining('quotes') }] })
  })

  test('a key indented too far is told to be put under its neighbours', () => {
    const checked = readConfig('organisation: acme\n store: x\n', '/nowhere/drempel.yaml')
    const fixes = 'problems' in checked ? checked.problems.map(({ fix }) => fix) : []
    expect(fixes).toContain('Give the keys of one map the same number of spaces.')
  })
})
