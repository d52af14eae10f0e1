import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { collectFeed } from '../support/collect.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need, trials } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { shopConfig } from '../support/recordings.ts'

const sensor = { id: 'side', kind: 'json-lines', zone: 'entrance', port: '/dev/drempel-nothing-there' }
const began = Date.parse('2026-11-23T00:00:00Z')

/** The service itself, killed again and again while somebody enters every second: the open window comes back from RAM. */
describe.skipIf(!need('mosquitto'))('the running service under kill -9', () => {
  it('keeps its open window, says lost where it was off, and has each slot once', async () => {
    const home = mkdtempSync(join(tmpdir(), 'drempel-kill-run-'))
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    const shop = {
      broker: broker.url,
      data: join(home, 'data'),
      sensors: [sensor],
      window: '5m',
      opening: '00:00-24:00',
    }
    writeFileSync(join(home, 'shop.yaml'), shopConfig(shop))
    const random = seededRandom(3)
    const origin = Date.now()
    const cycles = trials(8, 40)
    for (let cycle = 0; cycle < cycles; cycle++) {
      const last = cycle === cycles - 1
      const args = ['test/support/fast-gateway.ts', join(home, 'shop.yaml'), String(origin), String(began)]
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, RUNTIME_DIRECTORY: home },
      })
      const ended = once(child, 'exit')
      await pause(last ? 14_000 : 1200 + random() * 2500)
      child.kill('SIGKILL')
      await ended
    }
    await feed.settled()
    feed.expectOnePayloadPerId()
    const windows = feed.of('footfall/entrance')
    const starts = windows.map(({ json }) => Date.parse(json.window.start))
    // A new box declares slots from the one in which it first listened; a kill may come before that.
    const first = Math.min(...starts)
    expect(first - began).toBeLessThanOrEqual(1_200_000)
    expect([...starts].sort((a, b) => a - b)).toEqual(starts.map((_, i) => first + i * 300_000))
    const numbers = windows.filter(({ json }) => json.missing === null)
    expect(numbers.length).toBeGreaterThan(0)
    for (const { json } of numbers) {
      // One enters each second that the service heard; rounding of coverage, a second lost a kill, and noise.
      const heard = json.coverage * 300
      expect(Math.abs(json.in - heard)).toBeLessThan(0.03 * 300 + 60)
    }
    await feed.close()
    await broker.stop()
    rmSync(home, { recursive: true })
  })
})
