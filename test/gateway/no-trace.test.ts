import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Known } from '../../src/box/digests.ts'
import { joinFindings } from '../../src/box/findings.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { needlesOf } from '../../src/box/needles.ts'
import { searchBytes, searchFolder } from '../../src/box/places.ts'
import { collectFeed } from '../support/collect.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { drempel } from '../support/process.ts'
import { beamCrossing, header, shopConfig } from '../support/recordings.ts'

const address = 'C7:1D:5E:AD:BE:EF'
const name = 'Canary Phone'
const sensors = [
  { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' },
  { id: 'radio', kind: 'ble', zone: 'entrance' },
]

const identifiers = [
  { name: 'address', bytes: Buffer.from(address.replaceAll(':', ''), 'hex') },
  { name: 'name', text: name },
]

/** Strings that a thief of the disk knows too, so that salting with them hides nothing. */
function knownOf(folder: string): Known[] {
  const key = readFileSync(join(folder, 'key'), 'utf8')
  const words = ['acme', 'nl-0042', 'gw-1', 'entrance', 'radio', key].map((value, i) => ({ name: `word ${i}`, value }))
  return [...words, { name: 'key', value: Buffer.from(key, 'hex') }]
}

describe.skipIf(!need('mosquitto'))('an address that was heard', () => {
  it('is found in no file, log line or message, in no spelling and no common hash', async () => {
    const home = mkdtempSync(join(tmpdir(), 'drempel-trace-'))
    const broker = await startMosquitto()
    const feed = await collectFeed(broker.url)
    const data = Buffer.concat([Buffer.from([name.length + 1, 0x09]), Buffer.from(name)]).toString('hex')
    const adverts = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify({ t: 20 + i, sensor: 'radio', advert: { address, type: 'random', rssi: -60, data } }),
    )
    const bad = JSON.stringify({ t: 230, sensor: 'radio', advert: { address, type: 'neither', rssi: -60, data } })
    const lines = [header('2026-11-23T09:00:00Z'), ...beamCrossing('front-door', 5, 'in'), ...adverts, bad]
    writeFileSync(join(home, 'trace.jsonl'), lines.join('\n'))
    const folder = join(home, 'data')
    writeFileSync(join(home, 'shop.yaml'), shopConfig({ broker: broker.url, data: folder, sensors }))
    const args = ['replay', join(home, 'trace.jsonl'), '--config', join(home, 'shop.yaml'), '--json']
    const run = await drempel(args, { env: { DREMPEL_LOG: 'debug' } })
    expect(run.code).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({
      recording: { bad: 1, lines: { radio: { advert: 200 } } },
      radio: { adverts: 200, phones: 0, dropped: { 'not counting phones': 200 } },
    })
    await feed.until(1)
    const look = createMatcher(needlesOf(identifiers, knownOf(folder)))
    const places = {
      files: searchFolder(look, folder),
      output: searchBytes(look, 'output', Buffer.from(run.stdout + run.stderr)),
      feed: joinFindings(feed.messages.map(({ topic, bytes }) => searchBytes(look, topic, bytes))),
    }
    for (const [place, { bytes, found, unsearched }] of Object.entries(places)) {
      expect(bytes, place).toBeGreaterThan(0)
      expect({ found, unsearched }, place).toEqual({ found: [], unsearched: [] })
    }
    writeFileSync(join(folder, 'planted'), `noise ${createHash('sha1').update(`nl-0042${address}`).digest('hex')}`)
    const planted = { label: "address: sha1 of upper hex with ':' salted before with word 1, hex" }
    expect(searchFolder(look, folder).found).toContainEqual(expect.objectContaining(planted))
    await feed.close()
    await broker.stop()
  })
})
