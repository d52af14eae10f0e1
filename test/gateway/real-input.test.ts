import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { scaledClock, systemClock } from '../../src/base/clock.ts'
import { openDataFolder } from '../../src/base/data-folder.ts'
import { silentLog } from '../../src/base/log.ts'
import { readConfig } from '../../src/config.ts'
import { openGateway } from '../../src/gateway.ts'
import { createVirtualShop, type TruthCrossing } from '../../src/simulator/shop.ts'
import { type Cable, layCable } from '../drivers/serial/pty.ts'
import { makeCertificates } from '../support/certificates.ts'
import { collectFeed } from '../support/collect.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need, trials } from '../support/need.ts'
import { shopConfig } from '../support/recordings.ts'

// Twenty times real time: a window of five minutes in fifteen seconds, a radar frame every five milliseconds.
const speed = 20
const windows = trials(2, 5)
const opens = Date.parse('2026-11-23T09:00:00Z')

/** What the virtual shop's hardware emits goes into the far ends of the cables, at its time. */
async function pump(
  shop: ReturnType<typeof createVirtualShop>,
  cables: Map<string, Cable>,
  now: () => number,
  until: number,
) {
  let from = 0
  for (let to = now(); from < until; to = Math.min(now(), until)) {
    const pieces = new Map<string, Uint8Array[]>()
    for (const event of shop.eventsBetween(from, to)) {
      if (event.kind !== 'bytes') continue
      // One frame in twenty-three gets a broken neighbour, as on a long cable.
      const noise = Math.floor(event.t * 10) % 23 === 0 ? [Buffer.from([0xaa, 0xff, 0x03, 0x00, 0x7b, 0x22])] : []
      pieces.set(event.sensor, [...(pieces.get(event.sensor) ?? []), ...noise, event.bytes])
    }
    for (const [sensor, parts] of pieces)
      await cables
        .get(sensor)
        ?.send(Buffer.concat(parts))
        .catch(() => {})
    from = to
    await pause(5)
  }
}

function count(truth: readonly TruthCrossing[], zone: string, direction: string): number {
  return truth.filter((crossing) => crossing.zone === zone && crossing.direction === direction).length
}

describe.skipIf(!need('mosquitto') || !need('socat') || !need('openssl'))(
  'a radar and a counter on real serial ports',
  () => {
    it('are counted into numbers at a broker with TLS and client certificates, also garbled and unplugged', async () => {
      const home = mkdtempSync(join(tmpdir(), 'drempel-real-'))
      const certificates = makeCertificates()
      const broker = await startMosquitto({ tls: { ca: certificates.ca, broker: certificates.broker } })
      const tls = {
        ca: readFileSync(certificates.ca),
        cert: readFileSync(certificates.box.cert),
        key: readFileSync(certificates.box.key),
      }
      const feed = await collectFeed(broker.url, tls)
      const cables = new Map([
        ['aisle', await layCable(join(home, 'aisle'))],
        ['side', await layCable(join(home, 'side'))],
      ])
      const sensors = [
        {
          id: 'aisle',
          kind: 'ld2450',
          zone: 'front',
          port: cables.get('aisle')!.box,
          line: [
            [-1500, 2000],
            [1500, 2000],
          ],
        },
        { id: 'side', kind: 'json-lines', zone: 'side', port: cables.get('side')!.box },
      ]
      const zones = [
        { id: 'front', name: 'Front' },
        { id: 'side', name: 'Side' },
      ]
      const text = shopConfig({
        broker: broker.url,
        data: join(home, 'data'),
        sensors,
        zones,
        window: '5m',
        tls: { ca: certificates.ca, cert: certificates.box.cert, key: certificates.box.key },
      })
      const checked = readConfig(text, join(home, 'shop.yaml'))
      if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
      const { config } = checked
      const clock = scaledClock(opens, speed)
      const folder = openDataFolder(config.data, 'run')
      const failures: unknown[] = []
      const gateway = openGateway({
        config,
        mode: 'run',
        folder,
        clock,
        realClock: systemClock(() => true),
        log: silentLog,
        version: '0.0.0',
        onFatal: (error) => failures.push(error),
      })
      const shop = createVirtualShop({
        seed: 7,
        sensors: config.sensors,
        peoplePerDay: 4000,
        opening: { from: 9 * 3600, to: 18 * 3600 },
      })
      await gateway.open()
      // Pulled in the second window for a minute of the shop; the counter's totals tell what it saw meanwhile.
      const pulled = setTimeout(async () => {
        await cables.get('side')!.unplug()
        await pause(3000)
        await cables.get('side')!.plugIn()
      }, 18_000)
      await pump(shop, cables, () => (clock.now() - opens) / 1000, windows * 300 + 70)
      await feed.until(2 * windows)
      clearTimeout(pulled)
      await gateway.close()
      folder.close()
      expect(failures).toEqual([])

      for (const zone of ['front', 'side']) {
        const messages = feed.of(`footfall/${zone}`).slice(0, windows)
        expect(messages.map(({ json }) => json.window.start)).toEqual(
          messages.map((_, i) => new Date(opens + i * 300_000).toISOString().replace('.000', '')),
        )
        for (const [i, { json }] of messages.entries()) {
          const truth = shop.truthBetween(i * 300, (i + 1) * 300)
          expect(json.missing).toBeNull()
          // Three times the 95 % band is passed once in 10^4 numbers; the radar may miss a few people besides.
          const room = 3 * json.noise95 + (zone === 'front' ? 0.2 * truth.length : 2)
          for (const way of ['in', 'out'] as const)
            expect(Math.abs(json[way] - count(truth, zone, way))).toBeLessThan(room)
        }
      }
      const sideCoverage = feed.of('footfall/side').map(({ json }) => json.coverage)
      expect(sideCoverage[0]).toBeGreaterThanOrEqual(0.9)
      expect(sideCoverage[1]).toBeLessThan(1)
      expect(new Set(feed.of('footfall/front').map(({ bytes }) => bytes.length)).size).toBe(1)
      await feed.close()
      await broker.stop()
      for (const cable of cables.values()) await cable.unplug()
    })
  },
)
