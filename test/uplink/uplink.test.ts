import { describe, expect, it } from 'vitest'
import { manualClock, scaledClock } from '../../src/base/clock.ts'
import { minute, day as oneDay, second } from '../../src/base/duration.ts'
import { startBroker } from '../../src/simulator/broker.ts'
import { encodeRelease, paddedLength } from '../../src/uplink/feed.ts'
import { useBrokers } from '../support/brokers.ts'
import { need } from '../support/need.ts'
import { listeningLog, message, noon, numbers } from '../support/outbox.ts'
import { day, daySeries, footfallSeries, shop } from '../support/releases.ts'
import { comes, type Listener, type TestUplink, type TestUplinkParts, testUplink } from '../support/uplink.ts'

const root = 'drempel/v1/acme/nl-0042/gw-1'
const { broker, listener, ends } = useBrokers()

function opened(parts: TestUplinkParts): TestUplink {
  const it = testUplink(parts)
  ends(it.uplink.close)
  it.uplink.open()
  return it
}

/** A day of 48 windows: some 3 kB. */
function largeMessage(seq: number) {
  return encodeRelease(day(seq), daySeries(), shop)
}

const seqsOf = (heard: Listener) => heard.on('footfall/entrance').map(({ text }) => Number(JSON.parse(text).seq))

