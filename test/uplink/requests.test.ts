import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openQuestion, sealQuestion } from '../../src/base/ask-seal.ts'
import { manualClock } from '../../src/base/clock.ts'
import { second } from '../../src/base/duration.ts'
import { encodeAnswer, fits, type Outgoing } from '../../src/uplink/feed.ts'
import { type AskRequest, createRequests, mostPerSecond } from '../../src/uplink/requests.ts'
import { askPair, offerIn } from '../support/asks.ts'
import { useBrokers } from '../support/brokers.ts'
import { need } from '../support/need.ts'
import { numbers } from '../support/outbox.ts'
import { shop } from '../support/releases.ts'
import { comes, type TestUplink, type TestUplinkParts, testUplink } from '../support/uplink.ts'

const root = 'drempel/v1/acme/nl-0042/gw-1'
const nonceOf = (i: number) => String(i).padStart(22, 'n')
const asked = () => sealQuestion(askPair.publicKey, { ask: 'see', secret: 's'.repeat(22) })
const sealedRequest = (nonce: string, bytes: Buffer) => JSON.stringify({ nonce, sealed: bytes.toString('base64url') })

function requests(changes: Partial<Parameters<typeof createRequests>[0]> = {}) {
  const heard: AskRequest[] = []
  const sent: Outgoing[] = []
  const errors: unknown[] = []
  const clock = manualClock(0)
  const it = createRequests({
    identity: shop,
    clock,
    onRequest: (request) => heard.push(request),
    send: (outgoing) => sent.push(outgoing),
    onError: (error) => errors.push(error),
    ...changes,
  })
  const hear = (message: unknown) =>
    it.hear(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)))
  return { ...it, it, hear, heard, sent, errors, clock }
}

describe('an answer on the wire', () => {
  const sealed = { sealed: 'A'.repeat(1500) }

  it('goes to the topic of its question, is sealed or an offer, and is not numbered', () => {
    const one = encodeAnswer(nonceOf(1), sealed, shop)
    expect(one).toMatchObject({ topic: `${root}/answer/${nonceOf(1)}`, retain: false, lane: null, seq: null })
    expect(JSON.parse(encodeAnswer(nonceOf(1), offerIn('nl'), shop).bytes.toString())).toEqual(offerIn('nl'))
  })

  it.each([
    ['another key', { ...sealed, handle: 'h' }],
    ['an empty seal', { sealed: '' }],
    ['a seal that is no base64url', { sealed: 'a b' }],
    ['a seal without end', { sealed: 'A'.repeat(200_000) }],
    ['nothing', {}],
    ['an offer with a key too many', { ...offerIn('nl'), shoppers: 3 }],
    ['an offer with a shop too much', offerIn('nl', { shop: { ...offerIn('nl').shop, inside: 4 } })],
    ['an offer in no language', offerIn('../x')],
  ])('is refused with %s', (_, value) => {
    expect(() => encodeAnswer(nonceOf(1), Object.assign({}, value) as typeof sealed, shop)).toThrow('closed schema')
  })

  it.each(['', 'short', `${'n'.repeat(21)}/`, `${'n'.repeat(21)}+`, 'n'.repeat(23)])(
    'is refused for the nonce %j, which could be another topic',
    (nonce) => expect(() => encodeAnswer(nonce, sealed, shop)).toThrow('its nonce'),
  )
})

