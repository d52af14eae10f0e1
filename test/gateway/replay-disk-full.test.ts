import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drempel } from '../support/process.ts'
import { header, shopConfig } from '../support/recordings.ts'
import { canMount, mountSmallDisk } from '../support/small-disk.ts'

const beam = { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' }
const threeMonths = 90 * 86_400

describe.skipIf(!canMount())('a replay on a disk that has no room at all', () => {
  it('ends and says so, and does not try for ever', { timeout: 60_000 }, async () => {
    const disk = mountSmallDisk(4)!
    const home = mkdtempSync(join(tmpdir(), 'drempel-replay-full-'))
    const [recording, config] = [join(home, 'quiet.jsonl'), join(home, 'shop.yaml')]
    writeFileSync(
      recording,
      [header('2026-08-23T09:00:00Z'), `{"t":${threeMonths},"sensor":"front-door","state":"up"}`].join('\n'),
    )
    writeFileSync(config, shopConfig({ broker: 'mqtt://127.0.0.1:9', data: join(disk.path, 'data'), sensors: [beam] }))
    disk.fill(400_000)
    const ended = await drempel(['replay', recording, '--config', config])
    expect(ended.stderr).toContain('The disk is full.')
    expect(ended.code).toBe(1)
    disk.remove()
    rmSync(home, { recursive: true })
  })
})
