import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collectFeed } from '../support/collect.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need, trials } from '../support/need.ts'
import { drempel } from '../support/process.ts'
import { beamCrossing, beamRecording, header, shopConfig } from '../support/recordings.ts'

const beam = { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' }

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'drempel-replay-'))
}

describe.skipIf(!need('mosquitto'))('replay', () => {
  it('sends every declared slot once, padded, numbered without a gap, and again the same bytes', async () => {
    const home = folder()
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    const intervals = Array.from({ length: 36 }, (_, i) => ({ t: 3600 + i * 900, seconds: 900, in: 20, out: 19 }))
    writeFileSync(
      join(home, 'day.jsonl'),
      [...beamRecording('front-door', '2026-11-23T08:00:00Z', intervals)].join('\n'),
    )
    writeFileSync(
      join(home, 'shop.yaml'),
      shopConfig({ broker: broker.url, data: join(home, 'data'), sensors: [beam] }),
    )
    const args = ['replay', join(home, 'day.jsonl'), '--config', join(home, 'shop.yaml'), '--json']

    const first = await drempel(args)
    expect(first.stderr).toBe('')
    expect(first.code).toBe(0)
    const summary = JSON.parse(first.stdout)
    expect(summary).toMatchObject({
      counted: { entrance: { in: 720, out: 684 } },
      released: 37,
      missing: {},
      recording: { bad: 0, lines: { 'front-door': { edge: 4 * 1404 } } },
    })
    await feed.until(37)
    expect(new Set(feed.ids()).size).toBe(37)
    expect(feed.seqs()).toEqual(Array.from({ length: 37 }, (_, i) => i + 1))
    expect(new Set(feed.of('footfall/entrance').map((message) => message.bytes.length)).size).toBe(1)

    const second = await drempel(args)
    expect(second.code).toBe(0)
    expect(JSON.parse(second.stdout)).toMatchObject({ released: 0, counted: { entrance: { in: 720, out: 684 } } })
    feed.expectOnePayloadPerId()
    await feed.close()
    await broker.stop()
  })

  it('reports bad lines with their number, skips them, and gives the rest', async () => {
    const home = folder()
    const broker = await startMosquitto()
    const lines = [
      header('2026-11-23T09:00:00Z'),
      ...beamCrossing('front-door', 10, 'in'),
      'not json',
      '{"t":5,"sensor":"front-door","edge":{"line":"outer","level":1}}',
      '{"t":700,"sensor":"elsewhere","state":"down"}',
      ...beamCrossing('front-door', 800, 'out'),
    ]
    writeFileSync(join(home, 'short.jsonl'), lines.join('\n'))
    writeFileSync(
      join(home, 'shop.yaml'),
      shopConfig({ broker: broker.url, data: join(home, 'data'), sensors: [beam] }),
    )
    const { code, stdout } = await drempel([
      'replay',
      join(home, 'short.jsonl'),
      '--config',
      join(home, 'shop.yaml'),
      '--json',
    ])
    const summary = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(summary.counted.entrance).toEqual({ in: 1, out: 1 })
    expect(summary.badLines.map((line: string) => line.split(':')[0])).toEqual(['line 6', 'line 7', 'line 8'])
    await broker.stop()
  })

  it('says sensor-down, not zero, for a window in which the sensor could not hear', async () => {
    const home = folder()
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    const lines = [
      header('2026-11-23T09:00:00Z'),
      '{"t":900,"sensor":"front-door","state":"down"}',
      '{"t":1700,"sensor":"front-door","state":"up"}',
      ...beamCrossing('front-door', 1900, 'in'),
    ]
    writeFileSync(join(home, 'down.jsonl'), lines.join('\n'))
    writeFileSync(
      join(home, 'shop.yaml'),
      shopConfig({ broker: broker.url, data: join(home, 'data'), sensors: [beam] }),
    )
    expect((await drempel(['replay', join(home, 'down.jsonl'), '--config', join(home, 'shop.yaml')])).code).toBe(0)
    await feed.until(3)
    expect(feed.of('footfall/entrance').map(({ json }) => [json.coverage, json.missing, json.in === null])).toEqual([
      [1, null, false],
      [0.1, 'sensor-down', true],
      [1, null, false],
    ])
    await feed.close()
    await broker.stop()
  })

  it('keeps the outbox and ends with 1 where no broker answers, then sends it all to one that does', async () => {
    const home = folder()
    writeFileSync(
      join(home, 'short.jsonl'),
      [header('2026-11-23T09:00:00Z'), ...beamCrossing('front-door', 1000, 'in')].join('\n'),
    )
    const config = (url: string) =>
      writeFileSync(join(home, 'shop.yaml'), shopConfig({ broker: url, data: join(home, 'data'), sensors: [beam] }))
    const args = ['replay', join(home, 'short.jsonl'), '--config', join(home, 'shop.yaml'), '--json']
    config('mqtt://127.0.0.1:1')
    const alone = await drempel(args, { timeout: 90_000 })
    expect(alone.code).toBe(1)
    expect(JSON.parse(alone.stdout).sent).toEqual({ acknowledged: 0, waiting: 2 })
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    config(broker.url)
    expect((await drempel(args)).code).toBe(0)
    await feed.until(2)
    expect(feed.seqs()).toEqual([1, 2])
    await feed.close()
    await broker.stop()
  })

  it('refuses a folder that run has written', async () => {
    const home = folder()
    writeFileSync(join(home, 'short.jsonl'), header('2026-11-23T09:00:00Z'))
    writeFileSync(join(home, 'shop.yaml'), shopConfig({ broker: 'mqtt://127.0.0.1:1', data: home, sensors: [beam] }))
    writeFileSync(join(home, 'mode'), 'run')
    const { code, stderr } = await drempel(['replay', join(home, 'short.jsonl'), '--config', join(home, 'shop.yaml')])
    expect(code).toBe(1)
    expect(stderr).toContain('run and replay never share one')
  })
})