describe('a request', () => {
  it('is either sealed bytes or the wish for an offer', () => {
    const { hear, heard } = requests()
    const { bytes } = asked()
    hear(sealedRequest(nonceOf(1), bytes))
    hear({ nonce: nonceOf(2), offer: 'nl' })
    hear({ nonce: nonceOf(3), sealed: bytes.toString('base64url'), erase: ['h'.repeat(22)] })
    expect(heard).toEqual([
      { nonce: nonceOf(1), sealed: bytes },
      { nonce: nonceOf(2), offer: 'nl' },
      { nonce: nonceOf(3), sealed: bytes },
    ])
  })

  it.each<[string, unknown]>([
    ['no JSON', 'not json'],
    ['null', null],
    ['a list', []],
    ['no nonce', { offer: 'nl' }],
    ['a nonce with a slash', { nonce: `${'n'.repeat(21)}/`, offer: 'nl' }],
    ['neither', { nonce: nonceOf(1) }],
    ['both', { nonce: nonceOf(1), offer: 'nl', sealed: 'AAAA' }],
    ['stray bits', { nonce: nonceOf(1), sealed: 'AB' }],
    ['a key too many', { nonce: nonceOf(1), offer: 'nl', admin: true }],
    ['no language', { nonce: nonceOf(1), offer: 'nederlands' }],
    ['too many handles', { nonce: nonceOf(1), offer: 'nl', erase: Array(17).fill('h'.repeat(22)) }],
    ['too much', { nonce: nonceOf(1), sealed: 'A'.repeat(300_000) }],
    ['padding without end', ' '.repeat(50_000)],
  ])('with %s is counted and forgotten', (_, message) => {
    const { hear, heard, errors, it } = requests()
    hear(message)
    expect(heard).toEqual([])
    expect(errors).toEqual([])
    expect(it.figures).toMatchObject({ heard: 0, refused: 1 })
  })

  it(`comes at most ${mostPerSecond} times a second; what is more is counted`, () => {
    const { hear, heard, clock, it } = requests()
    for (let i = 0; i < 100; i++) hear({ nonce: nonceOf(i), offer: 'nl' })
    expect(heard).toHaveLength(mostPerSecond)
    clock.advanceTo(second)
    hear({ nonce: nonceOf(100), offer: 'nl' })
    expect(it.figures).toEqual({ heard: mostPerSecond + 1, dropped: 100 - mostPerSecond, refused: 0, answered: 0 })
  })

  it('that the desk cannot bear is told and harms nothing', () => {
    const it = requests({
      onRequest() {
        throw new Error('the desk fell over')
      },
    })
    it.hear({ nonce: nonceOf(1), offer: 'nl' })
    expect(it.errors).toHaveLength(1)
  })
})

describe('answers', () => {
  const limits = { receiveMaximum: 20, maximumPacketSize: 100_000 }
  const value = { sealed: 'A'.repeat(1000) }

  it('have four places of the broker, and wait for them', () => {
    const { it, sent } = requests()
    expect(it.connected(limits)).toEqual({ ...limits, receiveMaximum: 16 })
    for (let i = 0; i < 6; i++) expect(it.answer(nonceOf(i), value)).toBe(true)
    expect(sent).toHaveLength(4)
    it.answered()
    it.answered()
    expect(sent).toHaveLength(6)
  })

  it('are bounded while the broker takes none', () => {
    const { it, sent } = requests()
    it.connected(limits)
    const taken = numbers(1, 500).filter((i) => it.answer(nonceOf(i), value))
    expect(taken).toHaveLength(4 + 32)
    expect(sent).toHaveLength(4)
  })

  it('are given up without a connection, when too large, and where the broker bears one message at a time', () => {
    const { it, errors } = requests()
    expect(it.answer(nonceOf(1), value)).toBe(false)
    expect(it.connected({ receiveMaximum: 1, maximumPacketSize: 100_000 }).receiveMaximum).toBe(1)
    expect(it.answer(nonceOf(1), value)).toBe(false)
    it.connected({ receiveMaximum: 20, maximumPacketSize: 1024 })
    expect(it.answer(nonceOf(1), value)).toBe(false)
    expect(errors).toEqual([])
    it.connected(limits)
    expect(it.answer('../stored', value)).toBe(false)
    expect(errors).toHaveLength(1)
    it.lost()
    expect(it.answer(nonceOf(1), value)).toBe(false)
  })

  it('take no place where nobody listens for questions', () => {
    const { it } = requests({ onRequest: undefined })
    expect(it.connected(limits)).toBe(limits)
    expect(fits('request', { nonce: nonceOf(1), offer: 'nl' })).toBe(true)
  })
})

const { broker, listener, ends } = useBrokers()

/** A box whose desk answers every question that it can open. */
function box(parts: TestUplinkParts): TestUplink {
  const it = testUplink({
    onRequest({ nonce, sealed, offer }) {
      if (offer) return void it.uplink.answer(nonce, offerIn(offer))
      const opened = openQuestion(askPair, sealed!)
      if (opened) it.uplink.answer(nonce, { sealed: opened.seal({ state: 'seen' }).toString('base64url') })
    },
    ...parts,
  })
  ends(it.uplink.close)
  it.uplink.open()
  return it
}

