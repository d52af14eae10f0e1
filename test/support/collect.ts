import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { expect } from 'vitest'

interface Collected {
  readonly topic: string
  readonly bytes: Buffer
  readonly json: {
    id: string
    seq: number
    in: number
    out: number
    /** Only of occupancy, and of dwell. */
    inside?: number
    stays?: readonly number[]
    noise95: number
    coverage: number
    missing: string | null
    window: { start: string; seconds: number }
  }
}

export type Feed = Awaited<ReturnType<typeof collectFeed>>

/** A plain MQTT client, not ours, that keeps every numbered message of the feed as it came. */
export async function collectFeed(url: string, options: object = {}) {
  const messages: Collected[] = []
  const client = await connectAsync(url, {
    clientId: `collector-${process.pid}-${Math.random()}`,
    clean: true,
    ...options,
  })
  client.on('error', () => {})
  client.on('message', (topic, bytes) => {
    const name = topic.split('/').slice(5).join('/')
    if (/^(status|catalogue|health|stored)$/.test(name)) return
    const json = JSON.parse(bytes.toString())
    const unpacked = name === 'backlog' ? json.releases : [json]
    for (const one of unpacked) messages.push({ topic: name === 'backlog' ? topicOf(one.id) : name, bytes, json: one })
  })
  await client.subscribeAsync('drempel/v1/#', { qos: 1 })

  /** The first message of each id, in order of arrival. */
  function effects(): Collected[] {
    const seen = new Set<string>()
    return messages.filter(({ json }) => !seen.has(json.id) && seen.add(json.id))
  }

  return {
    messages,
    effects,
    of: (series: string) => effects().filter(({ topic }) => topic === series),
    ids: () => effects().map(({ json }) => json.id),
    seqs: () => effects().map(({ json }) => json.seq),
    /** Waits until that many different messages have come. */
    async until(count: number, timeout = 20_000) {
      for (let waited = 0; effects().length < count && waited < timeout; waited += 50) await sleep(50)
      expect(effects().length).toBeGreaterThanOrEqual(count)
    },
    /** Waits until nothing new has come for half a second. */
    async settled() {
      for (let before = -1; before !== messages.length; ) {
        before = messages.length
        await sleep(500)
      }
    },
    expectOnePayloadPerId() {
      const payloads = new Map<string, string>()
      for (const { json } of messages) {
        const text = JSON.stringify(json)
        expect(payloads.get(json.id) ?? text).toBe(text)
        payloads.set(json.id, text)
      }
    },
    close: () => client.endAsync(true),
  }
}

/** Of a release in a backlog, from its id; of visitors there is one series in a shop. */
function topicOf(id: string): string {
  const [, , kind, zone] = id.split('/')
  return kind === 'visitors' ? kind : `${kind}/${zone}`
}
