import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sealQuestion } from '../../src/base/ask-seal.ts'
import { askPair, offerIn } from '../support/asks.ts'
import { useBrokers } from '../support/brokers.ts'
import { need } from '../support/need.ts'
import { type Changes, handle, leaveOf, type StubBox, scratchFolder, stubBox, testRelay } from '../support/relay.ts'
import { comes, type Listener, listenTo, type TestUplinkParts } from '../support/uplink.ts'

const root = 'drempel/v1/acme/nl-0042/gw-1'
const { broker, listener, ends } = useBrokers()

async function box(parts: TestUplinkParts & { isSilent?: () => boolean }): Promise<StubBox> {
  const it = stubBox(parts)
  ends(it.uplink.close)
  await comes(() => it.uplink.state().isConnected)
  return it
}

/** A relay, and the desk of the one shop, once it has heard of it. */
async function relay(url: string, changes: Changes = {}) {
  const it = testRelay(url, changes)
  let isClosed = false
  const close = async () => {
    if (!isClosed) await it.close()
    isClosed = true
  }
  ends(close)
  await it.relay.ready
  await comes(() => it.relay.shop('nl-0042', 'gw-1') !== undefined)
  return { ...it, close, desk: it.relay.shop('nl-0042', 'gw-1')! }
}

/** The box was there once, so that its shop and its key are known, and is off. */
async function relayOfClosedBox(url: string, changes: Changes = {}) {
  const there = await box({ url })
  const it = await relay(url, changes)
  expect(await it.desk.offer('nl')).toEqual(offerIn('nl'))
  await there.uplink.close()
  await offline(url)
  return it
}

/** Until the broker says that the box is off; the relay hears it at the same moment. */
async function offline(url: string): Promise<void> {
  const heard = await listenTo(url)
  await comes(() => heard.on('/status').at(-1)?.text.includes('offline') ?? false)
  await heard.close()
  await pause(50)
}

const see = () => sealQuestion(askPair.publicKey, { ask: 'see', secret: 's'.repeat(22) })
const requests = (heard: Listener) => heard.on('/request').map(({ text }) => JSON.parse(text))

