import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealQuestion } from '../../src/base/ask-seal.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { needlesOf } from '../../src/box/needles.ts'
import { searchBytes } from '../../src/box/places.ts'
import type { Identifier } from '../../src/box/spellings.ts'
import { askPair, offerIn } from '../support/asks.ts'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { openDoor } from '../support/door.ts'
import { searchMemory } from '../support/memory.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { missing, need } from '../support/need.ts'
import { handle, leaveOf, type StubBox, scratchFolder, send, stubBox } from '../support/relay.ts'
import { authority, type RelayProcess, searchAround, startRelay, trafficOf } from '../support/relay-process.ts'
import { comes, type Listener, listenTo } from '../support/uplink.ts'

const canRun = need('mosquitto') && need('openssl')
const canUnshare =
  need('unshare') &&
  need('ip') &&
  (spawnSync('unshare', ['-n', 'true']).status === 0 || missing('the right to unshare'))

describe.skipIf(!canRun)('drempel relay', () => {
  const { file, remove } = scratchFolder()
  let certificates: Certificates
  let mosquitto: Mosquitto
  let heard: Listener
  let box: StubBox
  let relay: RelayProcess
  let ca: Buffer

  async function start(): Promise<RelayProcess> {
    const started = await startRelay({ file, broker: mosquitto.url, certificate: certificates.broker })
    relay = started
    for (let i = 0; i < 50 && (await get('offer?language=nl')).code !== 200; i++) await pause(100)
    return started
  }
  const shop = () => `https://127.0.0.1:${relay.port}/s/nl-0042/gw-1`
  const get = (path: string, headers = {}) => send(`${shop()}/${path}`, { ca, headers })
  const post = (body: unknown, headers: object = {}) =>
    send(`${shop()}/ask`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ca, headers })
  const requests = () => heard.on('/request').map(({ text }) => JSON.parse(text))

  async function openBox(): Promise<void> {
    box = stubBox({ url: mosquitto.url })
    await comes(() => box.uplink.state().isConnected)
  }
  async function closeBox(): Promise<void> {
    await box.uplink.close()
    await comes(() => heard.on('/status').at(-1)!.text.includes('offline'))
    await pause(100)
  }

  beforeAll(async () => {
    certificates = makeCertificates()
    ca = authority(certificates.ca)
    mosquitto = await startMosquitto({ persistence: true })
    heard = await listenTo(mosquitto.url)
    await openBox()
    relay = await start()
  })
  afterAll(async () => {
    await relay?.end('SIGTERM')
    await box?.uplink.close()
    await heard?.close()
    await mosquitto?.stop()
    remove()
  })

  it('gives the offer over HTTPS, for nobody to keep', async () => {
    const { code, text, headers } = await get('offer?language=nl')
    expect(code).toBe(200)
    expect(JSON.parse(text)).toEqual(offerIn('nl'))
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers['set-cookie']).toBe(undefined)
  })

  it('passes a question on, and neither its memory, log, files nor the broker give away a word of it', async () => {
    const secret = randomBytes(16)
    const [token, age] = ['7QK4M0XR9TDBW', 'age-of-the-canary-0017']
    const question = { ask: 'see', secret: secret.toString('base64url'), token, age }
    const canaries: Identifier[] = [
      { name: 'secret', bytes: secret },
      { name: 'written secret', text: question.secret },
      { name: 'token', text: token },
      { name: 'age', text: age },
    ]
    const asked = sealQuestion(askPair.publicKey, question)
    for (let i = 0; i < 20; i++) {
      const { code, text } = await post({ sealed: asked.bytes.toString('base64url') })
      expect(code).toBe(200)
      expect(asked.open(Buffer.from(JSON.parse(text).sealed, 'base64url'))).toMatchObject({ state: 'seen' })
      await pause(60)
    }
    const found = searchAround({ relay, mosquitto, heard, folder: file('relay-data') }, canaries)
    expect(found.flatMap((one) => one.found)).toEqual([])
    expect(found.flatMap((one) => one.unsearched)).toEqual([])
    expect(found[0]!.bytes).toBeGreaterThan(20e6)
    // What passed through it sealed can be found, so the search would have found the rest.
    const passed: Identifier[] = [{ name: 'key of the question', bytes: asked.bytes.subarray(1, 66) }]
    expect(searchMemory(relay.pid, passed).found.length).toBeGreaterThan(0)
    expect(searchBytes(createMatcher(needlesOf(passed, [])), 'traffic', trafficOf(heard)).found.length).toBeGreaterThan(
      0,
    )
    expect(relay.said()).not.toMatch(/127\.0\.0\.1(?!:\d+")/)
    expect(relay.said().split('\n').filter(Boolean).length).toBeLessThan(5)
  })

  const sealed = leaveOf('a'.repeat(22)).sealed
  it.each<[string, unknown, object, number]>([
    ['no JSON', '{', {}, 400],
    ['nothing', '', {}, 400],
    ['null', 'null', {}, 400],
    ['a list', [], {}, 400],
    ['another key', { sealed, admin: true }, {}, 400],
    ['a prototype', `{"sealed":"${sealed}","__proto__":{"x":1}}`, {}, 400],
    ['a number', { sealed: 1 }, {}, 400],
    ['no base64url', { sealed: `${sealed.slice(0, -1)}+` }, {}, 400],
    ['too little', { sealed: 'A'.repeat(100) }, {}, 400],
    ['too much', { sealed: 'A'.repeat(9000) }, {}, 413],
    ['handles that are none', { sealed, erase: ['x'] }, {}, 400],
    ['a wrong handle among handles', { sealed, erase: [handle(1), 1] }, {}, 400],
    ['too many handles', { sealed, erase: Array(17).fill(handle(1)) }, {}, 400],
    ['a form', 'sealed=1', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
    ['text', JSON.stringify({ sealed }), { 'content-type': 'text/plain' }, 415],
    ['another site', { sealed }, { 'sec-fetch-site': 'cross-site' }, 403],
    ['another subdomain', { sealed }, { 'sec-fetch-site': 'same-site' }, 403],
    ['another origin', { sealed }, { origin: 'https://evil.example' }, 403],
    ['another host', { sealed }, { host: 'evil.example' }, 421],
    ['a host that only begins like ours', { sealed }, { host: 'shops.acme.example.evil.example' }, 421],
    ['what only looks sealed', { sealed: 'A'.repeat(1491) }, {}, 503],
  ])('turns away %s, and passes nothing on', async (_, body, headers, code) => {
    const before = requests().length
    const reply = await post(body, headers)
    expect(reply.code).toBe(code)
    expect(reply.text).not.toContain('evil')
    expect(reply.headers['access-control-allow-origin']).toBe(undefined)
    await pause(50)
    expect(requests()).toHaveLength(before)
  })

  it.each<[string, string, number]>([
    ['GET', '/s/nl-0042/gw-2/offer', 404],
    ['GET', '/s/nl-0042/%2b/offer', 404],
    ['GET', '/s/+/+/offer', 404],
    ['GET', '/s/nl-0042%2fgw-1/x/offer', 404],
    ['GET', '/s/nl-0042/gw-1/../../../etc/passwd', 404],
    ['GET', '/s/%E0%A4%A/gw-1/offer', 400],
    ['GET', '/', 404],
    ['GET', '/s/nl-0042/gw-1/ask', 404],
    ['PUT', '/s/nl-0042/gw-1/ask', 405],
    ['DELETE', '/s/nl-0042/gw-1/ask', 405],
    ['OPTIONS', '/s/nl-0042/gw-1/ask', 405],
    ['TRACE', '/s/nl-0042/gw-1/ask', 405],
    ['GET', `/${'a'.repeat(15_000)}`, 404],
  ])('knows no %s %.40s', async (method, path, code) => {
    const reply = await send(`https://127.0.0.1:${relay.port}${path}`, { method, ca })
    expect(reply.code).toBe(code)
  })

  it("is the shoppers' page, also for a browser that cannot seal", async () => {
    const page = await get('')
    expect([page.code, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.text).toContain('Acme Spuistraat')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const leaving = (receipt: string) =>
      send(`${shop()}/leave`, { method: 'POST', body: `receipt=${receipt}`, ca, headers: form })
    const before = box.questions.length
    expect((await leaving('nonsense')).code).toBe(404)
    expect((await leaving(`${'q'.repeat(21)}A`)).code).toBe(200)
    expect(box.questions.slice(before)).toEqual([{ ask: 'leave', secret: `${'q'.repeat(21)}A` }])
    expect(heard.heard.some(({ text }) => text.includes('qqqqq'))).toBe(false)
    expect(relay.said()).not.toContain('qqqqq')
  })

  it('paces who asks too often', async () => {
    const codes: number[] = []
    for (let i = 0; i < 70; i++) codes.push((await post({ sealed: 'A'.repeat(1491) })).code)
    expect(codes).toContain(429)
    expect((await get('offer?language=nl')).code).toBe(200)
  })

  it('keeps a leave when it is killed while the box is off, and the box hears of it first of all', async () => {
    await relay.end('SIGKILL')
    await start()
    await closeBox()
    const before = requests().length
    const reply = await post({ sealed, erase: [handle(1)] })
    expect([reply.code, reply.text]).toEqual([202, '{"state":"kept"}'])
    await comes(() => requests().length > before)
    expect(requests().at(-1)).toMatchObject({ sealed, erase: [handle(1)] })
    await relay.end('SIGKILL')
    await start()
    await openBox()
    expect(await comes(() => box.questions.length === 1)).toBe(true)
    expect(box.questions).toEqual([{ ask: 'leave', secret: 'a'.repeat(22) }])
    const { nonce } = requests().at(-1)
    expect(await comes(() => heard.on(`/answer/${nonce}`).length === 1)).toBe(true)
    await pause(300)
    const left = requests().length
    await relay.end('SIGTERM')
    await start()
    await pause(800)
    expect(
      requests()
        .slice(left)
        .filter((one) => one.sealed),
    ).toEqual([])
  })

  it.skipIf(!canUnshare)('is all that a phone outside the shop can reach, and enough', async () => {
    const shopsOwn = createServer().listen(0, '127.0.0.1')
    await once(shopsOwn, 'listening')
    const boxPort = (shopsOwn.address() as { port: number }).port
    const door = await openDoor(file('door'), relay.port)
    const phone = `ip link set lo up && exec "$0" test/headoffice/phone-in-namespace.ts "$@"`
    const args = [file('door'), '8443', certificates.ca, String(boxPort), String(mosquitto.port)]
    const { stdout } = await promisify(execFile)('unshare', ['-n', 'sh', '-c', phone, process.execPath, ...args])
    door.close()
    shopsOwn.close()
    expect(JSON.parse(stdout)).toEqual({
      shop: 'nl-0042',
      answer: { state: 'seen', since: 'today' },
      others: ['ECONNREFUSED', 'ECONNREFUSED'],
    })
  })
})

describe.skipIf(!canRun)('drempel relay without TLS', () => {
  it('reads only for whom a proxy speaks, and ends in peace', async () => {
    const { file, remove } = scratchFolder()
    const mosquitto = await startMosquitto()
    const box = stubBox({ url: mosquitto.url })
    await comes(() => box.uplink.state().isConnected)
    const relay = await startRelay({ file, broker: mosquitto.url, certificate: null })
    const shop = `http://127.0.0.1:${relay.port}/s/nl-0042/gw-1`
    for (let i = 0; i < 50 && (await send(`${shop}/offer`)).code !== 200; i++) await pause(100)
    const body = JSON.stringify({ sealed: leaveOf('a'.repeat(22)).sealed })
    const proxied = { 'x-forwarded-for': '192.0.2.7' }
    expect((await send(`${shop}/offer`, { headers: proxied })).code).toBe(200)
    expect((await send(`${shop}/ask`, { method: 'POST', body, headers: proxied })).code).toBe(403)
    expect((await send(`${shop}/ask`, { method: 'POST', body })).code).toBe(200)
    await relay.end('SIGTERM')
    await box.uplink.close()
    await mosquitto.stop()
    remove()
  })
})
