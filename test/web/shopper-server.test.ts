import { Writable } from 'node:stream'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { languages } from '../../src/web/languages/languages.ts'
import type { ShopperParts } from '../../src/web/shopper/parts.ts'
import { createShopperServer } from '../../src/web/shopper/server.ts'
import { createFakeDesk, type FakeDesk } from '../support/fake-desk.ts'

const host = 'shop.example'
const minute = 60_000
const secret = `${'A'.repeat(21)}w`
const sealed = 'A'.repeat(1490)
const form = { 'content-type': 'application/x-www-form-urlencoded' }

let desk: FakeDesk
let now = 0
let asks: { from: string; erase: readonly string[] }[]
beforeEach(() => {
  desk = createFakeDesk()
  asks = []
  now = 0
  // These tests look at the door; what is behind it is another's.
  desk.ask = async (_sealed, from, erase) => {
    asks.push({ from, erase })
    return 'answer'
  }
})

function open(change: Partial<ShopperParts> = {}): FastifyInstance {
  const clock = { now: () => now, monotonic: () => now, isTrusted: () => true, after: () => () => {} }
  return createShopperServer({ shop: { desk }, isSecure: true, hosts: (name) => name === host, clock, ...change })
}

function ask(server = open(), change: InjectOptions = {}) {
  const told = Object.entries({ host, 'sec-fetch-site': 'same-origin', ...change.headers })
  // undefined takes a usual header away.
  const headers = Object.fromEntries(told.filter(([, value]) => value !== undefined))
  return server.inject({ method: 'POST', url: '/ask', payload: { sealed }, ...change, headers })
}

function leave(server = open(), change: InjectOptions = {}) {
  return ask(server, {
    url: '/leave',
    payload: `receipt=${secret}`,
    ...change,
    headers: { ...form, ...change.headers },
  })
}

/** Nothing reached the desk. */
function expectNothing(): void {
  expect(asks).toEqual([])
  expect(desk.left).toEqual([])
}

describe('whom the page turns away', () => {
  test('nobody who comes from the page itself', async () => {
    expect((await ask()).json()).toEqual({ sealed: 'answer' })
    expect((await leave()).statusCode).toBe(404)
    expect(desk.left).toEqual([secret])
  })

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere', { 'sec-fetch-site': 'none' }],
    ['a browser that only names an origin', { 'sec-fetch-site': undefined, origin: 'https://evil.example' }],
    ['an origin that only begins like ours', { 'sec-fetch-site': undefined, origin: `https://${host}.evil.example` }],
  ])('posts that come from %s', async (_from, headers) => {
    const server = open()
    for (const answer of [
      await ask(server, { headers }),
      await leave(server, { headers }),
      await leave(server, { url: '/refuse', headers }),
    ]) {
      expect(answer.statusCode).toBe(403)
      expect(answer.headers).not.toHaveProperty('set-cookie')
      expect(answer.body).not.toContain('evil')
    }
    expectNothing()
  })

  test('no old browser that cannot say where its form is from', async () => {
    expect((await leave(open(), { headers: { 'sec-fetch-site': undefined } })).statusCode).toBe(404)
    expect((await leave(open(), { headers: { 'sec-fetch-site': undefined, origin: 'null' } })).statusCode).toBe(404)
    expect(
      (await leave(open(), { headers: { 'sec-fetch-site': undefined, origin: `https://${host}` } })).statusCode,
    ).toBe(404)
  })

  test.each(['evil.example', `${host}.evil.example`, '', '127.0.0.1'])('the strange name "%s"', async (name) => {
    const server = open()
    for (const url of ['/', '/offer', '/leave', '/shopper.js', '/screen']) {
      expect((await server.inject({ url, headers: { host: name } })).statusCode).toBe(421)
    }
    expect((await ask(server, { headers: { host: name } })).statusCode).toBe(421)
    expectNothing()
  })

  test.each(['PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const)('the method %s', async (method) => {
    for (const url of ['/', '/ask', '/leave']) {
      expect((await open().inject({ method, url, headers: { host } })).statusCode).toBe(405)
    }
  })

  test.each([
    ['too long to be a question', { sealed: 'A'.repeat(9000) }, 413],
    ['longer than any question', { sealed: 'A'.repeat(6001) }, 400],
    ['too short to be sealed', { sealed: 'AAAA' }, 400],
    ['of other signs', { sealed: `${'A'.repeat(1490)}=` }, 400],
    ['with something more', { sealed, secret }, 400],
    ['with handles that are none', { sealed, erase: ['x'] }, 400],
    ['with too many handles', { sealed, erase: Array(17).fill(secret) }, 400],
    ['a list', [sealed], 400],
    ['no JSON', '{"sealed":', 400],
    ['a prototype', `{"__proto__":{"x":1},"sealed":"${sealed}"}`, 400],
  ])('a question that is %s', async (_what, payload, code) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await ask(open(), { payload, headers })
    expect(answer.statusCode).toBe(code)
    expect(answer.body.length).toBeLessThan(100)
    expectNothing()
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])(
    'a question that comes as %s',
    async (type) => {
      const answer = await ask(open(), { payload: JSON.stringify({ sealed }), headers: { 'content-type': type } })
      expect([400, 415]).toContain(answer.statusCode)
      expectNothing()
    },
  )

  test.each([
    ['empty', ''],
    ['without a receipt', 'language=nl'],
    ['two receipts in something else', `receipt=${secret}&other=1`],
    ['too long', `receipt=${'A'.repeat(16_385)}`],
    ['far too long', `receipt=${'A'.repeat(60_000)}`],
  ])('a leave that is %s', async (_what, payload) => {
    expect([400, 413, 415]).toContain((await leave(open(), { payload })).statusCode)
    expectNothing()
  })

  test.each([
    '/nothing',
    '/../package.json',
    '/..%2fserver.ts',
    '/%zz',
    '/shopper.css/',
    '/seal.js%00',
    '//evil.example',
    '/s/a/b/',
    '/ask',
    '/refuse',
  ])('the path %s, and repeats nothing of it', async (url) => {
    const { statusCode, body, headers } = await open().inject({ url, headers: { host } })
    expect([400, 404]).toContain(statusCode)
    expect(body).not.toContain(url.slice(1))
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  })
})

