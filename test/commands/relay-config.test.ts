import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readRelayConfig } from '../../src/commands/relay-config.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import { issueReceipt, readReceipt } from '../../src/consent/receipt.ts'
import { packReceipt } from '../../src/consent/receipt-code.ts'
import { drempel } from '../support/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'drempel-relay-config-'))
const file = join(folder, 'relay.yaml')
writeFileSync(join(folder, 'page.pem'), '-----BEGIN CERTIFICATE-----\n')
writeFileSync(join(folder, 'page.key'), '-----BEGIN PRIVATE KEY-----\n')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const good = {
  organisation: 'acme',
  address: 'https://shops.acme.example',
  certificate: { cert: 'page.pem', key: 'page.key' },
  upstream: { url: 'mqtts://broker.acme.example:8883' },
}
const read = (changes: object = {}) => readRelayConfig(JSON.stringify({ ...good, ...changes }), file)
const pathsOf = (changes: object) => {
  const checked = read(changes)
  return 'problems' in checked ? checked.problems.map(({ path }) => path) : []
}

describe('the configuration of the relay', () => {
  it('has defaults, and paths relative to its file', () => {
    expect(read()).toMatchObject({
      config: {
        listen: '0.0.0.0:8443',
        proxies: [],
        data: '/var/lib/drempel-relay',
        certificate: { cert: join(folder, 'page.pem'), key: join(folder, 'page.key') },
      },
    })
    expect(read({ data: 'here' })).toMatchObject({ config: { data: join(folder, 'here') } })
  })

  it('needs a certificate, unless it listens on this machine alone', () => {
    expect(pathsOf({ certificate: undefined })).toEqual(['certificate'])
    expect(pathsOf({ certificate: undefined, listen: '192.0.2.1:443' })).toEqual(['certificate'])
    for (const listen of ['127.0.0.1:8080', '[::1]:8080', 'localhost:0']) {
      expect(pathsOf({ certificate: undefined, listen })).toEqual([])
    }
  })

  it.each<[string, object, string]>([
    ['a key too many', { store: 'nl-0042' }, 'store'],
    ['no organisation', { organisation: undefined }, 'organisation'],
    ['an organisation with a slash', { organisation: 'acme/#' }, 'organisation'],
    ['an address without TLS', { address: 'http://shops.acme.example' }, 'address'],
    ['an address with a path', { address: 'https://shops.acme.example/x' }, 'address'],
    ['a port too high', { listen: '0.0.0.0:99999' }, 'listen'],
    ['half a certificate', { certificate: { cert: 'page.pem' } }, 'certificate.key'],
    ['a certificate that is not there', { certificate: { cert: 'no.pem', key: 'page.key' } }, 'certificate.cert'],
    ['a key for a certificate', { certificate: { cert: 'page.key', key: 'page.key' } }, 'certificate.cert'],
    ['a proxy with a name', { proxies: ['proxy.example'] }, 'proxies[0]'],
    ['a broker with a password in its address', { upstream: { url: 'mqtts://a:b@c.example' } }, 'upstream.url'],
  ])('refuses %s', (_, changes, path) => expect(pathsOf(changes)).toEqual([path]))

  it.each(['', '[]', 'organisation: [', '{', 'a: &b 1'])('never throws: %j', (text) => {
    expect(readRelayConfig(text, file)).toHaveProperty('problems')
  })

  it('that is wrong or not there ends the command in one sentence', async () => {
    expect(await drempel(['relay', '--config', join(folder, 'none.yaml')])).toMatchObject({ code: 1 })
    writeFileSync(file, JSON.stringify({ ...good, listen: '0.0.0.0:99999' }))
    const { code, stderr } = await drempel(['relay', '--config', file])
    expect([code, stderr.includes('listen')]).toEqual([1, true])
  })

  it('names the port that another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const config = { ...good, certificate: undefined, listen: `127.0.0.1:${port}`, data: 'data' }
    writeFileSync(file, JSON.stringify({ ...config, upstream: { url: 'mqtt://127.0.0.1:1' } }))
    const { code, stderr } = await drempel(['relay', '--config', file])
    other.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`127.0.0.1:${port} (EADDRINUSE)`)
  })
})

describe('what somebody pastes to leave', () => {
  const secret = randomBytes(16)
  const handle = randomBytes(16).toString('base64url')
  const written = secret.toString('base64url')
  const purpose = { purpose: 'offers', handle, notice: `sha256:${'ab'.repeat(32)}`, until: 2e12, recipient: 'Acme' }
  const text = issueReceipt(
    {
      id: '0f0d7c3e-0b6c-4f55-9a58-0a8d0b7f7f10',
      principal: randomBytes(16).toString('base64url'),
      jurisdiction: 'NL',
      language: 'nl',
      agreedAt: 1.8e12,
      method: 'page',
      controller: { name: 'Acme', contact: 'privacy@acme.example' },
      service: 'Acme Spuistraat',
      policyUrl: '',
      purposes: [purpose],
    },
    secret,
    boxKeysOf(randomBytes(32)).signer,
  )

  it('is a receipt, its code or its secret', () => {
    expect(readReceipt(text)).toEqual({ secret: written, handles: [handle] })
    expect(readReceipt(packReceipt(text))).toEqual({ secret: written, handles: [handle] })
    expect(readReceipt(written)).toEqual({ secret: written, handles: [] })
  })

  it.each(['', 'x', `${written}=`, text.slice(1), text.replace('offers', 'others'), '{}'])(
    'else nothing: %.20j',
    (other) => {
      expect(readReceipt(other)).toBe(undefined)
    },
  )
})
