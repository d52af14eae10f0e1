import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { second } from '../base/duration.ts'
import { systemCode } from '../base/errors.ts'
import type { Audience } from './audience.ts'
import { type PageFile, serveFile } from './page-files.ts'

/** What a page needs of the house. */
export interface PageParts {
  /** Files by path; the page itself is `/`. */
  readonly files: ReadonlyMap<string, PageFile>
  readonly audience: Audience
  /** What a viewer is told first. */
  readonly first: () => object
}

export interface PageServer {
  readonly port: number
  close(): Promise<void>
}

const headers = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), browsing-topics=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

// Any other name is a stranger's that was pointed at this machine to read its pages (DNS rebinding).
const ownHost = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/

const mostConnections = 64

/** A page for this machine only: files and one stream at `/live`; nothing can be sent to it. */
export function createPageServer({ files, audience, first }: PageParts): FastifyInstance {
  const server = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: 10 * second,
    bodyLimit: 1024,
    frameworkErrors: (_error, _request, reply) => void say(reply.headers(headers), 400, 'This address cannot be read.'),
  })
  server.server.maxConnections = mostConnections
  server.addHook('onRequest', guard)
  server.setNotFoundHandler((_request, reply) => say(reply, 404, 'There is no such page.'))
  server.setErrorHandler((_error, _request, reply) => say(reply, 500, 'Something went wrong on our side.'))

  for (const [path, file] of files) server.get(path, (request, reply) => serveFile(file, request, reply))
  server.get('/live', (_request, reply) => {
    if (!audience.admit(reply.raw, headers, first())) {
      return say(reply.header('retry-after', '10'), 503, 'Too many viewers; please come back in a moment.')
    }
    reply.hijack()
    return reply
  })
  return server
}

/** Listens on `port` of 127.0.0.1, or on any free one when it is taken. */
export async function openPageServer(parts: PageParts, port: number): Promise<PageServer> {
  let server = createPageServer(parts)
  try {
    await server.listen({ host: '127.0.0.1', port })
  } catch (error) {
    if (systemCode(error) !== 'EADDRINUSE' && systemCode(error) !== 'EACCES') throw error
    server = createPageServer(parts)
    await server.listen({ host: '127.0.0.1', port: 0 })
  }
  return {
    port: portOf(server),
    async close() {
      parts.audience.close()
      await server.close()
    },
  }
}

function portOf({ server }: FastifyInstance): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function guard(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  reply.headers(headers)
  if (!ownHost.test(request.headers.host ?? '')) return say(reply, 421, 'This page is for this machine only.')
  if (request.method !== 'GET') return say(reply.header('allow', 'GET'), 405, 'This page can only be read.')
  return undefined
}

function say(reply: FastifyReply, code: number, text: string): FastifyReply {
  return reply.code(code).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(`${text}\n`)
}
