import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collectFeed, type Feed } from '../support/collect.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need, trials } from '../support/need.ts'
import { startDrempel } from '../support/process.ts'
import { seededRandom } from '../support/random.ts'
import { beamRecording, shopConfig } from '../support/recordings.ts'

const beam = { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' }
const slots = 108
const intervals = Array.from({ length: slots }, (_, i) => ({ t: i * 300, seconds: 300, in: 15, out: 14 }))

/** One process at the recording, killed after `ms` or left to end. Returns its exit code; null when it was killed. */
async function attempt(args: readonly string[], ms: number): Promise<number | null> {
  const child = startDrempel(args)
  child.stdout!.resume()
  child.stderr!.resume()
  const end = once(child, 'close')
  const timer = setTimeout(() => child.kill('SIGKILL'), ms)
  const [code] = (await end) as [number | null]
  clearTimeout(timer)
  return code
}

function expectWhole(feed: Feed): { lost: number } {
  feed.expectOnePayloadPerId()
  const effects = feed.effects()
  expect(feed.seqs().sort((a, b) => a - b)).toEqual(Array.from({ length: slots + 1 }, (_, i) => i + 1))
  const starts = feed.of('footfall/entrance').map(({ json }) => json.window.start)
  expect(new Set(starts).size).toBe(slots)
  return { lost: effects.filter(({ json }) => json.missing === 'lost').length }
}

/**
 * Each cycle starts the gateway on the same folder and kills it at a random moment; every now and then the recording
 * gets through and a new folder begins. What head office has must then be whole: each slot once, one payload an id.
 */
describe.skipIf(!need('mosquitto'))('kill -9 at random moments against a real broker', () => {
  it('loses no closed window and never sends two payloads for one id', async () => {
    const cycles = trials(24, 500)
    const fewest = trials(24, 120)
    const [started, minutes] = [performance.now(), 240_000]
    const random = seededRandom(20261122)
    const broker = await startMosquitto()
    const text = [...beamRecording('front-door', '2026-11-23T09:00:00Z', intervals)].join('\n')
    let done = 0
    let lost = 0
    // A machine that is busy with others does fewer, never too few.
    const isEnough = () => done >= cycles || (done >= fewest && performance.now() - started > minutes)
    while (!isEnough()) {
      const home = mkdtempSync(join(tmpdir(), 'drempel-kill-'))
      writeFileSync(join(home, 'day.jsonl'), text)
      const shop = { broker: broker.url, data: join(home, 'data'), sensors: [beam], window: '5m' }
      writeFileSync(join(home, 'shop.yaml'), shopConfig(shop))
      const feed = await collectFeed(broker.url)
      const args = ['replay', join(home, 'day.jsonl'), '--config', join(home, 'shop.yaml')]
      let code: number | null = null
      for (let kills = 0; code === null; kills++) {
        // After a while it is let through, or a slow machine would never finish a round.
        code = await attempt(args, kills < 8 ? 150 + random() * 900 : 60_000)
        done += 1
      }
      expect(code).toBe(0)
      await feed.until(slots + 1)
      lost += expectWhole(feed).lost
      await feed.close()
      rmSync(home, { recursive: true })
    }
    console.info(`kill -9: ${done} cycles, ${lost} numbers rightly said to be lost between charge and draw`)
    await broker.stop()
  })
})
