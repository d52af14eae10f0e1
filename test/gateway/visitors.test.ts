import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { openDataFolder } from '../../src/base/data-folder.ts'
import { second } from '../../src/base/duration.ts'
import { silentLog } from '../../src/base/log.ts'
import { readConfig } from '../../src/config.ts'
import { openGateway } from '../../src/gateway.ts'
import { startBroker } from '../../src/simulator/broker.ts'
import { fits } from '../../src/uplink/feed.ts'
import { shopConfig } from '../support/recordings.ts'

const offers = {
  id: 'offers',
  texts: { nl: 'Aanbiedingen.', en: 'Offers.' },
  benefit: 'A coffee.',
  recipient: 'Acme Retail BV',
  retention: '30d',
}
const door = { id: 'side', kind: 'json-lines', zone: 'entrance', port: '/dev/counter/side' }
const radio = { id: 'radio', kind: 'ble', zone: 'entrance' }

function configOf(broker: string, data: string, sensors: readonly object[]) {
  const privacy = { window: '30m', visitors: 'offers' }
  const text = JSON.parse(shopConfig({ broker, data, sensors, opening: '09:00-10:00', privacy }))
  const read = readConfig(JSON.stringify({ ...text, purposes: [offers] }), join(data, 'shop.yaml'))
  if ('config' in read) return read.config
  throw new Error(JSON.stringify(read.problems))
}

/** An hour of a whole box and its broker in which so many shoppers join; the radio is down from `downAt`, minutes since 08:58. */
async function hourOf(people: number, sensors: readonly object[] = [door], downAt = Number.POSITIVE_INFINITY) {
  const data = mkdtempSync(join(tmpdir(), 'drempel-visitors-'))
  const heard: { at: number; topic: string; bytes: Buffer }[] = []
  let at = 0
  const onPublish = (topic: string, bytes: Buffer) =>
    void heard.push({ at, topic: topic.split('/').slice(5).join('/'), bytes })
  const broker = await startBroker({ host: '127.0.0.1', port: 0, onPublish })
  const clock = manualClock(Date.parse('2026-11-23T08:58:00Z'))
  const folder = openDataFolder(data, 'demo')
  const config = configOf(broker.url, data, sensors)
  const onFatal = (error: unknown) => {
    throw error
  }
  const shared = { config, folder, clock, realClock: clock, log: silentLog, version: '0.0.0', onFatal }
  const gateway = openGateway({ ...shared, mode: 'demo' })
  await gateway.open()
  while (!gateway.uplink.state().isConnected) await turn()

  function join30(): void {
    const offer = gateway.shoppers!.answer({ ask: 'offer', language: 'nl' }, 'here')
    const fresh = offer.state === 'offer' ? offer.fresh : ''
    const choices = [{ purpose: 'offers', days: 30 }]
    const token = gateway.shoppers!.optIn()!.shown
    const answer = gateway.shoppers!.answer({ ask: 'join', fresh, token, age: 34, language: 'nl', choices }, 'here')
    expect(answer.state).toBe('given')
  }

  /** Everything that was to be sent has been taken. */
  async function settled(): Promise<void> {
    for (let quiet = 0; quiet < 20; ) {
      await turn()
      quiet = gateway.uplink.state().inFlight === 0 ? quiet + 1 : 0
    }
  }

  for (; at < 70; at++) {
    if (at === 10) for (let i = 0; i < people; i++) join30()
    if (at === downAt) gateway.hear({ kind: 'state', sensor: 'radio', at: clock.monotonic(), state: 'down' })
    await settled()
    for (let part = 0; part < 12; part++) clock.advanceTo(clock.monotonic() + 5 * second)
    await settled()
  }
  await gateway.close()
  folder.close()
  await broker.close()
  rmSync(data, { recursive: true })
  return heard
}

type Heard = Awaited<ReturnType<typeof hourOf>>
const parsed = (heard: Heard, topic: string) =>
  heard.filter((one) => one.topic === topic).map(({ bytes }) => JSON.parse(bytes.toString()))

describe('a box that counts shoppers who agreed', () => {
  it('sends one message a day of the same size in the same minute, whether nobody came or fifty', async () => {
    const [nobody, fifty] = [await hourOf(0), await hourOf(50)]
    const outside = (heard: Heard) =>
      heard
        .filter(({ topic }) => /^(visitors|day|footfall|health|catalogue)/.test(topic))
        .map(({ at, topic, bytes }) => [at, topic, bytes.length])
    expect(outside(fifty).filter(([, topic]) => topic === 'visitors')).toHaveLength(1)
    expect(outside(fifty)).toEqual(outside(nobody))
    const [told] = parsed(fifty, 'visitors')
    expect(fits('visitors', told)).toBe(true)
    expect(told).toMatchObject({ id: 'nl-0042/gw-1/visitors/2026-11-23', coverage: 1, missing: null })
    // 0.5 a unit: further off than this once in 10^9.
    expect(Math.abs(told.visitors - 50)).toBeLessThan(42)
  }, 60_000)

  it('says in the catalogue what that pays', async () => {
    const [catalogue] = parsed(await hourOf(0), 'catalogue')
    expect(fits('catalogue', catalogue)).toBe(true)
    expect(catalogue.perVisit.epsilon).toBe(1)
    expect(catalogue.perDay).toMatchObject({ epsilon: 0.5, guess: expect.stringContaining('at most 63 times in 100') })
    expect(catalogue.series.at(-1)).toMatchObject({ kind: 'visitors', zone: 'shop', unit: 'person-day', noise95: 6 })
  }, 60_000)

  it.each([
    [52, 0.85, null],
    [22, 0.35, 'sensor-down'],
  ])(
    'goes by its radio, if it has one: down after minute %d it heard %d of the day',
    async (downAt, coverage, missing) => {
      const [told] = parsed(await hourOf(3, [door, radio], downAt), 'visitors')
      expect(told).toMatchObject({ coverage, missing })
      expect(told.visitors === null).toBe(missing !== null)
    },
    60_000,
  )
})