describe('who asks too often', () => {
  test('is asked to wait, nobody else is, and may again after a minute', async () => {
    const server = open()
    const from = (remoteAddress: string) => ask(server, { remoteAddress })
    for (let count = 0; count < 60; count++) expect((await from('192.0.2.1')).statusCode).toBe(200)
    const refused = await from('192.0.2.1')
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '60'])
    expect((await leave(server, { remoteAddress: '192.0.2.1' })).statusCode).toBe(429)
    expect((await from('192.0.2.2')).statusCode).toBe(200)
    now += minute
    expect((await from('192.0.2.1')).statusCode).toBe(200)
  })

  test('is one, with all the addresses of an IPv6 customer', async () => {
    const server = open()
    for (let count = 0; count < 60; count++) await ask(server, { remoteAddress: `2001:db8:0:1::${count.toString(16)}` })
    expect((await ask(server, { remoteAddress: '2001:db8:0:1:ffff::1' })).statusCode).toBe(429)
    expect((await ask(server, { remoteAddress: '2001:db8:0:2::1' })).statusCode).toBe(200)
  })

  test('is held back all together, from however many addresses', async () => {
    const server = open()
    let passed = 0
    for (let count = 0; count < 1000; count++) {
      const { statusCode } = await ask(server, { remoteAddress: `198.51.${count >> 8}.${count & 255}` })
      if (statusCode === 200) passed++
    }
    expect(passed).toBe(600)
    expect((await server.inject({ url: '/', headers: { host } })).statusCode).toBe(200)
  })

  test('cannot choose another source by a header', async () => {
    const server = open()
    for (let count = 0; count < 60; count++) await ask(server, { headers: { 'x-forwarded-for': `192.0.2.${count}` } })
    expect((await ask(server, { headers: { 'x-forwarded-for': '192.0.2.99' } })).statusCode).toBe(429)
    expect(new Set(asks.map(({ from }) => from))).toEqual(new Set(['127.0.0.1']))
  })

  test('is known by the address that a proxy of ours names', async () => {
    const server = open({ proxies: ['127.0.0.1'] })
    await ask(server, { headers: { 'x-forwarded-for': '192.0.2.7' } })
    expect(asks[0]!.from).toBe('192.0.2.7')
  })
})

describe('without TLS', () => {
  const plain = { isSecure: false, hosts: (name: string) => [host, 'localhost'].includes(name) }

  test('nothing but reading and refusing is offered, with the reason', async () => {
    const server = open(plain)
    const remoteAddress = '192.0.2.1'
    for (const [code, words] of Object.entries(languages)) {
      const page = await server.inject({ url: `/?language=${code}`, headers: { host }, remoteAddress })
      expect(page.body).toContain(words.insecure)
      expect(page.body).not.toMatch(/<(input|textarea|select)(?! type="hidden")/)
      const leaving = await server.inject({ url: `/leave?language=${code}`, headers: { host }, remoteAddress })
      expect(leaving.body).not.toContain('<form')
    }
    expect((await leave(server, { url: '/refuse', payload: 'language=nl', remoteAddress })).statusCode).toBe(303)
  })

  test.each([
    ['from the network', { remoteAddress: '192.0.2.1', headers: { host } }],
    [
      'from the network, under the name of this machine',
      { remoteAddress: '192.0.2.1', headers: { host: 'localhost' } },
    ],
    ['through a proxy on this machine', { headers: { host: 'localhost', 'x-forwarded-for': '192.0.2.1' } }],
    ['on this machine under a name of the network', { headers: { host } }],
  ])('no question and no leave passes %s', async (_how, change) => {
    const server = open(plain)
    expect((await ask(server, change)).statusCode).toBe(403)
    expect((await leave(server, change)).statusCode).toBe(403)
    expectNothing()
  })

  test('this machine itself may', async () => {
    expect((await ask(open(plain), { headers: { host: 'localhost' } })).statusCode).toBe(200)
  })
})

