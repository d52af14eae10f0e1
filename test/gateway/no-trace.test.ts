import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
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

/** The canary as it might be written down: text, bytes in either order, base64, common hashes. */
function shapesOf(text: string): Buffer[] {
  const plain = text.replaceAll(':', '')
  const bytes = Buffer.from(plain, 'hex')
  const reversed = Buffer.from(bytes).reverse()
  const spellings = [text, plain, [...text.split(':')].reverse().join(':')].flatMap((one) => [one, one.toLowerCase()])
  const hashes = [...spellings, bytes].flatMap((one) =>
    ['md5', 'sha1', 'sha256'].flatMap((kind) => {
      const digest = createHash(kind).update(one).digest()
      return [digest, Buffer.from(digest.toString('hex')), Buffer.from(digest.toString('base64').slice(0, 20))]
    }),
  )
  const encoded = [bytes, reversed].flatMap((one) => [
    one,
    Buffer.from(one.toString('base64')),
    Buffer.from(one.toString('hex')),
  ])
  return [...spellings.map((one) => Buffer.from(one)), ...encoded, ...hashes]
}

function everythingIn(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
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
    const sent = Buffer.concat(feed.messages.map(({ bytes }) => bytes))
    const places = { files: everythingIn(folder), output: Buffer.from(run.stdout + run.stderr), feed: sent }
    const planted = Buffer.concat([
      Buffer.from('noise '),
      Buffer.from(createHash('sha1').update(address).digest('hex')),
    ])
    expect(shapesOf(address).some((shape) => planted.includes(shape))).toBe(true)
    for (const [place, content] of Object.entries(places)) {
      expect(content.length, place).toBeGreaterThan(0)
      for (const shape of [...shapesOf(address), Buffer.from(name)]) {
        expect(content.includes(shape), `${place}: ${shape.toString('hex')}`).toBe(false)
      }
    }
    await feed.close()
    await broker.stop()
  })
})
