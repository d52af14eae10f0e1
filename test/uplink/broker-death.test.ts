import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Received, startReader } from '../../src/headoffice/reader.ts'
import { fits } from '../../src/uplink/feed.ts'
import type { FeedKind } from '../../src/uplink/feed-schema.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need, trials } from '../support/need.ts'
import { message, numbers } from '../support/outbox.ts'
import { seededRandom } from '../support/random.ts'
import { comes, testUplink } from '../support/uplink.ts'

it.skipIf(!need('mosquitto'))(
  'loses nothing at a consumer that writes stored, however often the broker is killed and forgets everything',
  async () => {
    const random = seededRandom(11)
    const broker = await startMosquitto()
    const received: Received[] = []
    const troubles: string[] = []
    const reader = startReader({
      url: broker.url,
      root: 'drempel/v1/acme',
      stored: true,
      storedEvery: 20,
      retryEvery: 20,
      accepts: (kind, one) => fits(kind as FeedKind, one),
      onRelease: (one) => void received.push(one),
      onTrouble: (_, trouble) => troubles.push(trouble),
    })
    await reader.ready
    // Twenty times as fast: the minute after which an unseen row is sent again takes three seconds.
    const { uplink, outbox, put } = testUplink({ url: broker.url, speed: 20, mode: 'demo' })
    uplink.open()

    let last = 0
    for (let cycle = 0; cycle < trials(15, 300); cycle += 1) {
      put(numbers(last + 1, last + 1 + Math.floor(random() * 40)))
      last = outbox.lastSeq('aggregates')
      await pause(random() * 120)
      await broker.kill()
      await pause(random() * 30)
      await broker.restart()
    }

    expect(await comes(() => received.length === last && outbox.stats().rows === 0, 60_000)).toBe(true)
    expect(received.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers(1, last))
    expect(new Set(received.map(({ message: { id } }) => id)).size).toBe(last)
    for (const { seq, text } of received) expect(text).toBe(message(seq).bytes.toString())
    expect(troubles).toEqual([])
    await Promise.all([uplink.close(), reader.close()])
    await broker.stop()
  },
)
