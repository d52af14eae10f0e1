import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type PageFile, serveFile } from '../page-files.ts'
import { say } from '../replies.ts'
import type { Flood } from './flood.ts'
import { isHere } from './guard.ts'
import { leavePage } from './leave-page.ts'
import { shopperPage, unreachablePage } from './page.ts'
import type { LeaveOutcome, Shop, ShopperParts } from './parts.ts'
import { screenPage } from './screen-page.ts'
import { knownLanguages, languageOf, maySend, refusal, viewOf } from './visitor.ts'

/** What the routes need. */
export interface House extends ShopperParts {
  readonly floods: Floods
  readonly files: ReadonlyMap<string, PageFile>
  readonly shopFor: (request: FastifyRequest) => Shop | undefined
}

export interface Floods {
  readonly asking: Flood
  readonly reading: Flood
}

type Handler = (shop: Shop, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply

/** The routes of one shop under `prefix`, '' or a path with its parameters. */
export function shopRoutes(server: FastifyInstance, prefix: string, house: House): void {
  const withShop = (handle: Handler) => async (request: FastifyRequest, reply: FastifyReply) => {
    const shop = house.shopFor(request)
    return shop ? handle(shop, request, reply) : say(reply, { code: 404, text: 'There is no such shop.' })
  }
  const paced =
    (flood: Flood, handle: Handler): Handler =>
    (shop, request, reply) =>
      flood.mayAsk(request.ip) ? handle(shop, request, reply) : say(reply.header('retry-after', '60'), tooOften)
  const sending =
    (handle: Handler): Handler =>
    (shop, request, reply) =>
      maySend(request, house) ? handle(shop, request, reply) : say(reply, unsafe)

  const { asking, reading } = house.floods
  // Relative links need the slash.
  if (prefix) server.get(prefix, (request, reply) => reply.redirect(`${pathOf(request)}/`, 308))
  server.get(`${prefix}/`, withShop(paced(reading, answerPage(house))))
  server.get(`${prefix}/offer`, withShop(paced(reading, answerOffer)))
  server.get(`${prefix}/leave`, withShop(answerLeavePage(house)))
  server.get(`${prefix}/screen`, withShop(answerScreen))
  server.post(`${prefix}/refuse`, withShop(answerRefusal(house)))
  server.post(
    `${prefix}/leave`,
    { bodyLimit: 48 * 1024, schema: { body: leaveBody } },
    withShop(sending(paced(asking, answerLeave(house)))),
  )
  server.post(`${prefix}/ask`, { schema: { body: askBody } }, withShop(sending(paced(asking, answerAsk))))
  for (const [path, file] of house.files) server.get(prefix + path, (request, reply) => serveFile(file, request, reply))
}

const tooOften = { code: 429, text: 'Too many questions at once; please wait a minute.' }
const unsafe = { code: 403, text: 'This needs a safe connection (https).' }

const closed = { additionalProperties: false }
// A question is padded to 1024 bytes; four times that is more than any has.
const sealed = Type.String({ pattern: '^[A-Za-z0-9_-]{1400,6000}$' })
const handles = Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }), { maxItems: 16 })
const askBody = Type.Object({ sealed, erase: Type.Optional(handles) }, closed)
const leaveBody = Type.Object(
  {
    receipt: Type.String({ minLength: 1, maxLength: 16 * 1024 }),
    language: Type.Optional(Type.String({ maxLength: 8 })),
  },
  closed,
)

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!
}

function answerPage(house: House): Handler {
  return async ({ desk }, request, reply) => {
    const offer = await desk.offer(languageOf(request, knownLanguages))
    const view = viewOf(request, house, offer?.languages)
    // The texts of a purpose come in the language that the box answered in.
    const told = offer && offer.language !== view.language ? await desk.offer(view.language) : offer
    return sendPage(reply, told ? shopperPage(told, view) : unreachablePage(view), told ? 200 : 503)
  }
}

const answerOffer: Handler = async ({ desk }, request, reply) => {
  const offer = await desk.offer(languageOf(request, knownLanguages))
  return sendJson(reply, offer ?? { state: 'unreachable' }, offer ? 200 : 503)
}

function answerLeavePage(house: House): Handler {
  return (_shop, request, reply) => sendPage(reply, leavePage(viewOf(request, house)))
}

function answerLeave(house: House): Handler {
  return async ({ desk }, request, reply) => {
    const { receipt, language = '' } = request.body as { receipt: string; language?: string }
    const outcome = await desk.leave(receipt.trim(), request.ip)
    return sendPage(reply, leavePage(viewOf(request, house, undefined, language), outcome), codes[outcome])
  }
}

const codes: Readonly<Record<LeaveOutcome, number>> = {
  left: 200,
  erased: 200,
  kept: 202,
  unknown: 404,
  unreachable: 503,
  'too-many-tries': 429,
}

const answerAsk: Handler = async ({ desk }, request, reply) => {
  const { sealed, erase = [] } = request.body as { sealed: string; erase?: string[] }
  const answer = await desk.ask(sealed, request.ip, erase)
  if (answer === null) return sendJson(reply, { state: 'unreachable' }, 503)
  return answer === 'kept' ? sendJson(reply, { state: 'kept' }, 202) : sendJson(reply, { sealed: answer }, 200)
}

function answerRefusal(house: House): Handler {
  return (_shop, request, reply) => {
    const { language = '' } = (request.body ?? {}) as { language?: string }
    const view = viewOf(request, house, undefined, language)
    return reply
      .header('set-cookie', refusal(house.isSecure))
      .header('cache-control', 'no-store')
      .redirect(`./?language=${view.language}`, 303)
  }
}

const answerScreen: Handler = async ({ desk, screen, pageUrl }, request, reply) => {
  if (!screen || !isHere(request)) return say(reply, { code: 404, text: 'There is no such page.' })
  const offer = await desk.offer(knownLanguages[0]!)
  const offered = offer?.languages.filter((code) => knownLanguages.includes(code)) ?? []
  const link = offer && pageUrl ? { pageUrl, askKeyId: offer.askKeyId } : null
  return sendPage(reply, screenPage({ shown: screen(), link, offered: offered.length > 0 ? offered : knownLanguages }))
}

function sendPage(reply: FastifyReply, page: string, code = 200): FastifyReply {
  return reply.code(code).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page)
}

function sendJson(reply: FastifyReply, answer: object, code: number): FastifyReply {
  return reply
    .code(code)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(answer))
}
