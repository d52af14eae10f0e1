import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sealQuestion } from '../../src/base/ask-seal.ts'
import { toReadable } from '../../src/base/base-codes.ts'
import { optInUuid } from '../../src/base/opt-in-advert.ts'
import type { Answer } from '../../src/consent/desk-answers.ts'
import { type Received, startReader } from '../../src/headoffice/reader.ts'
import { createTag, type Tag } from '../../src/shopper/tag.ts'
import { type Bluez, canRunBluez, startBluez } from '../support/bluez/bluez.ts'
import { makeCertificates } from '../support/certificates.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { startDrempel } from '../support/process.ts'

// The identifier of this tag changes every two seconds, so that 20 changes pass in less than a minute.
const exponent = 1
const changes = 20
const served = /https:\/\/127\.0\.0\.1:\d+\//

/** `drempel run` with a real radio driver, on a bus of its own, before a broker and head office that erases. */
describe.skipIf(!canRunBluez() || !need('mosquitto'))('a tag over the radio', { timeout: 180_000 }, () => {
  let bluez: Bluez
  let box: ChildProcess
  let home: string
  let url: string
  const received: Received[] = []
  const endings: (() => unknown)[] = []

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'drempel-tag-'))
    bluez = await startBluez({ experimental: true, adapters: ['hci0', 'hci1'] })
    const broker = await startMosquitto()
    const onRelease = (one: Received) => void received.push(one)
    const reader = startReader({ url: broker.url, root: 'drempel/v1/acme', stored: true, erases: true, onRelease })
    await reader.ready
    endings.push(
      () => bluez.stop(),
      () => broker.stop(),
      () => reader.close(),
    )
    const { broker: pair } = makeCertificates()
    writeFileSync(
      join(home, 'shop.yaml'),
      `
organisation: acme
store: { id: nl-0042, name: Acme Spuistraat, country: NL, timezone: UTC, opening: "00:00-24:00", languages: [nl] }
controller: { name: Acme Retail BV, contact: privacy@acme.example }
gateway: gw-1
zones: [{ id: entrance, name: Entrance }, { id: shoes, name: Shoes, kind: area }]
sensors: [{ id: radio, kind: ble, zone: entrance, adapter: hci0 }, { id: radio-2, kind: ble, zone: shoes, adapter: hci1 }]
purposes: [{ id: offers, texts: { nl: "Aanbiedingen." }, benefit: "Koffie.", recipient: Acme Retail BV, retention: 30d, quiet: "03:00-03:01" }]
upstream: { url: "${broker.url}" }
web: { public: "127.0.0.1:0", certificate: { cert: ${pair.cert}, key: ${pair.key} } }
data: ${join(home, 'data')}
clock: trusted
`,
    )
    await start()
  }, 60_000)

  afterAll(async () => {
    await stop()
    for (const end of endings.reverse()) await end()
    rmSync(home, { recursive: true })
  })

  async function start(): Promise<void> {
    let log = ''
    const env = { DREMPEL_LOG: 'info', RUNTIME_DIRECTORY: home, DBUS_SYSTEM_BUS_ADDRESS: bluez.address }
    box = startDrempel(['run', '--config', join(home, 'shop.yaml')], env)
    for (const stream of [box.stdout!, box.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (log += text))
    await vi.waitFor(() => expect(log).toMatch(served), { timeout: 20_000 })
    url = served.exec(log)![0]
  }

  async function stop(): Promise<void> {
    const ended = once(box, 'exit')
    box.kill('SIGTERM')
    await ended
  }

  function fetchJson(path: string, body?: object): Promise<Record<string, unknown>> {
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
    const headers = body ? { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' } : {}
    const asked = request(
      url + path,
      { rejectUnauthorized: false, method: body ? 'POST' : 'GET', headers },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () => resolve(JSON.parse(text)))
      },
    )
    asked.on('error', reject).end(body && JSON.stringify(body))
    return promise
  }

  /** Asks as the page does: sealed for the box, with what the offer says now. */
  async function ask(question: object): Promise<Answer> {
    const offer = await fetchJson('offer?language=nl')
    const isFreshNeeded = ['join', 'tag-token'].includes((question as { ask: string }).ask)
    const whole = isFreshNeeded ? { fresh: offer.fresh, ...question } : question
    const sealed = sealQuestion(Buffer.from(String(offer.askKey), 'base64url'), whole)
    const answer = await fetchJson('ask', { sealed: sealed.bytes.toString('base64url') })
    return sealed.open(Buffer.from(String(answer.sealed), 'base64url')) as Answer
  }

  /** What the beacon says on the air. */
  async function heardTokens(): Promise<string[]> {
    const { advertisements } = (await bluez.state()).adapters.hci0!
    return advertisements.map(({ properties }) => String((properties.ServiceData as Record<string, string>)[optInUuid]))
  }

  const say = (tag: Tag, rssi = -60, adapter = 'hci0') =>
    bluez.advert({ address: '4A:01:02:03:04:05', type: 'random', rssi, data: tag.advert().toString('hex'), adapter })
  const ofShoppers = () => received.filter(({ kind }) => kind === 'signal' || kind === 'consent')
  const told = () => ofShoppers().map(({ message: { event, void: gone } }) => (gone ? 'void' : String(event)))

  let secret: string
  let tag: Tag

  it('the beacon says a token by which a shopper joins, and another one after it', async () => {
    await vi.waitFor(async () => expect(await heardTokens()).toHaveLength(1), { timeout: 10_000 })
    const [token] = await heardTokens()
    const given = await ask({
      ask: 'join',
      token: toReadable(Buffer.from(token!, 'hex')),
      age: 40,
      language: 'nl',
      choices: [{ purpose: 'offers', days: 30 }],
    })
    expect(given).toMatchObject({ state: 'given', kind: 'record' })
    secret = given.state === 'given' ? JSON.parse(given.receipt).secret : ''
    await vi.waitFor(async () => expect(await heardTokens()).not.toContain(token), { timeout: 35_000, interval: 200 })
    expect((await heardTokens()).length).toBeGreaterThan(0)
  })

  it('a tag that is held to it and handed over is known', async () => {
    const begun = await ask({ ask: 'tag-token', secret })
    if (begun.state !== 'tag') throw new Error(JSON.stringify(begun))
    tag = createTag({ publicKeyOfBox: Buffer.from(begun.publicKey, 'base64url'), now: Date.now, exponent })!
    const { publicKey, counter } = tag.handOver(Buffer.from(begun.tagToken, 'base64url'))
    const offer = { tagToken: begun.tagToken, by: 'nfc', publicKey: publicKey.toString('base64url'), exponent, counter }
    await ask({ ask: 'tag', ...offer })
    for (let i = 0; i < 12; i++) {
      await say(tag, -38)
      await pause(250)
    }
    await vi.waitFor(async () => expect(await ask({ ask: 'tag-state', secret })).toMatchObject({ phase: 'enrolled' }))
    expect(told()).toEqual(['given', 'arrived'])
  })

  it('it is recognised across 20 changes and a restart, and says so no more often than was agreed', async () => {
    const heard: string[] = []
    for (let i = 0; i < changes; i++) {
      if (i === changes / 2) {
        await stop()
        await start()
        // Until the radio hears again.
        await pause(2000)
      }
      // One look into the other zone before the restart, and one after it.
      await say(tag, -60, i === 4 || i === changes - 3 ? 'hci1' : 'hci0')
      heard.push(tag.advert().subarray(-8).toString('hex'))
      await pause(2 ** exponent * 1000)
    }
    expect(new Set(heard).size).toBeGreaterThanOrEqual(changes - 1)
    // One arrival in four hours, and three signals a visit: also the restart is no new visit.
    const zones = ofShoppers().map(({ message: { zone, event } }) => [event, zone])
    expect(zones).toEqual([
      ['given', undefined],
      ['arrived', 'entrance'],
      ['zone', 'shoes'],
      // Of the process after the restart, which forgot where they were, but not how often that was told.
      ['zone', 'shoes'],
    ])
    expect(await ask({ ask: 'see', secret })).toMatchObject({ state: 'seen', hasTag: true, isPaused: false })
  })

  it('a withdrawal silences it within five seconds, and head office is told and confirms', async () => {
    const began = performance.now()
    expect(await ask({ ask: 'leave', secret })).toMatchObject({ state: 'left' })
    expect(performance.now() - began).toBeLessThan(5000)
    await vi.waitFor(() => expect(told().at(-1)).toBe('withdrawn'), { timeout: 5000 })
    const before = ofShoppers().length
    for (let i = 0; i < 5; i++) {
      await say(tag)
      await pause(500)
    }
    expect(ofShoppers().length).toBe(before)
    await vi.waitFor(async () => expect(await ask({ ask: 'leave', secret })).toMatchObject({ erasure: 'confirmed' }), {
      timeout: 10_000,
    })
  })
})