describe("the shop's screen", () => {
  const screen = () => ({ shown: '0123456789ABC', seconds: 20 })
  const hosts = (name: string) => ['localhost', host].includes(name)

  test('shows the token here only', async () => {
    const server = open({ shop: { desk, screen, pageUrl: 'https://shop.example/' }, hosts })
    const here = await server.inject({ url: '/screen', headers: { host: 'localhost' } })
    expect(here.body).toContain('<span>0123</span> <span>4567</span> <span>89ABC</span>')
    expect(here.body).toContain('http-equiv="refresh" content="20"')
    for (const { language: _, ...words } of Object.values(languages)) expect(here.body).toContain(words.screenMeans)
    for (const change of [
      { remoteAddress: '192.0.2.1' },
      { headers: { host } },
      { headers: { host: 'localhost', 'x-forwarded-for': '127.0.0.1' } },
    ]) {
      const { statusCode, body } = await server.inject({ url: '/screen', headers: { host: 'localhost' }, ...change })
      expect(statusCode).toBe(404)
      expect(body).not.toContain('0123')
    }
  })

  test('is not there where there is no screen, and says so when there is no token', async () => {
    expect((await open({ hosts }).inject({ url: '/screen', headers: { host: 'localhost' } })).statusCode).toBe(404)
    const server = open({ shop: { desk, screen: () => null }, hosts })
    const none = await server.inject({ url: '/screen', headers: { host: 'localhost' } })
    for (const words of Object.values(languages)) expect(none.body).toContain(words.screenNone)
  })
})

