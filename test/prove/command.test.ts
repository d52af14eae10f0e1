import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { boxKey } from '../../src/base/data-folder.ts'
import { macOf } from '../../src/base/mac.ts'
import { drempel } from '../support/process.ts'

const files = {
  'ca.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  'gw-1.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  'gw-1.key': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
  'shop.yaml': /<!-- example -->\n```yaml\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))![1]!,
}

describe('drempel prove', { timeout: 400_000 }, () => {
  it('is clean on the example of README, keeps the verdict with a MAC, and leaves nothing else', async () => {
    const home = mkdtempSync(join(tmpdir(), 'drempel-prove-example-'))
    const scratch = mkdtempSync(join(tmpdir(), 'drempel-prove-scratch-'))
    for (const [name, content] of Object.entries(files)) writeFileSync(join(home, name), content)
    const args = ['prove', '--config', join(home, 'shop.yaml'), '--json']
    const run = await drempel(args, { timeout: 380_000, env: { TMPDIR: scratch } })
    expect([run.code, run.stderr]).toEqual([0, ''])
    const proof = JSON.parse(run.stdout)
    expect(proof).toMatchObject({
      ok: true,
      verdict: 'clean',
      found: 0,
      unsearched: 0,
      missedByTheSearch: 0,
      canaries: 5,
    })
    expect(proof.shadow.planted.map(({ input }: { input: string }) => input)).toEqual(['side-door', 'aisle', 'broker'])
    expect(proof.limits.length).toBeGreaterThan(3)
    expect(readdirSync(scratch)).toEqual([])
    const data = join(home, 'data')
    expect(readdirSync(data).toSorted()).toEqual(['key', 'key-copy', 'proof.json'])
    const kept = JSON.parse(readFileSync(join(data, 'proof.json'), 'utf8'))
    expect(kept.mac).toBe(macOf(boxKey(data), 'proof', kept.proof).toString('hex'))
    expect(JSON.parse(kept.proof)).toMatchObject({ verdict: 'clean', policy: proof.policy, date: proof.date })
  })

  it('ends with a sentence where there is no configuration', async () => {
    const { code, stderr } = await drempel(['prove', '--config', '/nowhere/shop.yaml'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^drempel: No configuration file was found\./)
  })
})
