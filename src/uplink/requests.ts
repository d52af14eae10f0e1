import { fromBase64url } from '../base/base-codes.ts'
import type { Clock } from '../base/clock.ts'
import { second } from '../base/duration.ts'
import { type AnswerValue, encodeAnswer, fits, type Identity, type Outgoing } from './feed.ts'
import type { RequestMessage } from './feed-schema.ts'
import { parseMessage } from './stored.ts'

/** A shopper's question that came over the relay: sealed bytes, or the language of the offer that is wanted. */
export interface AskRequest {
  /** 22 signs; the answer goes to it. */
  readonly nonce: string
  readonly sealed?: Buffer
  readonly offer?: string
}

/**
 * Hears questions and sends answers beside the courier. Whoever may write to the broker can send as many as they like, so
 * everything is bounded, and answers have a few places of the broker's window for themselves: they never wait for
 * releases, nor releases for them. Nothing is stored; who got no answer asks again.
 */
export interface Requests {
  hear(payload: Buffer): void
  /** Takes its share of what the broker bears. @returns what is left for everything else */
  connected(limits: Limits): Limits
  /** False when it is not sent: not connected, too much at once, too large. Never throws. */
  answer(nonce: string, value: AnswerValue): boolean
  /** The broker has taken an answer, or refused it. */
  answered(): void
  lost(): void
  readonly figures: RequestFigures
}

export interface RequestFigures {
  readonly heard: number
  /** More than `mostPerSecond`. */
  readonly dropped: number
  /** No request by its schema. */
  readonly refused: number
  readonly answered: number
}

export interface Limits {
  readonly receiveMaximum: number
  readonly maximumPacketSize: number
}

export interface RequestsParts {
  readonly identity: Identity
  readonly clock: Clock
  readonly onRequest: ((request: AskRequest) => void) | undefined
  readonly send: (outgoing: Outgoing) => void
  /** `onRequest` threw, or an answer fits no schema. */
  readonly onError: (error: unknown) => void
}

export const mostPerSecond = 20
const mostWaiting = 32
const mostInFlight = 4
const packetOverhead = 512
const longestRequest = 16 * 1024

export function createRequests({ identity, clock, onRequest, send, onError }: RequestsParts): Requests {
  const figures = { heard: 0, dropped: 0, refused: 0, answered: 0 }
  let waiting: Outgoing[] = []
  let places = 0
  let inFlight = 0
  let roomInPacket = 0
  let second0 = Number.NEGATIVE_INFINITY
  let inSecond = 0

  function isTooMuch(): boolean {
    const now = clock.monotonic()
    if (now - second0 >= second) {
      second0 = now
      inSecond = 0
    }
    inSecond += 1
    return inSecond > mostPerSecond
  }

  function pump(): void {
    while (inFlight < places) {
      const next = waiting.shift()
      if (!next) return
      inFlight += 1
      send(next)
    }
  }

  function take(outgoing: Outgoing): boolean {
    if (places === 0 || waiting.length >= mostWaiting || outgoing.bytes.length > roomInPacket) return false
    waiting.push(outgoing)
    figures.answered += 1
    pump()
    return true
  }

  return {
    hear(payload) {
      if (!onRequest) return
      // Before it is read: a flood must not cost more than its bytes.
      if (isTooMuch()) return void figures.dropped++
      const request = requestOf(payload)
      if (!request) return void figures.refused++
      figures.heard += 1
      try {
        onRequest(request)
      } catch (error) {
        onError(error)
      }
    },
    connected(limits) {
      if (!onRequest) return limits
      // A broker that bears one message at a time bears releases only.
      places = Math.min(mostInFlight, Math.floor(limits.receiveMaximum / 2))
      roomInPacket = limits.maximumPacketSize - packetOverhead
      return { ...limits, receiveMaximum: limits.receiveMaximum - places }
    },
    answer(nonce, value) {
      try {
        return take(encodeAnswer(nonce, value, identity))
      } catch (error) {
        onError(error)
        return false
      }
    },
    answered() {
      inFlight = Math.max(0, inFlight - 1)
      pump()
    },
    lost() {
      waiting = []
      places = 0
      inFlight = 0
    },
    get figures() {
      return { ...figures }
    },
  }
}

/** Anything may come from the network; undefined for what is no request of one kind. */
function requestOf(payload: Buffer): AskRequest | undefined {
  const message = payload.length <= longestRequest ? parseMessage(payload) : undefined
  if (!fits('request', message)) return undefined
  const { nonce, sealed, offer } = message as RequestMessage
  if ((sealed === undefined) === (offer === undefined)) return undefined
  if (offer !== undefined) return { nonce, offer }
  const bytes = fromBase64url(sealed!)
  return bytes && { nonce, sealed: bytes }
}
