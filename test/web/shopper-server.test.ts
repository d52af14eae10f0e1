import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { languages } from '../../src/web/languages/languages.ts'
import type { ShopperParts } from '../../src/web/shopper/parts.ts'
import { makeCertificates } from '../support/certificates.ts'
import { createDoor, type Door, host, sealed, secret } from '../support/shopper-door.ts'

let door: Door
beforeEach(() => {
  door = createDoor()
})
const open = (change?: Partial<ShopperParts>) => door.open(change)
const ask = (server?: FastifyInstance, change?: InjectOptions) => door.ask(server, change)
const leave = (server?: FastifyInstance, change?: InjectOptions) => door.leave(server, change)

describe("the shop's screen", () => {
  const screen = () => ({ shown: '0123456789ABC', seconds: 20 })
  const hosts = (name: string) => ['localhost', host].includes(name)

  test('shows the token here only', async () => {
    const server = open({ shop: { desk: door.desk, screen, pageUrl: 'https://shop.example/' }, hosts })
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

  test('asks the desk in a language that there is', async () => {
    const asked: string[] = []
    const { offer } = door.desk
    door.desk.offer = async (language) => {
      asked.push(language)
      return offer(language)
    }
    const server = open({ shop: { desk: door.desk, screen }, hosts })
    for (const url of ['/screen', '/', '/offer', '/offer?language=', '/?language=<b>']) {
      await server.inject({ url, headers: { host: 'localhost' } })
    }
    expect(asked.length).toBeGreaterThanOrEqual(5)
    expect(asked.filter((language) => !(language in languages))).toEqual([])
  })

  test('is not there where there is no screen, and says so when there is no token', async () => {
    expect((await open({ hosts }).inject({ url: '/screen', headers: { host: 'localhost' } })).statusCode).toBe(404)
    const server = open({ shop: { desk: door.desk, screen: () => null }, hosts })
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
    door.expectNothing()
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
      door.desk.leave = async () => {
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
    door.desk.leave = async () => outcome
    const answer = await leave(open(), { payload: `receipt=${secret}&language=de` })
    expect(answer.statusCode).toBe(code)
    expect(answer.body).toContain(languages.de![`leave-${outcome}`])
  })

  test('a box that does not answer is said, and leaving stays open', async () => {
    door.desk.isOn = false
    door.desk.ask = async () => null
    const server = open()
    const page = await server.inject({ url: '/?language=en', headers: { host } })
    expect(page.statusCode).toBe(503)
    expect(page.body).toContain(languages.en!.unreachable)
    expect(page.body).toContain('href="leave?language=en"')
    expect((await ask(server)).statusCode).toBe(503)
    expect((await server.inject({ url: '/leave', headers: { host } })).statusCode).toBe(200)
  })

  test('whatever the box tells stays text', async () => {
    const offer = (await door.desk.offer('en'))!
    const nasty = `</script><script>alert(1)</script>"'&<b>`
    const [purpose] = offer.purposes
    door.desk.offer = async () => ({
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
    door.desk.hasPurposes = false
    const nothing = await open().inject({ url: '/?language=en', headers: { host } })
    expect(nothing.body).toContain(languages.en!.nothingOffered)
    expect(nothing.body).not.toContain('<form')
    door.desk.hasPurposes = true
    door.desk.isOpen = false
    const shut = await open().inject({ url: '/?language=en', headers: { host } })
    expect(shut.body).toContain(languages.en!.closed)
    expect(shut.body).not.toContain('id="token"')
  })
})

describe('at head office', () => {
  const shops = () =>
    open({ shop: (store, gateway) => (store === 'gouda' && gateway === '1' ? { desk: door.desk } : undefined) })

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
    expect(door.asks[0]!.erase).toEqual([secret])
    expect((await server.inject({ url: '/s/gouda/1', headers: { host } })).headers.location).toBe('/s/gouda/1/')
  })

  test.each(['/s/gouda/2/', '/s/x/1/offer', '/', '/offer', '/s/gouda/1/2/', '/s/gouda/1/screen', '/s/%2e%2e/1/'])(
    'nothing is at %s',
    async (url) => {
      expect((await shops().inject({ url, headers: { host } })).statusCode).toBe(404)
    },
  )
})

test('speaks TLS itself with a certificate of its own', async () => {
  const { broker, ca, folder } = makeCertificates()
  const tls = { cert: readFileSync(broker.cert), key: readFileSync(broker.key) }
  const server = open({ tls, hosts: () => true })
  await server.listen({ host: '127.0.0.1', port: 0 })
  try {
    const { port } = server.server.address() as AddressInfo
    const asked = get({ host: '127.0.0.1', port, path: '/leave', ca: readFileSync(ca) })
    const [answer] = await once(asked, 'response')
    answer.resume()
    expect(answer.statusCode).toBe(200)
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
})

test('the page weighs little: an old phone on a bad line', async () => {
  const server = open()
  const weigh = async (url: string) => {
    const { statusCode, rawPayload } = await server.inject({ url, headers: { host } })
    expect(statusCode, url).toBe(200)
    return rawPayload.length
  }
  const [page, style] = [await weigh('/?language=de'), await weigh('/shopper.css')]
  const names = [
    'shopper',
    'desk',
    'seal',
    'joining',
    'arrive',
    'mine',
    'page',
    'receipt',
    'receipt-part',
    'shelf',
    'tag',
  ]
  let scripts = 0
  for (const name of names) scripts += await weigh(`/${name}.js`)
  // To read and to refuse; to join as well; to see one's receipt as a picture as well.
  expect(page + style).toBeLessThan(30_000)
  expect(page + style + scripts).toBeLessThan(70_000)
  expect(page + style + scripts + (await weigh('/qr.js')) + (await weigh('/uqr.js'))).toBeLessThan(100_000)
})
