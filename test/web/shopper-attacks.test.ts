import type { FastifyInstance, InjectOptions } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { languages } from '../../src/web/languages/languages.ts'
import type { ShopperParts } from '../../src/web/shopper/parts.ts'
import { createDoor, type Door, host, sealed, secret } from '../support/shopper-door.ts'

let door: Door
beforeEach(() => {
  door = createDoor()
})
const open = (change?: Partial<ShopperParts>) => door.open(change)
const ask = (server?: FastifyInstance, change?: InjectOptions) => door.ask(server, change)
const leave = (server?: FastifyInstance, change?: InjectOptions) => door.leave(server, change)

describe('whom the page turns away', () => {
  test('nobody who comes from the page itself', async () => {
    const answers = [await ask(), await leave(), await leave(open(), { url: '/refuse', payload: 'language=nl' })]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 404, 303])
    for (const { headers } of answers) expect(headers['cache-control']).toBe('no-store')
    expect(answers[0]!.json()).toEqual({ sealed: 'answer' })
    expect(door.desk.left).toEqual([secret])
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
    door.expectNothing()
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
    door.expectNothing()
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
    door.expectNothing()
  })

  test.each([
    ['text/plain', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/xml', 415],
    ['application/x-www-form-urlencoded', 400],
  ])('a question that comes as %s', async (type, code) => {
    const answer = await ask(open(), { payload: JSON.stringify({ sealed }), headers: { 'content-type': type } })
    expect(answer.statusCode).toBe(code)
    door.expectNothing()
  })

  test.each([
    ['empty', ''],
    ['without a receipt', 'language=nl'],
    ['two receipts in something else', `receipt=${secret}&other=1`],
    ['too long', `receipt=${'A'.repeat(16_385)}`],
    ['far too long', `receipt=${'A'.repeat(60_000)}`],
  ])('a leave that is %s', async (_what, payload) => {
    expect([400, 413, 415]).toContain((await leave(open(), { payload })).statusCode)
    door.expectNothing()
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
    door.now += 60_000
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
    expect(new Set(door.asks.map(({ from }) => from))).toEqual(new Set(['127.0.0.1']))
  })

  test('is known by the address that a proxy of ours names', async () => {
    const server = open({ proxies: ['127.0.0.1'] })
    await ask(server, { headers: { 'x-forwarded-for': '192.0.2.7' } })
    expect(door.asks[0]!.from).toBe('192.0.2.7')
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
    door.expectNothing()
  })

  test('this machine itself may', async () => {
    expect((await ask(open(plain), { headers: { host: 'localhost' } })).statusCode).toBe(200)
  })
})
