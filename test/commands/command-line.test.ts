import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { version } from '../../src/base/version.ts'
import { commandHelp, commands, parseCommand } from '../../src/commands/help.ts'
import { drempel } from '../support/process.ts'
import { exampleFolder, exampleWith } from './example.ts'

const folder = exampleFolder()
const file = join(folder, 'drempel.yaml')

describe('help', () => {
  test('is what drempel prints alone, and names every command', async () => {
    const { code, stdout, stderr } = await drempel([])
    expect([code, stderr]).toEqual([0, ''])
    for (const { name } of commands) expect(stdout).toContain(`  ${name}`)
    expect(stdout.split('\n').every((line) => line.length <= 120)).toBe(true)
  })

  test.each(commands)('of $name lists its options and an example', (row) => {
    const help = commandHelp(row)
    for (const option of Object.keys(row.options)) expect(help).toContain(`--${option}`)
    for (const example of row.examples) expect(example).toMatch(new RegExp(`^drempel ${row.name}`))
  })

  test('of one command comes with --help, whatever else stands there', async () => {
    const { code, stdout } = await drempel(['replay', '--nonsense', '--help'])
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'drempel replay RECORDING [options]'])
  })

  test('tells the version', async () => {
    expect(await drempel(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  })
})

describe('wrong use ends with 2 and one line that helps', () => {
  test.each([
    [['chek'], 'Did you mean `drempel check`?'],
    [['xyzzy'], '`drempel --help` lists the commands.'],
    [['check', '--confg', 'x'], 'Did you mean --config?'],
    [['decode', 'tf-luna'], 'It needs KIND and HEX.'],
  ])('%j', async (args, help) => {
    const { code, stdout, stderr } = await drempel(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(help)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test.each([
    ['check', ['extra'], 'It takes no more arguments.'],
    ['check', ['--config'], 'An option has a value too much or too few.'],
    ['check', ['--json=yes'], 'An option has a value too much or too few.'],
    ['check', ['-x'], 'Its options begin with two dashes.'],
    ['config-schema', ['--json'], 'It has no options.'],
    ['run', ['--hunter2'], 'Its options are --config.'],
  ])('%s %j', (name, args, help) => {
    expect(() => parseCommand(name, args)).toThrow(help)
  })
})

describe('drempel check', () => {
  test('says a good configuration in plain words', async () => {
    const { code, stdout, stderr } = await drempel(['check', '--config', file])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`${file} is valid.`)
    expect(stdout).toContain('What one visit pays')
    expect(stdout).toContain('# yaml-language-server: $schema=drempel.schema.json')
  })

  test('prints JSON for programs', async () => {
    const { code, stdout } = await drempel(['check', '--json', '--config', file])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      warnings: [],
      policy: { profile: 'footfall', perVisitMilli: 1400 },
    })
  })

  test('says every problem with value, line and fix, and ends with 1', async () => {
    const wrong = join(folder, 'wrong.yaml')
    writeFileSync(wrong, exampleWith({ window: '15m', 'store.country': 'XX' }))
    const { code, stdout } = await drempel(['check', '--config', wrong])
    expect(code).toBe(1)
    expect(stdout).toContain('has 2 problems.')
    expect(stdout).toContain('  store.country, line 5\n    value  "XX"\n    why    No country has this code.\n')
    const json = await drempel(['check', '--json', '--config', wrong])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      problems: [{ path: 'store.country' }, { path: 'window' }],
    })
  })

  test('lets a person accept what is less private than before', async () => {
    const home = join(folder, 'accepting')
    mkdirSync(home)
    const shop = join(home, 'drempel.yaml')
    const text = (precision: string) =>
      exampleWith({ upstream: { url: 'mqtt://127.0.0.1' }, data: 'data', 'privacy.precision': precision })
    writeFileSync(shop, text('standard'))
    expect((await drempel(['check', '--accept', '--config', shop])).stdout).toContain('Accepted')
    writeFileSync(shop, text('fine'))
    const before = await drempel(['check', '--config', shop])
    expect(before).toMatchObject({ code: 0 })
    expect(before.stdout).toContain(
      'Not in force before `drempel check --accept`\n  a visit would pay 2.4 instead of 1.4',
    )
    expect((await drempel(['check', '--accept', '--config', shop])).stdout).toContain('Accepted')
    expect((await drempel(['check', '--config', shop])).stdout).not.toContain('Not in force')
  })

  test('names a file that is not there, and ends with 1', async () => {
    const { code, stderr } = await drempel(['check', '--config', join(folder, 'none.yaml')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^drempel: No configuration file was found\. There is no .*none\.yaml\. Check the path/)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('shows where with DREMPEL_LOG=debug', async () => {
    const { stderr } = await drempel(['check', '--config', 'none.yaml'], { env: { DREMPEL_LOG: 'debug' } })
    expect(stderr).toContain('    at ')
  })

  test('is quiet when its reader goes away', () => {
    const shell = spawnSync('bash', ['-c', `"${process.execPath}" src/main.ts config-schema | head -c 1`], {
      encoding: 'utf8',
    })
    expect([shell.status, shell.stdout, shell.stderr]).toEqual([0, '{', ''])
  })
})

describe('drempel decode', () => {
  test('reads a frame, with or without spaces', async () => {
    const frame = 'aaff03000e03b1861000400100000000000000000000000000000000 55cc'
    const decoded = { format: 'ld2450', targets: [{ x: -782, y: 1713, speed: -16, resolution: 320 }] }
    const { code, stdout } = await drempel(['decode', 'ld2450', frame])
    expect([code, JSON.parse(stdout)]).toEqual([0, decoded])
    expect(stdout.trimEnd()).not.toContain('\n')
    const parts = await drempel(['decode', 'tf-luna', '0x59', '59', '64:00', 'f4,01', '980CAF'])
    expect([parts.code, JSON.parse(parts.stdout)]).toMatchObject([0, { format: 'tf-luna', distance: 100 }])
  })

  test('says why it cannot, and ends with 1', async () => {
    const { code, stdout } = await drempel(['decode', 'ld2450', '00 11 22'])
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { format: 'unknown', reason: expect.stringContaining('aa ff 03 00') },
    ])
  })

  test.each([
    [['ld2540', '00'], 'Did you mean ld2450?'],
    [['ld2450', 'hello'], 'two digits (0-9, a-f) a byte'],
    [['ld2450', 'aaf'], 'half a byte'],
  ])('refuses %j with 2', async (args, help) => {
    const { code, stderr } = await drempel(['decode', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(help)
  })
})
