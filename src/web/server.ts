import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { second } from '../base/duration.ts'
import { systemCode } from '../base/errors.ts'
import type { Audience } from './audience.ts'
import { type PageFile, serveFile } from './page-files.ts'
import { commonHeaders, ownName, portOf, say } from './replies.ts'

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
  ...commonHeaders,
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'",
}

const mostConnections = 64

/** A page for this machine only: files and one stream at `/live`; nothing can be sent to it. */
export function createPageServer({ files, audience, first }: PageParts): FastifyInstance {
  const server = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: 10 * second,
    bodyLimit: 1024,
    frameworkErrors: (_error, _request, reply) =>
      void say(reply.headers(headers), { code: 400, text: 'This address cannot be read.' }),
  })
  server.server.maxConnections = mostConnections
  server.addHook('onRequest', guard)
  server.setNotFoundHandler((_request, reply) => say(reply, { code: 404, text: 'There is no such page.' }))
  server.setErrorHandler((_error, _request, reply) =>
    say(reply, { code: 500, text: 'Something went wrong on our side.' }),
  )

  for (const [path, file] of files) server.get(path, (request, reply) => serveFile(file, request, reply))
  server.get('/live', (_request, reply) => {
    if (!audience.admit(reply.raw, headers, first())) {
      return say(reply.header('retry-after', '10'), {
        code: 503,
        text: 'Too many viewers; please come back in a moment.',
      })
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

async function guard(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  reply.headers(headers)
  if (!ownName.test(request.headers.host ?? ''))
    return say(reply, { code: 421, text: 'This page is for this machine only.' })
  if (request.method !== 'GET')
    return say(reply.header('allow', 'GET'), { code: 405, text: 'This page can only be read.' })
  return undefined
}
