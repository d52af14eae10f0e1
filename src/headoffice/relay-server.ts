import { randomBytes } from 'node:crypto'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { Type } from 'typebox'
import type { Clock } from '../base/clock.ts'
import { minute, second } from '../base/duration.ts'
import { macOf } from '../base/mac.ts'
import type { RelayDesk, RelayedOffer } from './relay-words.ts'

/**
 * The relay's two questions as bare JSON: `GET /s/{store}/{gateway}/offer` and `POST /s/{store}/{gateway}/ask`. It takes what
 * the shopper's page server takes, which can stand in its place. Nothing is logged; of who asks only a keyed hash is
 * kept, of ten bits, for a minute.
 */
export interface RelayServerParts<O extends RelayedOffer> {
  readonly shop: (store: string, gateway: string) => { readonly desk: RelayDesk<O> } | undefined
  /** Do shoppers reach it over TLS? Without it it reads only, except on this machine itself. */
  readonly isSecure: boolean
  /** Is this `Host` one of ours? Any other is a stranger's name that was pointed at us (DNS rebinding). */
  readonly hosts: (host: string) => boolean
  readonly clock: Clock
  /** Addresses of the reverse proxies before us. */
  readonly proxies?: readonly string[]
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const closed = { additionalProperties: false }
const askBody = Type.Object(
  {
    sealed: Type.String({ pattern: '^[A-Za-z0-9_-]{1400,6000}$' }),
    erase: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }), { maxItems: 16 })),
  },
  closed,
)

export function createRelayServer<O extends RelayedOffer>(parts: RelayServerParts<O>): FastifyInstance {
  const server = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: 15 * second,
    bodyLimit: 8 * 1024,
    trustProxy: parts.proxies ? [...parts.proxies] : false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    ...(parts.tls ? { https: parts.tls } : {}),
    frameworkErrors: (_error, _request, reply) => void say(reply.headers(headers), 400),
  })
  server.server.maxConnections = 256
  const mayAsk = createPace(parts.clock, 60)
  server.addHook('onRequest', async (request, reply) => {
    const refused = refusalOf(request, parts)
    reply.headers(headers)
    if (refused) return say(reply, refused)
    return mayAsk(request.ip) ? undefined : say(reply.header('retry-after', '60'), 429)
  })
  server.setNotFoundHandler((_request, reply) => say(reply, 404))
  server.setErrorHandler(({ statusCode = 500 }: { statusCode?: number }, _request, reply) => say(reply, statusCode))
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'))

  server.get('/s/:store/:gateway/offer', async (request, reply) => {
    const { language = 'en' } = request.query as { language?: unknown }
    const offer = await deskOf(request, parts)?.offer(String(language))
    if (offer === undefined) return say(reply, 404)
    return reply.code(offer ? 200 : 503).send(offer ?? { state: 'unreachable' })
  })
  server.post('/s/:store/:gateway/ask', { schema: { body: askBody } }, async (request, reply) => {
    if (!parts.isSecure && !isHere(request)) return say(reply, 403)
    const desk = deskOf(request, parts)
    if (!desk) return say(reply, 404)
    const { sealed, erase = [] } = request.body as { sealed: string; erase?: string[] }
    const answer = await desk.ask(sealed, request.ip, erase)
    if (answer === null) return reply.code(503).send({ state: 'unreachable' })
    return answer === 'kept' ? reply.code(202).send({ state: 'kept' }) : { sealed: answer }
  })
  return server
}

function deskOf<O extends RelayedOffer>(request: FastifyRequest, { shop }: RelayServerParts<O>) {
  const { store = '', gateway = '' } = request.params as { store?: string; gateway?: string }
  return shop(store, gateway)?.desk
}

/** The status with which something that no page of ours sends is turned away. */
function refusalOf({ method, headers }: FastifyRequest, { hosts }: Pick<RelayServerParts<RelayedOffer>, 'hosts'>) {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  if (!hosts(host)) return 421
  if (method === 'GET') return undefined
  if (method !== 'POST') return 405
  const isOurs = site === undefined ? origin === undefined || origin === `https://${host}` : site === 'same-origin'
  return isOurs ? undefined : 403
}

function isHere({ socket, headers }: FastifyRequest): boolean {
  const isProxied = headers.forwarded ?? headers['x-forwarded-for'] ?? headers.via
  return !isProxied && /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '')
}

const reasons: Readonly<Record<number, string>> = {
  403: 'This needs a safe connection and our own page.',
  404: 'There is no such shop or page.',
  421: 'This page has another address.',
  429: 'Too many questions at once; please wait a minute.',
}

/** Repeats nothing of the question. */
function say(reply: FastifyReply, code: number): FastifyReply {
  return reply.code(code).send({ state: 'refused', why: reasons[code] ?? 'This cannot be read.' })
}

/** Who asks too often: a source is one of a thousand places, under a key that lives in memory. */
function createPace(clock: Clock, perMinute: number): (source: string) => boolean {
  const key = randomBytes(32)
  const tries = new Uint16Array(1024)
  let since = clock.monotonic()
  return (source) => {
    if (clock.monotonic() - since >= minute) {
      tries.fill(0)
      since = clock.monotonic()
    }
    const place = macOf(key, source).readUInt32BE(0) % tries.length
    if (tries[place]! >= perMinute) return false
    tries[place]!++
    return true
  }
}