describe.skipIf(!need('mosquitto'))('an uplink to mosquitto', () => {
  it('sends what was put, in order, with one length and the same bytes, over MQTT 5', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const it = opened({ url })
    it.put(numbers(1, 250))
    expect(await it.uplink.settled(10 * second)).toBe(true)
    expect(await comes(() => seqsOf(heard).length === 250)).toBe(true)
    expect(seqsOf(heard)).toEqual(numbers(1, 250))
    const [first] = heard.on('footfall/entrance')
    expect(first!.topic).toBe(`${root}/footfall/entrance`)
    expect(first!.bytes.equals(message(1).bytes)).toBe(true)
    expect(new Set(heard.on('footfall/entrance').map(({ bytes }) => bytes.length))).toEqual(
      new Set([paddedLength(footfallSeries(), shop)]),
    )
    expect(first!.properties).toMatchObject({
      contentType: 'application/json',
      userProperties: { schema: 'drempel/1' },
    })
    expect(first!.properties.messageExpiryInterval).toBeGreaterThan(89 * 86_400)
    expect(it.uplink.state()).toMatchObject({
      isConnected: true,
      protocol: 5,
      acknowledged: 250,
      refused: 0,
      failure: null,
    })
  })

  it('says online, and what it declares, retained; offline when it is closed', async () => {
    const { url } = await broker()
    const it = opened({ url })
    await comes(() => it.uplink.state().isConnected)
    const late = await listener(url)
    expect(await comes(() => late.heard.length >= 3)).toBe(true)
    expect(late.on('/status')[0]).toMatchObject({ text: '{"state":"online","session":1}', isRetained: true })
    expect(late.on('/catalogue')[0]).toMatchObject({ isRetained: true })
    expect(late.on('/health')[0]).toMatchObject({ isRetained: true })
    await it.uplink.close()
    expect(await comes(() => late.on('/status').at(-1)!.text === '{"state":"offline","session":1}')).toBe(true)
  })

  it('has the broker say offline when it dies without a word, and comes back under a new session number', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const it = opened({ url, speed: 20 })
    await comes(() => heard.on('/status').length === 1)
    // A second box with the same names takes the connection away: the first is gone without a goodbye.
    const thief = testUplink({ url })
    thief.uplink.open()
    expect(await comes(() => heard.on('/status').some(({ text }) => text.includes('offline')))).toBe(true)
    await thief.uplink.close()
    expect(await comes(() => heard.on('/status').some(({ text }) => text === '{"state":"online","session":2}'))).toBe(
      true,
    )
    expect(it.uplink.state().isConnected).toBe(true)
  })

  it('sends nothing before its time', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const clock = manualClock(noon)
    const it = opened({ url, clock })
    it.put([1], noon)
    it.put([2], noon + 30 * second)
    await comes(() => seqsOf(heard).length === 1)
    clock.advanceTo(30 * second - 1)
    expect(await comes(() => seqsOf(heard).length > 1, 300)).toBe(false)
    clock.advanceTo(30 * second)
    expect(await comes(() => seqsOf(heard).length === 2)).toBe(true)
  })

  it.each([
    ['is past its time', noon - 100 * oneDay, true],
    ['was put before the time was known', noon, false],
  ])('gives the broker no message that expires at once, also one that %s', async (_, put, isTrusted) => {
    const { url } = await broker()
    const heard = await listener(url)
    const outboxClock = manualClock(put, isTrusted)
    const it = opened({ url, realClock: scaledClock(noon, 1), outboxClock, mode: 'demo' })
    it.put([1])
    await comes(() => seqsOf(heard).length === 1)
    const [first] = heard.on('footfall/entrance')
    expect(first!.properties.messageExpiryInterval).toBeGreaterThan(86_000)
  })

  it('sends everything at once in replay', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const it = opened({ url, mode: 'replay', clock: manualClock(0) })
    it.put(numbers(1, 120), Date.UTC(2040, 0, 1))
    expect(await it.uplink.settled(10 * second)).toBe(true)
    expect(await comes(() => seqsOf(heard).length === 120)).toBe(true)
    expect(heard.on('/backlog')).toEqual([])
  })

  it('gives up waiting for a broker that is not there, keeps the outbox, and says why in one sentence', async () => {
    const { url, kill } = await broker()
    await kill()
    const { log, said } = listeningLog()
    const it = opened({ url, mode: 'replay', speed: 100, log })
    it.put([1, 2])
    expect(await it.uplink.settled(60 * second)).toBe(false)
    expect(it.outbox.waiting()).toBe(2)
    expect(it.uplink.state().failure).toBe(
      'The broker cannot be reached. Nothing listens at that port (ECONNREFUSED). Check the port in upstream.url and that the broker runs.',
    )
    expect(said('warn')).toHaveLength(1)
  })

  it('is not stopped by garbage in stored', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const { log, said } = listeningLog()
    const it = opened({ url, log })
    it.put(numbers(1, 5))
    await it.uplink.settled(10 * second)
    const garbage = [
      '',
      'not json',
      'null',
      '[]',
      '{"aggregates":{"upTo":-1,"missing":[]}}',
      '{"aggregates":{"upTo":1e300,"missing":[]}}',
      '{"aggregates":{"upTo":999999999999,"missing":[]}}',
      '{"aggregates":{"upTo":5,"missing":[[4,2]]}}',
      '{"aggregates":{"upTo":5,"missing":[[2,9]]}}',
      '{"aggregates":{"upTo":5,"missing":[[3,4],[1,2]]}}',
      '{"aggregates":{"upTo":5,"missing":"all"}}',
      '{"aggregates":{"upTo":5,"missing":[]},"extra":1}',
      `{"aggregates":{"upTo":5,"missing":[${'[1,1],'.repeat(2000)}[1,1]]}}`,
      '"'.repeat(300_000),
    ]
    for (const text of garbage) await heard.publish(`${root}/stored`, text, true)
    it.put([6])
    expect(await it.uplink.settled(10 * second)).toBe(true)
    expect(it.outbox.stats()).toMatchObject({ rows: 6, shed: null })
    expect(it.adopted).toEqual([])
    expect(said('warn').filter((line) => line.includes('cannot be true'))).toHaveLength(1)
    await heard.publish(`${root}/stored`, '{"aggregates":{"upTo":6,"missing":[[2,3]]}}', true)
    expect(await comes(() => it.outbox.stats().rows === 2)).toBe(true)
  })

  it('tells once that this box was restored from an old image', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    await heard.publish(`${root}/stored`, '{"aggregates":{"upTo":1833,"missing":[]}}', true)
    const it = opened({ url, speed: 20 })
    it.put([7])
    expect(await comes(() => it.adopted.length > 0)).toBe(true)
    await heard.publish(`${root}/stored`, '{"aggregates":{"upTo":1840,"missing":[]}}', true)
    it.put([1834])
    await it.uplink.settled(10 * second)
    expect(it.adopted).toEqual([1833])
    expect(it.outbox.stats().rows).toBe(2)
  })

  it('resends at once what stored misses, byte for byte', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const it = opened({ url, speed: 20 })
    it.put(numbers(1, 5))
    await it.uplink.settled(10 * second)
    await comes(() => seqsOf(heard).length === 5)
    await heard.publish(`${root}/stored`, '{"aggregates":{"upTo":5,"missing":[[2,3]]}}', true)
    expect(await comes(() => seqsOf(heard).length >= 7)).toBe(true)
    expect(seqsOf(heard).slice(5, 7)).toEqual([2, 3])
    const [, first, , , , again] = heard.on('footfall/entrance')
    expect(again!.bytes.equals(first!.bytes)).toBe(true)
  })

  it('packs an outage of more than ten minutes in backlogs, each release with its own bytes, and not twice', async () => {
    const mosquitto = await broker()
    const realClock = manualClock(noon)
    const it = opened({ url: mosquitto.url, realClock })
    it.put([1])
    await comes(() => it.outbox.waiting() === 0)
    await mosquitto.kill()
    await comes(() => !it.uplink.state().isConnected)
    it.put(numbers(2, 121))
    realClock.advanceTo(11 * minute)
    await mosquitto.restart()
    const heard = await listener(mosquitto.url)
    for (let step = 12; step < 40 && !it.uplink.state().isConnected; step += 1) {
      realClock.advanceTo(step * minute)
      await comes(() => it.uplink.state().isConnected, 300)
    }
    expect(await comes(() => it.outbox.waiting() === 0)).toBe(true)
    it.put([122])
    expect(await comes(() => seqsOf(heard).length === 1)).toBe(true)
    const backlogs = heard.on('/backlog')
    expect(backlogs.map(({ text }) => JSON.parse(text).releases.length)).toEqual([50, 50, 20])
    const releases = backlogs.flatMap(({ text }) => JSON.parse(text).releases as { seq: number }[])
    expect(releases.map(({ seq }) => seq)).toEqual(numbers(2, 121))
    expect(backlogs[0]!.bytes.includes(message(2).bytes)).toBe(true)
    expect(seqsOf(heard)).toEqual([122])
  })

  it('keeps packed what was packed when stored misses it', async () => {
    const mosquitto = await broker()
    const realClock = manualClock(noon)
    const it = testUplink({ url: mosquitto.url, realClock })
    ends(it.uplink.close)
    it.put(numbers(1, 3))
    realClock.advanceTo(11 * minute)
    it.put([4])
    realClock.advanceTo(11 * minute + second)
    const heard = await listener(mosquitto.url)
    it.uplink.open()
    await comes(() => it.outbox.waiting() === 0)
    await comes(() => heard.on('/backlog').length === 1)
    realClock.advanceTo(12 * minute)
    await heard.publish(`${root}/stored`, '{"aggregates":{"upTo":4,"missing":[[2,2]]}}', true)
    expect(await comes(() => heard.on('/backlog').length === 2)).toBe(true)
    expect(heard.on('/backlog').map(({ text }) => JSON.parse(text).releases.length)).toEqual([4, 1])
    expect(seqsOf(heard)).toEqual([])
  })

  it('never has more in flight than the broker can bear', async () => {
    const mosquitto = await broker({ lines: ['max_inflight_messages 3'] })
    const it = opened({ url: mosquitto.url })
    await comes(() => it.uplink.state().isConnected && it.uplink.state().inFlight === 0)
    mosquitto.freeze()
    it.put(numbers(1, 30))
    expect(it.uplink.state().inFlight).toBe(3)
    mosquitto.thaw()
    expect(await it.uplink.settled(10 * second)).toBe(true)
  })

  it.each([
    ['drops the connection over it', 'message_size_limit 1000'],
    ['says beforehand what is too large', 'max_packet_size 1500'],
  ])('lets nothing be held up by one message when the broker %s', async (_, line) => {
    const { url } = await broker({ lines: [line] })
    const heard = await listener(url)
    const { log, said } = listeningLog()
    const it = opened({ url, log, speed: 50 })
    it.database.transaction(() => {
      it.outbox.put(message(1), 0)
      it.outbox.put(largeMessage(2), 0)
      it.outbox.put(message(3), 0)
    })
    it.uplink.wake()
    expect(await comes(() => it.outbox.waiting() === 1)).toBe(true)
    expect(new Set(seqsOf(heard))).toEqual(new Set([1, 3]))
    expect(it.outbox.stats()).toMatchObject({ rows: 3, waiting: 1, refused: 1, shed: null })
    expect(said('warn').filter((text) => text.includes('would not take'))).toHaveLength(1)
  })
})

describe('an uplink to a broker that knows only MQTT 3.1.1', () => {
  it('falls back at once and remembers', async () => {
    const published: string[] = []
    const broker = await startBroker({ host: '127.0.0.1', port: 0, onPublish: (topic) => published.push(topic) })
    ends(broker.close)
    const it = opened({ url: broker.url })
    it.put(numbers(1, 200))
    expect(await it.uplink.settled(10 * second)).toBe(true)
    expect(it.uplink.state()).toMatchObject({ isConnected: true, protocol: 4, acknowledged: 200 })
    expect(published.filter((topic) => topic.endsWith('/footfall/entrance'))).toHaveLength(200)
    expect(published.filter((topic) => topic.endsWith('/status'))).toHaveLength(1)
  })
})
