import { afterEach, describe, expect, it } from 'vitest'
import { sealQuestion } from '../../src/base/ask-seal.ts'
import { scaledClock } from '../../src/base/clock.ts'
import { openDatabase } from '../../src/base/database.ts'
import { silentLog } from '../../src/base/log.ts'
import { readConfig } from '../../src/config.ts'
import { readReceipt } from '../../src/consent/receipt.ts'
import { policyOf } from '../../src/privacy/policy.ts'
import { answerOverRelay } from '../../src/shoppers/over-relay.ts'
import { openShoppers } from '../../src/shoppers/shoppers.ts'
import type { Shoppers } from '../../src/shoppers/words.ts'
import { migrations } from '../../src/storage.ts'
import type { OfferMessage } from '../../src/uplink/feed-schema.ts'
import { openOutbox } from '../../src/uplink/outbox.ts'
import { least, purpose } from '../commands/example.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { boxKey } from '../support/outbox.ts'
import { scratchFolder, testRelay } from '../support/relay.ts'
import { shop } from '../support/releases.ts'
import { comes, listenTo, type TestUplink, testUplink } from '../support/uplink.ts'

const endings: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const text = `${least.replace('timezone:', 'languages: [nl, en], opening: "09:00-18:00", timezone:')}purposes: [${JSON.stringify(purpose)}]\n`

/** The box's own desk and outbox behind a real broker, and a relay before it. */
async function chain() {
  const { file, remove } = scratchFolder()
  const mosquitto = await startMosquitto({ persistence: true })
  endings.push(remove, mosquitto.stop)
  const checked = readConfig(text, file('drempel.yaml'))
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
  const { config } = checked
  const clock = scaledClock(Date.parse('2026-11-23T10:00:00Z'), 1)
  const database = openDatabase(file('drempel.db'), migrations)
  const outbox = openOutbox({ database, key: boxKey, clock, log: silentLog })
  const policy = policyOf(config)
  let uplink: TestUplink['uplink'] | undefined
  const shoppers = openShoppers({
    config,
    database,
    file: file('drempel.db'),
    key: boxKey,
    clock,
    realClock: clock,
    outbox,
    identity: shop,
    log: silentLog,
    policy: () => policy,
    counting: () => undefined,
    wake: () => uplink?.wake(),
  })!
  endings.push(() => shoppers.close())
  const heard = await listenTo(mosquitto.url)
  endings.push(heard.close)

  async function open(): Promise<void> {
    const onRequest = answerOverRelay(shoppers, (nonce, value) => uplink?.answer(nonce, value) ?? false)
    const opened = testUplink({ url: mosquitto.url, database, outbox, realClock: clock, onRequest })
    uplink = opened.uplink
    endings.push(uplink.close)
    uplink.open()
    await comes(() => opened.uplink.state().isConnected)
  }
  async function close(): Promise<void> {
    await uplink?.close()
    await comes(() => heard.on('/status').at(-1)!.text.includes('offline'))
  }

  await open()
  const relay = testRelay(mosquitto.url, { readReceipt })
  endings.push(relay.close)
  await relay.relay.ready
  await comes(() => relay.relay.shop('nl-0042', 'gw-1') !== undefined)
  return { open, close, shoppers, database, heard, desk: relay.relay.shop('nl-0042', 'gw-1')! }
}

type Desk = Awaited<ReturnType<typeof chain>>['desk']
interface Said {
  readonly state: string
  readonly receipt?: string
  readonly request: string
}

/** A phone far away: fetches the offer, seals, asks, opens. */
async function ask(desk: Desk, question: object, erase: readonly string[] = []): Promise<Said> {
  const { askKey } = (await desk.offer('nl'))!
  const sealed = sealQuestion(Buffer.from(askKey, 'base64url'), question)
  const request = sealed.bytes.toString('base64url')
  const answer = await desk.ask(request, 'somebody', erase)
  if (answer === null || answer === 'kept') return { state: String(answer), request }
  return { ...(sealed.open(Buffer.from(answer, 'base64url')) as Said), request }
}