describe('what an answer says', () => {
  test.each(['/', '/offer', '/leave', '/shopper.js', '/uqr.js', '/nothing', '/%zz'])(
    '%s carries the protecting headers',
    async (url) => {
      const { headers } = await open().inject({ url, headers: { host } })
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      expect(headers['content-security-policy']).not.toMatch(/unsafe|data:|https?:/)
      expect(headers).not.toHaveProperty('set-cookie')
      expect(headers).not.toHaveProperty('access-control-allow-origin')
      expect(headers['cache-control']).toBe(/\.js$/.test(url) ? 'no-cache' : 'no-store')
    },
  )

  test('a refusal is one cookie that says only that, for all shops of the address', async () => {
    const server = open()
    const answer = await leave(server, { url: '/refuse', payload: 'language=sv' })
    expect([answer.statusCode, answer.headers.location]).toEqual([303, './?language=sv'])
    expect(answer.headers['set-cookie']).toBe('refused=1; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly; Secure')
    const after = await server.inject({ url: '/?language=sv', headers: { host, cookie: 'a=b; refused=1' } })
    expect(after.body).toContain(languages.sv!.refused)
    expect(after.body).not.toContain('id="refuse"')
    expectNothing()
  })

  test('a receipt is never repeated, logged or put into an address', async () => {
    const said: string[] = []
    const listening = new Writable({
      write(piece, _encoding, done) {
        said.push(String(piece))
        done()
      },
    })
    const [out, error] = [process.stdout.write, process.stderr.write]
    process.stdout.write = listening.write.bind(listening)
    process.stderr.write = listening.write.bind(listening)
    try {
      const server = open()
      desk.leave = async () => {
        throw new Error(`it broke at ${secret}`)
      }
      const answer = await leave(server)
      expect(answer.statusCode).toBe(500)
      expect(answer.body + JSON.stringify(answer.headers)).not.toContain(secret)
      expect((await server.inject({ url: `/leave?receipt=${secret}`, headers: { host } })).body).not.toContain(secret)
    } finally {
      process.stdout.write = out
      process.stderr.write = error
    }
    expect(said.join('')).not.toContain(secret)
  })

  test.each([
    ['left', 200],
    ['erased', 200],
    ['kept', 202],
    ['unknown', 404],
    ['unreachable', 503],
    ['too-many-tries', 429],
  ] as const)('a leave that ends as %s is told in the language of the page', async (outcome, code) => {
    desk.leave = async () => outcome
    const answer = await leave(open(), { payload: `receipt=${secret}&language=de` })
    expect(answer.statusCode).toBe(code)
    expect(answer.body).toContain(languages.de![`leave-${outcome}`])
  })

  test('a box that does not answer is said, and leaving stays open', async () => {
    desk.isOn = false
    desk.ask = async () => null
    const server = open()
    const page = await server.inject({ url: '/?language=en', headers: { host } })
    expect(page.statusCode).toBe(503)
    expect(page.body).toContain(languages.en!.unreachable)
    expect(page.body).toContain('href="leave?language=en"')
    expect((await ask(server)).statusCode).toBe(503)
    expect((await server.inject({ url: '/leave', headers: { host } })).statusCode).toBe(200)
  })

  test('whatever the box tells stays text', async () => {
    const offer = (await desk.offer('en'))!
    const nasty = `</script><script>alert(1)</script>"'&<b>`
    const [purpose] = offer.purposes
    desk.offer = async () => ({
      ...offer,
      shop: { ...offer.shop, name: nasty, contact: nasty },
      purposes: [{ ...purpose!, text: nasty, benefit: nasty }],
    })
    const { body } = await open().inject({ url: '/?language=en', headers: { host } })
    expect(body).not.toContain('<b>')
    expect(body).not.toContain('<script>')
    const [, data] = /id="offer">([^<]*)<\/script>/.exec(body)!
    expect(JSON.parse(data!).shop.name).toBe(nasty)
  })

  test('the language is the asked one, else the browser’s, else the shop’s first; the texts of the shop go along', async () => {
    const langOf = async (url: string, headers = {}) => {
      const { body } = await open().inject({ url, headers: { host, ...headers } })
      return /<html lang="(\w+)"/.exec(body)![1]
    }
    expect(await langOf('/?language=sv', { 'accept-language': 'de' })).toBe('sv')
    expect(await langOf('/', { 'accept-language': 'fi, de;q=0.8' })).toBe('de')
    expect(await langOf('/?language=xx')).toBe('nl')
    expect(await langOf('/?language=%3Cscript%3E')).toBe('nl')
    expect(await langOf('/?language=sv&language=de')).toBe('nl')
    const { body } = await open().inject({ url: '/?language=de', headers: { host } })
    expect(body).toContain('Sag, dass ich da bin, für Angebote.')
  })

  test('a shop that asks for nothing, or is closed, asks nothing', async () => {
    desk.hasPurposes = false
    const nothing = await open().inject({ url: '/?language=en', headers: { host } })
    expect(nothing.body).toContain(languages.en!.nothingOffered)
    expect(nothing.body).not.toContain('<form')
    desk.hasPurposes = true
    desk.isOpen = false
    const shut = await open().inject({ url: '/?language=en', headers: { host } })
    expect(shut.body).toContain(languages.en!.closed)
    expect(shut.body).not.toContain('id="token"')
  })
})

describe('at head office', () => {
  const shops = () => open({ shop: (store, gateway) => (store === 'gouda' && gateway === '1' ? { desk } : undefined) })

  test('each shop has its place, with everything that it names', async () => {
    const server = shops()
    const page = await server.inject({ url: '/s/gouda/1/', headers: { host } })
    const named = [...page.body.matchAll(/(?:href|src|action)="([a-z][^"?]*)/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(4)
    for (const name of named.filter((one) => one !== 'refuse')) {
      expect((await server.inject({ url: `/s/gouda/1/${name}`, headers: { host } })).statusCode, name).toBe(200)
    }
    expect((await ask(server, { url: '/s/gouda/1/ask', payload: { sealed, erase: [secret] } })).json()).toEqual({
      sealed: 'answer',
    })
    expect(asks[0]!.erase).toEqual([secret])
    expect((await server.inject({ url: '/s/gouda/1', headers: { host } })).headers.location).toBe('/s/gouda/1/')
  })

  test.each(['/s/gouda/2/', '/s/x/1/offer', '/', '/offer', '/s/gouda/1/2/', '/s/gouda/1/screen', '/s/%2e%2e/1/'])(
    'nothing is at %s',
    async (url) => {
      expect((await shops().inject({ url, headers: { host } })).statusCode).toBe(404)
    },
  )
})

test('the page weighs little: an old phone on a bad line', async () => {
  const server = open()
  const page = (await server.inject({ url: '/?language=de', headers: { host } })).body
  const names = [
    'shopper.css',
    'shopper.js',
    'desk.js',
    'seal.js',
    'joining.js',
    'mine.js',
    'page.js',
    'receipt.js',
    'receipt-part.js',
    'qr.js',
    'uqr.js',
    'shelf.js',
    'tag.js',
    'mark.svg',
  ]
  let bytes = Buffer.byteLength(page)
  for (const name of names) bytes += (await server.inject({ url: `/${name}`, headers: { host } })).rawPayload.length
  expect(Buffer.byteLength(page)).toBeLessThan(25_000)
  expect(bytes).toBeLessThan(100_000)
})
