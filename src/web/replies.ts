import type { FastifyInstance, FastifyReply } from 'fastify'

/** What every answer of every page carries; each server adds a policy of its own for its content. */
export const commonHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), browsing-topics=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** This machine, as it calls itself. Any other name is a stranger's that was pointed here (DNS rebinding). */
export const ownName = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/

export interface Refusal {
  readonly code: number
  readonly text: string
}

/** Answers in plain words, and repeats nothing of the question. */
export function say(reply: FastifyReply, { code, text }: Refusal): FastifyReply {
  return reply.code(code).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(`${text}\n`)
}

/** Of a server that listens; 0 before. */
export function portOf({ server }: FastifyInstance): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
