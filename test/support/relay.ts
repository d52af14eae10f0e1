import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { openQuestion, sealQuestion } from '../../src/base/ask-seal.ts'
import { systemClock } from '../../src/base/clock.ts'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { silentLog } from '../../src/base/log.ts'
import { openRelay } from '../../src/headoffice/relay.ts'
import { openRelayStore, type Room, relayMigrations } from '../../src/headoffice/relay-store.ts'
import type { Relay, RelayParts } from '../../src/headoffice/relay-words.ts'
import { fits } from '../../src/uplink/feed.ts'
import type { OfferMessage } from '../../src/uplink/feed-schema.ts'
import { askPair, offerIn } from './asks.ts'
import { type TestUplink, type TestUplinkParts, testUplink } from './uplink.ts'

export const handle = (i: number) => String(i).padStart(22, 'h')

/** A desk of a made-up box: answers every question it can open, and writes down what it did. */
export interface StubBox extends TestUplink {
  readonly questions: { ask: string; secret?: string }[]
}

export function stubBox(parts: TestUplinkParts & { readonly isSilent?: () => boolean }): StubBox {
  const questions: { ask: string; secret?: string }[] = []
  const it: TestUplink = testUplink({
    onRequest({ nonce, sealed, offer }) {
      if (parts.isSilent?.()) return
      if (offer) return void it.uplink.answer(nonce, offerIn(offer === 'en' ? 'en' : 'nl'))
      const opened = openQuestion(askPair, sealed!)
      if (!opened) return
      const question = opened.question as { ask: string; secret?: string }
      questions.push(question)
      const answer = question.ask === 'leave' ? { state: 'left', erasure: 'asked' } : { state: 'seen', since: 'today' }
      it.uplink.answer(nonce, { sealed: opened.seal(answer).toString('base64url') })
    },
    ...parts,
  })
  it.uplink.open()
  return { ...it, questions }
}

export interface TestRelay {
  readonly relay: Relay<OfferMessage>
  readonly database: Database
  close(): Promise<void>
}

export function testRelay(url: string, { room, file = ':memory:', ...changes }: Changes = {}): TestRelay {
  const database = openDatabase(file, relayMigrations)
  const relay = openRelay<OfferMessage>({
    url,
    tls: {},
    organisation: 'acme',
    store: openRelayStore(database, room),
    clock: systemClock(() => true),
    log: silentLog,
    accepts: fits,
    isOffer: (message): message is OfferMessage => fits('offer', message),
    readReceipt: (text) => (text.startsWith('receipt ') ? { secret: text.slice(8), handles: [handle(1)] } : undefined),
    ...changes,
  })
  return {
    relay,
    database,
    async close() {
      await relay.close()
      database.close()
    },
  }
}

export interface Changes extends Partial<RelayParts<OfferMessage>> {
  readonly room?: Room
  readonly file?: string
}

export function leaveOf(secret: string) {
  const { bytes, open } = sealQuestion(askPair.publicKey, { ask: 'leave', secret })
  return { sealed: bytes.toString('base64url'), open: (answer: string) => open(Buffer.from(answer, 'base64url')) }
}

export interface Replied {
  readonly code: number
  readonly text: string
  readonly headers: IncomingHttpHeaders
}

/** What a browser sends, and nothing it does not. */
export function send(
  url: string,
  { method = 'GET', body, headers = {}, ca }: { method?: string; body?: string; headers?: object; ca?: Buffer } = {},
): Promise<Replied> {
  const { promise, resolve, reject } = Promise.withResolvers<Replied>()
  const request = url.startsWith('https:') ? tlsRequest : plainRequest
  const length =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  // The certificate is that of the address, whatever `host` says.
  const { hostname } = new URL(url)
  const trust = ca
    ? { ca, checkServerIdentity: (_: string, cert: PeerCertificate) => checkServerIdentity(hostname, cert) }
    : {}
  const sent = request(url, { method, agent: false, headers: { ...length, ...headers }, ...trust }, (response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part)).on('error', reject)
    response.on('end', () => {
      resolve({ code: response.statusCode ?? 0, text: Buffer.concat(parts).toString(), headers: response.headers })
    })
  })
  sent.on('error', reject)
  sent.end(body)
  return promise
}

export function scratchFolder(): { readonly file: (name: string) => string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-relay-'))
  return { file: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) }
}