describe.skipIf(!need('mosquitto'))('an uplink that hears questions', () => {
  it('answers the one who asked, and everybody with the offer', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const it = box({ url })
    await comes(() => it.uplink.state().isConnected)
    const { bytes, open } = asked()
    await heard.publish(`${root}/request`, sealedRequest(nonceOf(1), bytes))
    await heard.publish(`${root}/request`, JSON.stringify({ nonce: nonceOf(2), offer: 'nl' }))
    expect(await comes(() => heard.on(nonceOf(2)).length === 2 - 1)).toBe(true)
    const [answer] = heard.on(`/answer/${nonceOf(1)}`)
    expect(open(Buffer.from(JSON.parse(answer!.text).sealed, 'base64url'))).toEqual({ state: 'seen' })
    expect(answer!.properties.messageExpiryInterval).toBeLessThanOrEqual(60)
    expect(JSON.parse(heard.on(`/answer/${nonceOf(2)}`)[0]!.text)).toEqual(offerIn('nl'))
    expect(it.uplink.state().requests).toEqual({ heard: 2, dropped: 0, refused: 0, answered: 2 })
  })

  it('hears nothing where nobody asked to, and no question that lies at the broker for good', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const request = JSON.stringify({ nonce: nonceOf(1), offer: 'nl' })
    await heard.publish(`${root}/request`, request, true)
    const it = box({ url })
    await comes(() => it.uplink.state().isConnected)
    await heard.publish(`${root}/request`, request.replace('n1', 'n2'))
    expect(await comes(() => heard.on(nonceOf(2)).length === 1)).toBe(true)
    expect(it.uplink.state().requests.heard).toBe(1)
    await it.uplink.close()
    const deaf = testUplink({ url })
    ends(deaf.uplink.close)
    deaf.uplink.open()
    await comes(() => deaf.uplink.state().isConnected)
    await heard.publish(`${root}/request`, request)
    await pause(200)
    expect(deaf.uplink.state().requests).toMatchObject({ heard: 0, dropped: 0, refused: 0 })
  })

  it.each([
    ['bears 20 at once', []],
    ['bears three at once', ['max_inflight_messages 3']],
    ['bears one at once', ['max_inflight_messages 1']],
  ])('counts on through a flood, in order and once, when the broker %s', async (_, lines) => {
    const { url } = await broker({ lines })
    const heard = await listener(url)
    const it = box({ url })
    await comes(() => it.uplink.state().isConnected)
    const garbage = [Buffer.from('x'.repeat(20_000)), randomBytes(500), Buffer.from('{"nonce":1}')]
    const flood = numbers(1, 3000).map((i) => {
      const text = i % 2 ? sealedRequest(nonceOf(i), asked().bytes) : garbage[i % 3]!.toString('latin1')
      return heard.publish(`${root}/request`, text)
    })
    for (let i = 0; i < 10; i++) {
      it.put(numbers(1 + i * 20, 20 + i * 20))
      await pause(20)
    }
    await Promise.all(flood)
    expect(await it.uplink.settled(10 * second)).toBe(true)
    const seqs = () => heard.on('footfall/entrance').map(({ text }) => Number(JSON.parse(text).seq))
    expect(await comes(() => seqs().length === 200)).toBe(true)
    expect(seqs()).toEqual(numbers(1, 200))
    const figures = () => it.uplink.state().requests
    expect(await comes(() => figures().heard + figures().refused + figures().dropped === 3000)).toBe(true)
    expect(figures().dropped).toBeGreaterThan(2000)
    expect(it.uplink.state().refused).toBe(0)
    expect(heard.on('/status').map(({ text }) => text)).toEqual(['{"state":"online","session":1}'])
  })

  it('does not hear what is meant for another box, nor after it was closed', async () => {
    const { url } = await broker()
    const heard = await listener(url)
    const it = box({ url })
    await comes(() => it.uplink.state().isConnected)
    for (const topic of ['drempel/v1/acme/nl-0042/gw-2/request', `${root}/request/x`, 'drempel/v1/request']) {
      await heard.publish(topic, JSON.stringify({ nonce: nonceOf(1), offer: 'nl' }))
    }
    await pause(200)
    expect(it.uplink.state().requests).toMatchObject({ heard: 0, refused: 0, dropped: 0 })
    await it.uplink.close()
    expect(it.uplink.answer(nonceOf(1), offerIn('nl'))).toBe(false)
  })
})
