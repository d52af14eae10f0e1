import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ShopperParts } from './parts.ts'

/** What every answer carries. */
export const headers = {
  // form-action: a page without JavaScript sends its forms to us, and to nobody else.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), browsing-topics=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
}

/** Turns away what no page of ours sends; undefined lets it pass. */
export function refusalOf(request: FastifyRequest, { hosts }: Pick<ShopperParts, 'hosts'>): Refusal | undefined {
  const host = request.headers.host ?? ''
  if (!hosts(host)) return { code: 421, text: 'This page has another address.' }
  if (request.method === 'GET') return undefined
  if (request.method !== 'POST') return { code: 405, text: 'This cannot be done here.' }
  if (!isFromOurPage(request, host)) return { code: 403, text: 'This did not come from our page.' }
  return undefined
}

export interface Refusal {
  readonly code: number
  readonly text: string
}

// A browser too old to say where a post comes from may still refuse and leave: a leave needs the receipt's secret anyhow.
// 'null' is what some of those say for our own forms, since our pages send no referrer.
function isFromOurPage({ headers: { 'sec-fetch-site': site, origin } }: FastifyRequest, host: string): boolean {
  if (site !== undefined) return site === 'same-origin'
  return origin === undefined || origin === 'null' || origin === `https://${host}` || origin === `http://${host}`
}

const ownAddress = /^(::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/
const ownName = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/

/** Is it asked on this machine itself, and not through a proxy on it? */
export function isHere(request: FastifyRequest): boolean {
  const { host = '', forwarded, 'x-forwarded-for': forwardedFor, via } = request.headers
  if (forwarded ?? forwardedFor ?? via) return false
  return ownAddress.test(request.socket.remoteAddress ?? '') && ownName.test(host)
}

/** Answers in plain words, and repeats nothing of the question. */
export function say(reply: FastifyReply, { code, text }: Refusal): FastifyReply {
  return reply.code(code).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(`${text}\n`)
}