async function checkIn(shoppers: Shoppers, desk: Desk, more: object = { ask: 'check-in', purposes: ['offers'] }) {
  const { fresh } = (await desk.offer('nl')) as OfferMessage
  const given = await ask(desk, { fresh, token: shoppers.optIn()!.shown, age: 41, language: 'nl', ...more })
  expect(given).toMatchObject({ state: 'given' })
  return { given, receipt: String(given.receipt), ...readReceipt(String(given.receipt))! }
}

describe.skipIf(!need('mosquitto'))('the desk of a box, from home', () => {
  it('offers, takes in, shows and lets go as it does in the shop', async () => {
    const { desk, shoppers, heard } = await chain()
    expect(await desk.offer('nl')).toMatchObject({ language: 'nl', isOpen: true, purposes: [{ id: 'offers' }] })
    const { secret, handles } = await checkIn(shoppers, desk)
    expect(await ask(desk, { ask: 'see', secret })).toMatchObject({ state: 'seen', kind: 'visit' })
    expect(await ask(desk, { ask: 'leave', secret }, handles)).toMatchObject({ state: 'left' })
    expect(shoppers.answer({ ask: 'see', secret }, 'here')).toEqual({ state: 'declined', why: 'unknown' })
    expect(await comes(() => heard.on('/consent').some(({ text }) => text.includes('"withdrawn"')))).toBe(true)
    expect(heard.heard.some(({ text }) => text.includes(secret))).toBe(false)
  })

  it('takes nobody in twice for one question, also when all of it is sent again', async () => {
    const { desk, shoppers, heard } = await chain()
    const { given } = await checkIn(shoppers, desk)
    const before = heard.on('/consent').length
    for (let i = 0; i < 3; i++) {
      const again = await desk.ask(given.request, 'somebody')
      expect(again).not.toBe(null)
    }
    expect(await comes(() => heard.on('/consent').length > before + 1, 300)).toBe(false)
  })

  it('answers a leave as often as it comes, but not before it was done', async () => {
    const { desk, shoppers, database } = await chain()
    const { secret } = await checkIn(shoppers, desk, { ask: 'join', choices: [{ purpose: 'offers', days: 30 }] })
    const { askKey } = (await desk.offer('nl'))!
    const { bytes, open } = sealQuestion(Buffer.from(askKey, 'base64url'), { ask: 'leave', secret })
    database.connection.pragma('query_only = ON')
    expect(shoppers.ask(bytes, 'relay')).toBe(undefined)
    database.connection.pragma('query_only = OFF')
    for (let i = 0; i < 3; i++) expect(open(shoppers.ask(bytes, 'relay')!)).toMatchObject({ state: 'left' })
    const see = sealQuestion(Buffer.from(askKey, 'base64url'), { ask: 'see', secret })
    expect(see.open(shoppers.ask(see.bytes, 'relay')!)).not.toMatchObject({ why: 'stale' })
    expect(see.open(shoppers.ask(see.bytes, 'relay')!)).toEqual({ state: 'declined', why: 'stale' })
  })

  it.each([
    ['just this visit', { ask: 'check-in', purposes: ['offers'] }],
    ['longer', { ask: 'join', choices: [{ purpose: 'offers', days: 30 }] }],
  ])('ends %s that was left while the box was off: erased at once, and the box hears of it first', async (_, how) => {
    const { open, close, desk, shoppers, heard } = await chain()
    const { secret, receipt, handles } = await checkIn(shoppers, desk, how)
    await comes(() => heard.on('/consent').length > 0)
    await close()
    expect(await desk.leave(receipt, 'somebody')).toBe('kept')
    expect(await comes(() => heard.on('/request').some(({ text }) => text.includes(handles[0]!)))).toBe(true)
    expect(shoppers.answer({ ask: 'see', secret }, 'here')).toMatchObject({ state: 'seen' })
    await open()
    expect(await comes(() => heard.on('/consent').some(({ text }) => text.includes('"withdrawn"')))).toBe(true)
    expect(shoppers.answer({ ask: 'see', secret }, 'here')).not.toMatchObject({ purposes: [{ state: 'given' }] })
  })
})
