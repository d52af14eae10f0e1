import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Fields, type ReaderParts, type Received, startReader } from '../../src/headoffice/reader.ts'
import { type Broker, startBroker } from '../../src/simulator/broker.ts'
import { comes, type Listener, listenTo } from '../support/uplink.ts'

const root = 'drempel/v1/acme/nl-0042/gw-1'
const endings: (() => Promise<void>)[] = []
let broker: Broker
let box: Listener

beforeEach(async () => {
  broker = await startBroker({ host: '127.0.0.1', port: 0 })
  endings.push(broker.close)
  box = await listenTo(broker.url, { protocolVersion: 4 })
  endings.push(box.close)
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function reader(changes: Partial<ReaderParts> = {}) {
  const received: Received[] = []
  const notices: [string, string, Fields][] = []
  const troubles: string[] = []
  const it = startReader({
    url: broker.url,
    root: 'drempel/v1/acme',
    stored: true,
    storedEvery: 5,
    onRelease: (one) => void received.push(one),
    onNotice: (...notice) => notices.push(notice),
    onTrouble: (topic, trouble) => troubles.push(`${trouble} ${topic}`),
    ...changes,
  })
  endings.push(it.close)
  await it.ready
  return { received, notices, troubles }
}

const release = (seq: number, count = 1) => `{"id":"nl-0042/gw-1/footfall/entrance/${seq}","in":${count},"seq":${seq}}`
const send = (...seqs: number[]) =>
  Promise.all(seqs.map((seq) => box.publish(`${root}/footfall/entrance`, `${release(seq)}   `)))
const lastStored = () => box.on('/stored').at(-1)?.text

describe('a reader', () => {
  it('gives each release once, and says what it stored and what it lacks', async () => {
    const { received } = await reader()
    await send(3, 4, 4, 7, 3)
    await comes(() => received.length === 3)
    expect(received.map(({ seq }) => seq)).toEqual([3, 4, 7])
    expect(received[0]).toMatchObject({ gateway: 'acme/nl-0042/gw-1', kind: 'footfall', wasPacked: false })
    expect(await comes(() => lastStored()?.includes('"upTo":7') ?? false)).toBe(true)
    expect(JSON.parse(lastStored()!)).toEqual({
      aggregates: {
        upTo: 7,
        missing: [
          [1, 2],
          [5, 6],
        ],
      },
      signals: { upTo: 0, missing: [] },
    })
  })

  it('opens backlogs and knows a release again that it had from one', async () => {
    const { received, troubles } = await reader()
    await box.publish(`${root}/backlog`, `{"releases":[${release(1)}  ,${release(2)}]}`)
    await send(2, 3)
    await comes(() => received.length === 3)
    expect(received.map(({ seq, kind, wasPacked }) => [seq, kind, wasPacked])).toEqual([
      [1, 'footfall', true],
      [2, 'footfall', true],
      [3, 'footfall', false],
    ])
    expect(troubles).toEqual([])
  })

  it('hears what a shopper who left from home wants erased, and takes no question for a release', async () => {
    const erased: [string, readonly string[]][] = []
    const { received, troubles } = await reader({ onErase: (...one) => void erased.push(one) })
    const handles = ['h'.repeat(22), `-_${'A'.repeat(20)}`]
    const nonce = 'n'.repeat(22)
    for (const erase of [handles, [], 'all', [1], [`${'h'.repeat(21)}#`], undefined]) {
      await box.publish(`${root}/request`, JSON.stringify({ nonce, sealed: 'AAAA', erase }))
    }
    await box.publish(`${root}/answer/${nonce}`, JSON.stringify({ sealed: 'AAAA', erase: handles }))
    await send(1)
    expect(await comes(() => received.length === 1)).toBe(true)
    expect(erased).toEqual([['acme/nl-0042/gw-1', handles]])
    expect(troubles).toEqual([])
  })

  it('goes on where an earlier reader stopped', async () => {
    await box.publish(`${root}/stored`, '{"aggregates":{"upTo":9,"missing":[[4,5]]}}', true)
    const { received } = await reader()
    await send(3, 4, 9, 10)
    await comes(() => received.length === 2)
    expect(received.map(({ seq }) => seq)).toEqual([4, 10])
    expect(await comes(() => lastStored()?.includes('{"upTo":10,"missing":[[5,5]]}') ?? false)).toBe(true)
  })

  it.each(['{"upTo":1e300,"missing":[]}', '{"upTo":9,"missing":[[4,1e9]]}', '{"upTo":9,"missing":{}}'])(
    'takes nothing for a repeat because of a stored that cannot be true: %s',
    async (lane) => {
      await box.publish(`${root}/stored`, `{"aggregates":${lane}}`, true)
      const { received } = await reader()
      await send(3)
      expect(await comes(() => received.length === 1, 2000)).toBe(true)
    },
  )

  it('does not count as stored what its caller could not take', async () => {
    const taken: number[] = []
    let isBroken = true
    await reader({
      onRelease({ seq }) {
        if (seq === 2 && isBroken) throw new Error('disk')
        taken.push(seq)
      },
    })
    await send(1, 2, 3)
    expect(await comes(() => lastStored()?.includes('{"upTo":3,"missing":[[2,2]]}') ?? false)).toBe(true)
    isBroken = false
    await send(2)
    expect(await comes(() => lastStored()?.includes('{"upTo":3,"missing":[]}') ?? false)).toBe(true)
    expect(taken).toEqual([1, 3, 2])
  })

  it('asks no more for what the gateway says will never come', async () => {
    await reader()
    await send(5)
    await box.publish(`${root}/health`, '{"shed":[[1,3]]}', true)
    expect(await comes(() => lastStored()?.includes('{"upTo":5,"missing":[[4,4]]}') ?? false)).toBe(true)
  })

  it('reports one number with two contents, and what the schemas do not accept', async () => {
    const { troubles, received } = await reader()
    await send(1)
    await box.publish(`${root}/footfall/entrance`, release(1, 2))
    await box.publish(`${root}/footfall/entrance`, '{"in":3}')
    await box.publish(`${root}/footfall/entrance`, 'no json')
    await send(2)
    await comes(() => received.length === 3)
    expect(troubles).toEqual(['contradiction acme/nl-0042/gw-1', `not-accepted ${root}/footfall/entrance`])
  })

  it('passes on what a box says of itself', async () => {
    const { notices } = await reader()
    await box.publish(`${root}/status`, '{"state":"online","session":3}', true)
    expect(await comes(() => notices.length === 1)).toBe(true)
    expect(notices[0]).toEqual(['acme/nl-0042/gw-1', 'status', { state: 'online', session: 3 }])
  })

  it('is not stopped by a caller that throws', async () => {
    const seen: string[] = []
    await reader({
      onNotice(_, kind) {
        seen.push(kind)
        throw new Error('not mine')
      },
    })
    await box.publish(`${root}/status`, '{}')
    await box.publish(`${root}/health`, '{}')
    expect(await comes(() => seen.length === 2)).toBe(true)
  })
})
