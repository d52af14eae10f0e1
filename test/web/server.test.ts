import { once } from 'node:events'
import { request as ask, get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createAudience } from '../../src/web/audience.ts'
import { readPageFiles } from '../../src/web/page-files.ts'
import { createPageServer, openPageServer, type PageServer } from '../../src/web/server.ts'

const host = '127.0.0.1:8080'
const files = readPageFiles('index.html')
const first = () => ({ kind: 'snapshot' })

const opened: PageServer[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

function server() {
  return createPageServer({ files, audience: createAudience(), first })
}

async function open(audience = createAudience(), port = 0): Promise<PageServer> {
  const page = await openPageServer({ files, audience, first }, port)
  opened.push(page)
  return page
}

async function watch(port: number): Promise<IncomingMessage> {
  const [response] = await once(get({ host: '127.0.0.1', port, path: '/live' }), 'response')
  return response
}

describe('the page server', () => {
  test('serves the page and every file that it names', async () => {
    const page = await server().inject({ url: '/', headers: { host } })
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    const named = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => `/${name}`)
    expect(named.length).toBeGreaterThan(2)
    for (const url of named) expect((await server().inject({ url, headers: { host } })).statusCode, url).toBe(200)
  })

  test.each(['/', '/demo.js', '/nothing', '/%zz'])('sends the protecting headers with %s', async (url) => {
    const { headers } = await server().inject({ url, headers: { host } })
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).not.toMatch(/unsafe|data:|https?:/)
    expect(headers).not.toHaveProperty('set-cookie')
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  test.each(['localhost', 'localhost:9000', '127.0.0.1:1', '[::1]:8080'])('answers to %s', async (name) => {
    expect((await server().inject({ url: '/', headers: { host: name } })).statusCode).toBe(200)
  })

  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:8080',
    '0.0.0.0:8080',
    'localhost:80@evil',
  ])('refuses the name "%s", also for the stream', async (name) => {
    for (const url of ['/', '/live']) {
      const answer = await server().inject({ url, headers: { host: name } })
      expect(answer.statusCode).toBe(421)
      expect(answer.body).not.toContain('evil')
    }
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const)('refuses %s', async (method) => {
    const answer = await server().inject({ method, url: '/', headers: { host }, payload: method === 'HEAD' ? '' : 'x' })
    expect(answer.statusCode).toBe(405)
    expect(answer.headers.allow).toBe('GET')
  })

  test.each([
    '/nothing',
    '/../package.json',
    '/..%2fserver.ts',
    '/pages/index.html',
    '/index.html',
    '/%zz',
    '/demo.js/',
  ])('has nothing at %s and repeats nothing of the question', async (url) => {
    const { statusCode, body } = await server().inject({ url, headers: { host } })
    expect([400, 404]).toContain(statusCode)
    expect(body).not.toContain(url.slice(1))
  })

  test('sends a file again only when it changed', async () => {
    const { headers } = await server().inject({ url: '/demo.css', headers: { host } })
    const again = await server().inject({ url: '/demo.css', headers: { host, 'if-none-match': String(headers.etag) } })
    expect(again.statusCode).toBe(304)
    expect(again.body).toBe('')
  })

  test('weighs less than 100 kB with everything', () => {
    const weight = [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(weight).toBeLessThan(100_000)
  })

  test('takes another port when the wanted one is taken', async () => {
    const one = await open()
    const other = await open(undefined, one.port)
    expect(other.port).not.toBe(one.port)
    const [answer] = await once(get({ host: '127.0.0.1', port: other.port, path: '/' }), 'response')
    expect(answer.statusCode).toBe(200)
  })

  test('closes at once, though somebody is watching and somebody else only connected', async () => {
    const { port } = await open()
    const watching = await watch(port)
    const idle = ask({ host: '127.0.0.1', port, path: '/', headers: { connection: 'keep-alive' } })
    idle.on('error', () => {})
    idle.flushHeaders()
    const begun = performance.now()
    await opened.pop()!.close()
    expect(performance.now() - begun).toBeLessThan(500)
    watching.destroy()
  })
})

describe('the live stream', () => {
  test('begins with all that went before and goes on with what is told', async () => {
    const audience = createAudience()
    const { port } = await open(audience)
    const response = await watch(port)
    expect(response.headers['content-type']).toBe('text/event-stream')
    expect(response.headers['content-security-policy']).toContain("default-src 'self'")
    audience.tell({ kind: 'moment', text: 'a  \n b' })
    let heard = ''
    for await (const piece of response) {
      heard += piece
      if (heard.includes('moment')) break
    }
    const messages = [...heard.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!))
    expect(messages).toEqual([{ kind: 'snapshot' }, { kind: 'moment', text: 'a  \n b' }])
  })

  test('has a seat for sixteen; the next one is asked to come back, and may when somebody left', async () => {
    const audience = createAudience()
    const { port } = await open(audience)
    const viewers = await Promise.all(Array.from({ length: 16 }, () => watch(port)))
    expect(viewers.every(({ statusCode }) => statusCode === 200)).toBe(true)
    const tooMany = await watch(port)
    expect(tooMany.statusCode).toBe(503)
    expect(tooMany.headers['retry-after']).toBe('10')
    viewers[0]!.destroy()
    await expect.poll(() => audience.size).toBe(15)
    expect((await watch(port)).statusCode).toBe(200)
  })

  test('drops a viewer who does not read, and nobody else', async () => {
    const audience = createAudience()
    const { port } = await open(audience)
    const asleep = await watch(port)
    asleep.on('error', () => {})
    asleep.pause()
    const awake = await watch(port)
    awake.resume()
    const message = { text: 'x'.repeat(20_000) }
    for (let told = 0; told < 2000 && audience.size > 1; told++) {
      audience.tell(message)
      await new Promise(setImmediate)
    }
    expect(audience.size).toBe(1)
    expect(awake.destroyed).toBe(false)
  })
})