describe.skipIf(!need('mosquitto'))('the relay', () => {
  it('passes a question to the box, and its answer back, and reads neither', async () => {
    const { url } = await broker({ persistence: true })
    const heard = await listener(url)
    const there = await box({ url })
    const { desk } = await relay(url)
    const asked = see()
    const answer = await desk.ask(asked.bytes.toString('base64url'), 'somebody')
    expect(asked.open(Buffer.from(answer!, 'base64url'))).toEqual({ state: 'seen', since: 'today' })
    expect(there.questions).toEqual([{ ask: 'see', secret: 's'.repeat(22) }])
    expect(heard.heard.some(({ text }) => text.includes('sssss'))).toBe(false)
    expect(requests(heard)[0]).toEqual({ nonce: expect.stringMatching(/^[\w-]{22}$/), sealed: expect.any(String) })
  })

  it('gives the offer of the box, asks once for everybody, and knows a shop only by its status', async () => {
    const { url } = await broker({ persistence: true })
    const heard = await listener(url)
    await box({ url })
    const { desk, relay: it } = await relay(url)
    const many = await Promise.all(Array.from({ length: 50 }, () => desk.offer('nl')))
    expect(new Set(many.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(offerIn('nl'))]))
    for (const language of ['xx', 'fr', '', '../../stored', 'en']) await desk.offer(language)
    expect(requests(heard).map(({ offer }) => offer)).toEqual(['nl', 'en'])
    for (const [store, gateway] of [
      ['nl-0042', 'gw-2'],
      ['+', '+'],
      ['..', ''],
      ['__proto__', 'x'],
    ] as const) {
      expect(it.shop(store, gateway)).toBe(undefined)
    }
  })

  it('with the box off shows the last offer as that of a closed shop, also after a restart, and asks nobody', async () => {
    const { url } = await broker({ persistence: true })
    const { file, remove } = scratchFolder()
    ends(remove)
    const it = await relayOfClosedBox(url, { file: file('relay.db') })
    const closed = offerIn('nl', { isOpen: false, closesAt: null })
    expect(await it.desk.offer('nl')).toEqual(closed)
    expect(await it.desk.ask(see().bytes.toString('base64url'), 'somebody')).toBe(null)
    await it.close()
    const { desk } = await relay(url, { file: file('relay.db') })
    expect(await desk.offer('en')).toEqual(closed)
  })

  it('waits no longer than a shopper would', async () => {
    const { url } = await broker({ persistence: true })
    await box({ url, isSilent: () => true })
    const { desk } = await relay(url, { patience: 100 })
    expect(await desk.ask(see().bytes.toString('base64url'), 'somebody')).toBe(null)
    expect(await desk.offer('nl')).toBe(null)
  })

  it('keeps a leave while the box is off, tells head office at once, and the box when it is back', async () => {
    const { url } = await broker({ persistence: true })
    const it = await relayOfClosedBox(url)
    const heard = await listener(url)
    const { sealed } = leaveOf('a'.repeat(22))
    expect(await it.desk.ask(sealed, 'somebody', [handle(1), handle(2)])).toBe('kept')
    expect(await comes(() => requests(heard).length === 1)).toBe(true)
    expect(requests(heard)[0]).toMatchObject({ sealed, erase: [handle(1), handle(2)] })
    const back = await box({ url })
    expect(await comes(() => back.questions.length === 1)).toBe(true)
    expect(back.questions).toEqual([{ ask: 'leave', secret: 'a'.repeat(22) }])
    expect(
      await comes(() => it.database.connection.prepare('SELECT count(*) FROM relay_leave').pluck().get() === 0),
    ).toBe(true)
    await back.uplink.close()
    await box({ url })
    await pause(600)
    expect(requests(heard)).toHaveLength(2)
  })

  it('keeps a leave over its own death, and a broker that was away', async () => {
    const mosquitto = await broker({ persistence: true })
    const { url } = mosquitto
    const { file, remove } = scratchFolder()
    ends(remove)
    const first = await relayOfClosedBox(url, { file: file('relay.db') })
    await mosquitto.kill()
    await comes(() => !first.relay.isConnected)
    for (const i of [1, 2]) {
      const { sealed } = leaveOf(String(i).repeat(22))
      expect(await first.desk.leaveLater(sealed, [handle(i)])).toEqual({ state: 'kept' })
    }
    await first.close()
    await mosquitto.restart()
    const heard = await listener(url)
    const { database } = await relay(url, { file: file('relay.db') })
    expect(await comes(() => requests(heard).length === 2)).toBe(true)
    expect(
      requests(heard)
        .flatMap(({ erase }) => erase)
        .toSorted(),
    ).toEqual([handle(1), handle(2)])
    const back = await box({ url })
    expect(await comes(() => back.questions.length === 2)).toBe(true)
    expect(await comes(() => database.connection.prepare('SELECT count(*) FROM relay_leave').pluck().get() === 0)).toBe(
      true,
    )
  })

  it('answers a leave at once when the box is there, and forgets it', async () => {
    const { url } = await broker({ persistence: true })
    await box({ url })
    const { desk, database } = await relay(url)
    const { sealed, open } = leaveOf('a'.repeat(22))
    expect(open((await desk.ask(sealed, 'somebody', [handle(1)]))!)).toEqual({ state: 'left', erasure: 'asked' })
    expect(database.connection.prepare('SELECT count(*) FROM relay_leave').pluck().get()).toBe(0)
  })

  it('seals the leave of a receipt for a browser that cannot', async () => {
    const { url } = await broker({ persistence: true })
    const heard = await listener(url)
    const there = await box({ url })
    const { desk } = await relay(url)
    expect(await desk.leave('something else', 'somebody')).toBe('unknown')
    expect(await desk.leave(`receipt ${'q'.repeat(22)}`, 'somebody')).toBe('left')
    expect(there.questions).toEqual([{ ask: 'leave', secret: 'q'.repeat(22) }])
    await there.uplink.close()
    expect(await comes(() => heard.on('/status').at(-1)!.text.includes('offline'))).toBe(true)
    expect(await desk.leave(`receipt ${'q'.repeat(22)}`, 'somebody')).toBe('kept')
    expect(heard.heard.some(({ text }) => text.includes('qqqqq'))).toBe(false)
  })

  it('has room for so many leaves, refuses more, and keeps what it promised', async () => {
    const { url } = await broker({ persistence: true })
    const it = await relayOfClosedBox(url, { room: { inAll: 5, perShop: 3 } })
    const states: string[] = []
    for (let i = 0; i < 6; i++) states.push((await it.desk.leaveLater(leaveOf('a'.repeat(22)).sealed, [])).state)
    expect(states).toEqual(['kept', 'kept', 'kept', 'full', 'full', 'full'])
    expect(await it.desk.ask(leaveOf('a'.repeat(22)).sealed, 'somebody', [handle(1)])).toBe(null)
    const back = await box({ url })
    expect(await comes(() => back.questions.length === 3)).toBe(true)
  })

  it('takes for a leave only what has the form of one', async () => {
    const { url } = await broker({ persistence: true })
    const it = await relayOfClosedBox(url)
    const { sealed } = leaveOf('a'.repeat(22))
    const long = sealQuestion(askPair.publicKey, { ask: 'leave', secret: 'a'.repeat(2000) }).bytes.toString('base64url')
    for (const [what, handles] of [
      ['', []],
      [`${sealed}=`, []],
      [sealed.slice(4), []],
      [long, []],
      [sealed, ['short']],
      [sealed, [`${'h'.repeat(21)}#`]],
      [sealed, Array(17).fill(handle(1))],
    ] as [string, string[]][]) {
      expect(await it.desk.leaveLater(what, handles)).toEqual({ state: 'refused' })
    }
    expect(it.database.connection.prepare('SELECT count(*) FROM relay_leave').pluck().get()).toBe(0)
  })

  it('believes no answer but that of the box that was asked, in the form of one', async () => {
    const { url } = await broker({ persistence: true })
    const it = await relayOfClosedBox(url)
    const heard = await listener(url)
    await it.desk.ask(leaveOf('a'.repeat(22)).sealed, 'somebody', [handle(1)])
    await comes(() => requests(heard).length === 1)
    const [{ nonce }] = requests(heard)
    const form = Buffer.alloc(1 + 12 + 4096 + 16, 1).toString('base64url')
    const lies: [string, string][] = [
      [`drempel/v1/acme/nl-0042/gw-2/answer/${nonce}`, JSON.stringify({ sealed: form })],
      [`${root}/answer/${nonce}`, JSON.stringify({ sealed: 'AAAA' })],
      [`${root}/answer/${nonce}`, JSON.stringify(offerIn('nl'))],
      [`${root}/answer/${nonce}`, 'x'.repeat(200_000)],
      [`${root}/answer/${nonce}`, 'null'],
      [`${root}/answer/`, JSON.stringify({ sealed: form })],
      [`${root}/status`, '{"state":"online"}'],
      [`${root}/status`, '[]'],
    ]
    for (const [topic, text] of lies) await heard.publish(topic, text)
    await pause(200)
    const waiting = () => it.database.connection.prepare('SELECT count(*) FROM relay_leave').pluck().get()
    expect(waiting()).toBe(1)
    await heard.publish(`${root}/answer/${nonce}`, JSON.stringify({ sealed: form }))
    expect(await comes(() => waiting() === 0)).toBe(true)
  })

  it('can change nothing: of what it alters nothing is understood, what it repeats is answered to the asker only', async () => {
    const { url } = await broker({ persistence: true })
    const heard = await listener(url)
    const there = await box({ url })
    const asked = see()
    const request = (nonce: string, bytes: Buffer) => JSON.stringify({ nonce, sealed: bytes.toString('base64url') })
    for (let i = 0; i < 15; i++) {
      const changed = Buffer.from(asked.bytes)
      changed[1 + i * 70]! ^= 1 << (i % 8)
      await heard.publish(`${root}/request`, request('x'.repeat(22), changed))
    }
    await comes(() => there.uplink.state().requests.heard === 15)
    expect(there.questions).toEqual([])
    expect(heard.on('x'.repeat(22))).toEqual([])
    await pause(1000)
    for (const nonce of ['y', 'z']) await heard.publish(`${root}/request`, request(nonce.repeat(22), asked.bytes))
    expect(await comes(() => heard.on('z'.repeat(22)).length === 1)).toBe(true)
    const sealed = JSON.parse(heard.on('z'.repeat(22))[0]!.text).sealed as string
    expect(asked.open(Buffer.from(sealed, 'base64url'))).toMatchObject({ state: 'seen' })
    expect(see().open(Buffer.from(sealed, 'base64url'))).toBe(undefined)
  })

  it('lets a silent box not be buried, and gives its hopeless ones up for new ones', async () => {
    const { url } = await broker({ persistence: true })
    const it = await relayOfClosedBox(url, { room: { inAll: 100, perShop: 2 } })
    const garbage = () => Buffer.concat([Buffer.of(1), Buffer.alloc(1117, 7)]).toString('base64url')
    for (let i = 0; i < 2; i++) expect((await it.desk.leaveLater(garbage(), [])).state).toBe('kept')
    expect((await it.desk.leaveLater(garbage(), [])).state).toBe('full')
    it.database.connection.exec('UPDATE relay_leave SET tries = 5')
    expect((await it.desk.leaveLater(leaveOf('a'.repeat(22)).sealed, [])).state).toBe('kept')
    const back = await box({ url })
    expect(await comes(() => back.questions.length === 1)).toBe(true)
    await pause(600)
    expect(back.uplink.state().requests.heard).toBe(2)
  })
})
