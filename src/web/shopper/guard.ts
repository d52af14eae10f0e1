import type { FastifyRequest } from 'fastify'
import { commonHeaders, ownName, type Refusal } from '../replies.ts'
import type { ShopperParts } from './parts.ts'

/** What every answer carries. */
export const headers = {
  ...commonHeaders,
  // form-action: a page without JavaScript sends its forms to us, and to nobody else.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
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

// A browser too old to say where a post comes from may still refuse and leave: a leave needs the receipt's secret anyhow.
// 'null' is what some of those say for our own forms, since our pages send no referrer.
function isFromOurPage({ headers: { 'sec-fetch-site': site, origin } }: FastifyRequest, host: string): boolean {
  if (site !== undefined) return site === 'same-origin'
  return origin === undefined || origin === 'null' || origin === `https://${host}` || origin === `http://${host}`
}

const ownAddress = /^(::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/

/** Is it asked on this machine itself, and not through a proxy on it? */
export function isHere(request: FastifyRequest): boolean {
  const { host = '', forwarded, 'x-forwarded-for': forwardedFor, via } = request.headers
  if (forwarded ?? forwardedFor ?? via) return false
  return ownAddress.test(request.socket.remoteAddress ?? '') && ownName.test(host)
}
