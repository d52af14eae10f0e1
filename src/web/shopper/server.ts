import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { second } from '../../base/duration.ts'
import { type PageFile, readModuleFile, readPageFiles } from '../page-files.ts'
import { say } from '../replies.ts'
import { askLimits, createFlood, readLimits } from './flood.ts'
import { headers, refusalOf } from './guard.ts'
import type { Shop, ShopperParts } from './parts.ts'
import { type Floods, type House, shopRoutes } from './routes.ts'

/** Connections at once: many phones, and each lets go soon. */
const mostConnections = 256

/**
 * The shopper's page, on the box or at head office: reading, refusing, joining and leaving. What passes through is sealed
 * for the box. No log of who asked what, no cookie but a refusal's, nothing of anybody else.
 */
export function createShopperServer(parts: ShopperParts): FastifyInstance {
  const server = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: 15 * second,
    bodyLimit: 8 * 1024,
    // A question has exactly the form that we know; nothing is bent into it.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    trustProxy: parts.proxies ? [...parts.proxies] : false,
    ...(parts.tls ? { https: parts.tls } : {}),
    frameworkErrors: (_error, _request, reply) => void say(reply.headers(headers), unreadable),
  })
  server.server.maxConnections = mostConnections
  protect(server, parts)
  const floods = { asking: createFlood(parts.clock, askLimits), reading: createFlood(parts.clock, readLimits) }
  const prefix = typeof parts.shop === 'function' ? '/s/:store/:gateway' : ''
  shopRoutes(server, prefix, houseOf(parts, floods))
  return server
}

const unreadable = { code: 400, text: 'This address cannot be read.' }

function protect(server: FastifyInstance, parts: ShopperParts): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    const refusal = refusalOf(request, parts)
    return refusal ? say(reply, refusal) : undefined
  })
  server.setNotFoundHandler((_request, reply) => say(reply, { code: 404, text: 'There is no such page.' }))
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const code = error.statusCode ?? 500
    if (code >= 400 && code < 500) return say(reply, { code, text: 'This cannot be read.' })
    return say(reply, { code: 500, text: 'Something went wrong on our side.' })
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'))
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
}

function houseOf(parts: ShopperParts, floods: Floods): House {
  return { ...parts, floods, files: readFiles(), shopFor: (request) => shopFor(parts, request) }
}

function shopFor({ shop }: ShopperParts, request: FastifyRequest): Shop | undefined {
  if (typeof shop !== 'function') return shop
  const { store = '', gateway = '' } = request.params as { store?: string; gateway?: string }
  return shop(store, gateway)
}

function readFiles(): ReadonlyMap<string, PageFile> {
  return new Map([...readPageFiles('', 'shopper'), ['/uqr.js', readModuleFile('uqr')]])
}
