import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { second } from '../../src/base/duration.ts'
import type { UpstreamSettings } from '../../src/uplink/settings.ts'
import { type Certificates, makeCertificates, type Pair } from '../support/certificates.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { listeningLog, numbers } from '../support/outbox.ts'
import { comes, testUplink } from '../support/uplink.ts'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

describe.skipIf(!need('mosquitto') || !need('openssl'))('an uplink over TLS with a certificate of its own', () => {
  let files: Certificates
  beforeAll(() => {
    files = makeCertificates()
  })
  afterAll(() => rmSync(files.folder, { recursive: true }))

  async function broker(pair: Pair = files.broker): Promise<Mosquitto> {
    const mosquitto = await startMosquitto({ tls: { ca: files.ca, broker: pair } })
    endings.push(mosquitto.stop)
    return mosquitto
  }

  /** What it says when it cannot connect. */
  async function complaint(url: string, settings: Partial<UpstreamSettings>): Promise<string> {
    const { log, said } = listeningLog()
    const { uplink } = testUplink({ url, settings: { url, ca: files.ca, ...files.box, ...settings }, log })
    endings.push(uplink.close)
    uplink.open()
    await comes(() => said('warn').length > 0)
    expect(uplink.state().isConnected).toBe(false)
    return said('warn')[0] ?? ''
  }

  it('is let in and sends', async () => {
    const { url } = await broker()
    const it = testUplink({ url, settings: { url, ca: files.ca, ...files.box } })
    endings.push(it.uplink.close)
    it.uplink.open()
    it.put(numbers(1, 20))
    expect(await it.uplink.settled(10 * second)).toBe(true)
    expect(it.uplink.state()).toMatchObject({ isConnected: true, protocol: 5, failure: null })
  })

  it.each<[string, (files: Certificates) => Partial<UpstreamSettings>, string]>([
    [
      'the authority is another',
      ({ strangerCa }) => ({ ca: strangerCa }),
      'The certificate of the broker was not signed by the authority in upstream.ca',
    ],
    ['its own has expired', ({ expiredBox }) => ({ ...expiredBox }), 'The certificate of this box has expired'],
    [
      'its own was signed by a stranger',
      ({ strangerBox }) => ({ ...strangerBox }),
      'The broker does not accept the certificate of this box',
    ],
    [
      'certificate and key are of two boxes',
      ({ box, strangerBox }) => ({ cert: box.cert, key: strangerBox.key }),
      'They cannot be used together',
    ],
    ['a file is not there', () => ({ ca: '/nowhere/ca.pem' }), 'upstream.ca: /nowhere/ca.pem (ENOENT)'],
  ])('says in one sentence that %s', async (_, settings, sentence) => {
    const { url } = await broker()
    expect(await complaint(url, settings(files))).toContain(sentence)
  })

  it('says that a certificate is wanted when it has none', async () => {
    const { url } = await broker()
    const { log, said } = listeningLog()
    const { uplink } = testUplink({ url, settings: { url, ca: files.ca }, log })
    endings.push(uplink.close)
    uplink.open()
    await comes(() => said('warn').length > 0)
    expect(said('warn')[0]).toContain('The broker wants a certificate of this box')
  })

  it('says that the certificate of the broker has expired, or is for another host', async () => {
    const expired = await broker(files.expiredBroker)
    expect(await complaint(expired.url, {})).toContain('The certificate of the broker has expired')
    const other = await broker(files.otherBroker)
    expect(await complaint(other.url, {})).toContain('The certificate of the broker is for another host name')
  })

  it('says that the port does not speak TLS', async () => {
    const plain = await startMosquitto()
    endings.push(plain.stop)
    expect(await complaint(plain.url.replace('mqtt:', 'mqtts:'), {})).toMatch(/TLS|ended the connection|broke/)
  })

  it('says that the port speaks TLS when it was asked without', async () => {
    const { url } = await broker()
    const plain = url.replace('mqtts:', 'mqtt:')
    expect(await complaint(plain, { url: plain })).toContain('Check mqtt:// or mqtts:// and the port')
  })
})

describe.skipIf(!need('mosquitto'))('an uplink with name and password', () => {
  it('says that it is not let in, and does not knock again for a minute', async () => {
    const mosquitto = await startMosquitto({ lines: ['allow_anonymous false'] })
    endings.push(mosquitto.stop)
    const { log, said } = listeningLog()
    const { uplink } = testUplink({
      url: mosquitto.url,
      settings: { url: mosquitto.url, username: 'gw-1', password: 'wrong' },
      log,
      speed: 20,
    })
    endings.push(uplink.close)
    uplink.open()
    await comes(() => said('warn').length > 0)
    expect(said('warn')[0]).toContain('It does not let this box in (reason 135).')
    expect(await comes(() => said('warn').length > 1, second)).toBe(false)
  })
})
