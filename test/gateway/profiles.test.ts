import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fits } from '../../src/uplink/feed.ts'
import { framesOf, shelf } from '../observations/visits.ts'
import { collectFeed } from '../support/collect.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { drempel } from '../support/process.ts'
import { beamRecording, shopConfig } from '../support/recordings.ts'

const sensors = [
  { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' },
  {
    id: 'aisle',
    kind: 'ld2450',
    zone: 'shelf',
    port: '/dev/counter/aisle',
    areas: [{ zone: 'shelf', polygon: shelf }],
  },
]
const zones = [
  { id: 'entrance', name: 'Entrance' },
  { id: 'shelf', name: 'Shelf', kind: 'area' },
]

/** Four stays of a minute and a half before the radar, and people in the door, in an hour. */
function recording(): string {
  const people = [0, 1, 2, 3].map((i) => ({ t: i * 900, seconds: 900, in: 30, out: 20 }))
  const door = [...beamRecording('front-door', '2026-11-23T09:00:00Z', people)]
  const frames = framesOf({ seed: 3, lengths: [90, 90, 90, 90], together: 1 })
  const radar = [...frames].map(({ t, bytes }) => JSON.stringify({ t, sensor: 'aisle', bytes: bytes.toString('hex') }))
  const [head, ...lines] = door
  const at = (line: string) => (JSON.parse(line) as { t: number }).t
  const last = JSON.stringify({ t: 3603, sensor: 'aisle', state: 'up' })
  return [head, ...[...lines, ...radar].toSorted((one, other) => at(one) - at(other)), last].join('\n')
}

describe.skipIf(!need('mosquitto'))('the profile dwell, from bytes of a radar to head office', () => {
  it('sends who is inside and how long people stay, each in its own shape', async () => {
    const home = mkdtempSync(join(tmpdir(), 'drempel-dwell-'))
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    writeFileSync(join(home, 'hour.jsonl'), recording())
    const shop = { broker: broker.url, data: join(home, 'data'), sensors, zones, opening: '09:00-10:00' }
    writeFileSync(join(home, 'shop.yaml'), shopConfig({ ...shop, privacy: { profile: 'dwell' } }))

    const replay = await drempel(['replay', join(home, 'hour.jsonl'), '--config', join(home, 'shop.yaml'), '--json'])
    expect([replay.code, replay.stderr]).toEqual([0, ''])
    expect(JSON.parse(replay.stdout)).toMatchObject({
      counted: { entrance: { in: 120, out: 80 } },
      stays: { shelf: 4 },
    })

    // Four windows of two zones and of two sums, two days and the stays.
    await feed.until(19)
    const inside = feed.of('occupancy/shop').map(({ json }) => json)
    const windows = feed.of('footfall/entrance').map(({ json }) => json)
    const net = windows.map((_, i) => windows.slice(0, i + 1).reduce((sum, one) => sum + one.in - one.out, 0))
    expect(inside).toMatchObject(net.map((sum) => ({ inside: sum, missing: null })))
    const [day] = feed.of('day/entrance').map(({ json }) => json)
    // 95 % of the blend of four windows and the day's own number.
    expect(Math.abs(day!.in - 120)).toBeLessThan(6 * day!.noise95)
    expect(day!.noise95).toBeLessThan(15)
    const stays = feed.of('dwell/shelf').map(({ json }) => json)
    expect(stays).toMatchObject([{ missing: null, noise95: 6, minutes: [0, 1, 2, 5, 10, 20, 40, 60] }])
    for (const { topic, json } of feed.effects()) expect(fits(topic.split('/')[0] as 'dwell', json), topic).toBe(true)
    feed.expectOnePayloadPerId()
    await feed.close()
    await broker.stop()
  })
})