// UCI Machine Learning Repository 156 (CalIt2), as half-hourly counts with local Californian time. Not shipped: its
// licence was not confirmed. Point DREMPEL_CALIT2 at such a file (local_half_hour,in,out) to play it.
const calit2 = process.env.DREMPEL_CALIT2 ?? '../shared/data/calit2/calit2-inout-30min.csv'

function publicCounts(): Map<string, { in: number; out: number }> | undefined {
  try {
    const weeks = trials(3, 15)
    const rows = readFileSync(calit2, 'utf8')
      .trim()
      .split('\n')
      .slice(1, 1 + weeks * 336)
    return new Map(
      rows.map((row) => [row.split(',')[0]!, { in: Number(row.split(',')[1]), out: Number(row.split(',')[2]) }]),
    )
  } catch {
    console.warn('skipped: no file of public counts (see test/gateway/replay.test.ts)')
    return undefined
  }
}

describe.skipIf(!need('mosquitto') || !publicCounts())('the public counts of a campus door, 15 weeks', () => {
  it('come out within the stated band as often as the feed states', { timeout: 400_000 }, async () => {
    const truth = publicCounts()!
    const home = folder()
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    const start = Date.parse('2005-07-24T07:00:00Z')
    const intervals = function* () {
      for (const [local, counts] of truth) yield { t: (utcOf(local) - start) / 1000, seconds: 1800, ...counts }
    }
    const lines = [...beamRecording('front-door', new Date(start).toISOString(), intervals())]
    writeFileSync(join(home, 'calit2.jsonl'), lines.join('\n'))
    const shop = { broker: broker.url, data: join(home, 'data'), sensors: [beam], timezone: 'America/Los_Angeles' }
    writeFileSync(join(home, 'shop.yaml'), shopConfig({ ...shop, opening: '00:00-24:00', window: '30m' }))
    const { code, stderr } = await drempel(
      ['replay', join(home, 'calit2.jsonl'), '--config', join(home, 'shop.yaml')],
      { timeout: 380_000 },
    )
    expect(stderr).toBe('')
    expect(code).toBe(0)
    await feed.settled()
    const windows = feed.of('footfall/entrance')
    let inside = 0
    let numbers = 0
    for (const { json } of windows) {
      const counts = truth.get(localOf(Date.parse(json.window.start))) ?? { in: 0, out: 0 }
      for (const way of ['in', 'out'] as const) {
        numbers += 1
        if (Math.abs(json[way] - counts[way]) <= json.noise95) inside += 1
      }
    }
    // The exact chance at epsilon 0.4 and t = 7 is 0.9512; three standard deviations around the stated 95 %.
    const spread = 3 * Math.sqrt((0.95 * 0.05) / numbers)
    console.info(
      `CalIt2: ${inside} of ${numbers} numbers inside the stated band (${((100 * inside) / numbers).toFixed(2)} %)`,
    )
    expect(Math.abs(inside / numbers - 0.9512)).toBeLessThan(spread)
    expect(new Set(feed.ids()).size).toBe(feed.ids().length)
    expect(feed.seqs()).toEqual(feed.seqs().map((_, i) => i + 1))
    await feed.close()
    await broker.stop()
  })
})

/** Californian summer time ended on 2005-10-30 at 09:00 UTC; the hour that came twice is told once in the data. */
const summerEnds = Date.parse('2005-10-30T09:00:00Z')

function utcOf(local: string): number {
  const summer = Date.parse(`${local}:00Z`) + 7 * 3_600_000
  return summer < summerEnds ? summer : summer + 3_600_000
}

function localOf(utc: number): string {
  const offset = utc < summerEnds ? 7 : 8
  if (utc >= summerEnds && utc < summerEnds + 3_600_000) return 'told once'
  return new Date(utc - offset * 3_600_000).toISOString().slice(0, 16)
}
