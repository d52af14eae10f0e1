import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { fromBase64url } from '../base/base-codes.ts'
import type { Clock } from '../base/clock.ts'
import { second } from '../base/duration.ts'
import { systemCode } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config.ts'
import { readReceipt } from '../consent/receipt.ts'
import { portOf } from '../web/replies.ts'
import { parseAddress } from '../web/settings.ts'
import type { LeaveOutcome, ShopperDesk } from '../web/shopper/parts.ts'
import { createShopperServer } from '../web/shopper/server.ts'
import type { Shoppers } from './words.ts'

export interface PageParts {
  readonly web: Config['web']
  readonly shoppers: Shoppers
  readonly realClock: Clock
  readonly log: Log
  /** Somebody else will be asked for a port when this one is taken. */
  readonly isQuiet?: boolean
}

export interface ShopperPage {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves the shopper's page of this box. Undefined where its port cannot be had or its certificate is none: counting goes on,
 * and what shoppers may do through head office too.
 */
export async function openShopperPage(parts: PageParts): Promise<ShopperPage | undefined> {
  const { web, log, isQuiet = false } = parts
  let server: FastifyInstance | undefined
  try {
    server = serverOf(parts)
    await server.listen(parseAddress(web.public))
  } catch (error) {
    if (!isQuiet)
      log.error(
        { address: web.public, code: systemCode(error) },
        'the page for shoppers cannot be served at this address, or with this certificate',
      )
    await server?.close()
    return undefined
  }
  const { host } = parseAddress(web.public)
  const opened = server
  log.info(`The page for shoppers is at ${ownUrl(host, portOf(opened), web.certificate !== undefined)}`)
  return {
    port: portOf(opened),
    close: async () => void (await opened.close()),
  }
}

/** @throws where the certificate cannot be read, or does not go with its key */
function serverOf({ web, shoppers, realClock }: PageParts): FastifyInstance {
  const { host } = parseAddress(web.public)
  const tls = web.certificate && { cert: readFileSync(web.certificate.cert), key: readFileSync(web.certificate.key) }
  const server = createShopperServer({
    shop: {
      desk: deskOf(shoppers),
      screen: () => shownBy(shoppers),
      get pageUrl() {
        return web.page ?? ownUrl(host, portOf(server), tls !== undefined)
      },
    },
    isSecure: tls !== undefined,
    hosts: ownHosts(tls?.cert),
    clock: realClock,
    ...(tls ? { tls } : {}),
  })
  return server
}

/** Where phones reach this box, if its configuration does not say. */
function ownUrl(host: string, port: number, isSecure: boolean): string {
  const name = /^(0\.0\.0\.0|::|)$/.test(host) ? `${hostname()}.local` : host.includes(':') ? `[${host}]` : host
  return `${isSecure ? 'https' : 'http'}://${name}:${port}/`
}

function shownBy(shoppers: Shoppers): { shown: string; seconds: number } | null {
  const now = shoppers.optIn()
  return now && { shown: now.shown, seconds: Math.max(1, Math.ceil(now.changesInMs / second)) }
}

/** The desk of this box, asked by its own page. */
function deskOf(shoppers: Shoppers): ShopperDesk {
  return {
    async offer(language) {
      const answer = shoppers.answer({ ask: 'offer', language: /^[a-z]{2}$/.test(language) ? language : 'en' }, 'page')
      return answer.state === 'offer' ? answer : null
    },
    async ask(sealed, from) {
      const bytes = fromBase64url(sealed)
      return (bytes && shoppers.ask(bytes, from)?.toString('base64url')) ?? null
    },
    leave: async (text, from) => leave(shoppers, text, from),
  }
}

function leave(shoppers: Shoppers, text: string, from: string): LeaveOutcome {
  const secret = readReceipt(text)?.secret
  if (secret === undefined) return 'unknown'
  const seen = shoppers.answer({ ask: 'see', secret }, from)
  const isUnknown = seen.state === 'declined' && seen.why === 'unknown'
  if (seen.state === 'declined' && !isUnknown) return 'unreachable'
  const answer = shoppers.answer({ ask: 'leave', secret }, from)
  if (answer.state !== 'left') return 'unreachable'
  // Of a visit that was left before only that is known.
  if (isUnknown && answer.erasure === 'none') return 'unknown'
  return answer.erasure === 'confirmed' ? 'erased' : 'left'
}

/**
 * The names under which this box may be asked: addresses, names that only a local network gives, and those of its
 * certificate. Any other is a stranger's that was pointed here (DNS rebinding).
 */
export function ownHosts(cert: Buffer | undefined): (host: string) => boolean {
  const named = cert ? (new X509Certificate(cert).subjectAltName ?? '') : ''
  const names = new Set(
    [hostname(), 'localhost', ...[...named.matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name ?? '')].map((name) =>
      name.toLowerCase(),
    ),
  )
  return (host) => {
    const name = host.toLowerCase().replace(/:\d{1,5}$/, '')
    const bare = name.replace(/^\[|\]$/g, '')
    return isIP(bare) > 0 || names.has(name) || /^[a-z0-9-]{1,63}\.(local|home\.arpa)$/.test(name)
  }
}
