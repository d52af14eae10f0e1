import { randomBytes } from 'node:crypto'
import { isSealedAnswer, isSealedQuestion, sealQuestion, shortestSealed } from '../base/ask-seal.ts'
import { fromBase64url } from '../base/base-codes.ts'
import { every } from '../base/clock.ts'
import { hour, second } from '../base/duration.ts'
import { describeError, GatewayError } from '../base/errors.ts'
import { openRelayLine } from './relay-line.ts'
import { createRelayOffers } from './relay-offers.ts'
import { createResender } from './relay-resender.ts'
import { forgiving } from './relay-store.ts'
import type { LeaveOutcome, LeaveState, Relay, RelayedOffer, RelayParts } from './relay-words.ts'

const mostAsking = 1000
/** Below what a box hears, so that leaves have room beside a flood. */
const mostPerSecond = 15
const mostShops = 20_000
const mostHandles = 16

interface Shop {
  isOnline: boolean
  inSecond: number
}

/** Opens the line to the broker and goes on until closed. */
export function openRelay<O extends RelayedOffer>(parts: RelayParts<O>): Relay<O> {
  const { clock, log, accepts, isOffer, patience = 8 * second } = parts
  const store = forgiving(parts.store, (error) => log.error(describeError(error)))
  const shops = new Map<string, Shop>()
  const asking = new Map<string, { shop: string; take: (message: Record<string, unknown> | null) => void }>()
  const { promise: ready, resolve: connected } = Promise.withResolvers<void>()
  let isConnected = false
  let saidFullAt = Number.NEGATIVE_INFINITY

  const line = openRelayLine(parts, {
    connected() {
      isConnected = true
      log.info('Connected to the broker.')
      connected()
      resender.connected()
    },
    lost() {
      if (isConnected) log.warn('The connection to the broker ended; it is tried again.')
      isConnected = false
      // What the boxes are is told anew with the next connection.
      for (const shop of shops.values()) shop.isOnline = false
    },
    status: heardStatus,
    answer: heardAnswer,
  })
  const resender = createResender({ store, clock, line, isOnline: (shop) => shops.get(shop)?.isOnline ?? false })
  const offers = createRelayOffers<O>({
    clock,
    known: store.offers().flatMap(({ shop, text }) => {
      const offer = parsed(Buffer.from(text))
      return isOffer(offer) ? [{ shop, offer }] : []
    }),
    askBox: askForOffer,
    keep: (shop, offer) => store.keepOffer(shop, offer.language, JSON.stringify(offer)),
  })
  for (const { shop } of [...store.offers(), ...store.waiting()]) shopOf(shop)
  const periods = [every(clock, second, newSecond), every(clock, second / 4, resender.look), every(clock, hour, sweep)]

  function shopOf(name: string): Shop | undefined {
    const known = shops.get(name)
    if (known || shops.size >= mostShops) return known
    const shop = { isOnline: false, inSecond: 0 }
    shops.set(name, shop)
    return shop
  }

  function newSecond(): void {
    for (const shop of shops.values()) shop.inSecond = 0
  }

  function sweep(): void {
    try {
      const count = store.sweep(clock.now())
      if (count > 0) log.warn({ count }, 'Leaves were given up: their boxes did not answer for 90 days.')
    } catch (error) {
      log.error(describeError(error))
    }
  }

  function heardStatus(name: string, payload: Buffer): void {
    const status = parsed(payload)
    if (!accepts('status', status)) return
    const shop = shopOf(name)
    if (!shop) return
    shop.isOnline = status?.state === 'online'
    offers.renew(name)
    if (shop.isOnline) resender.cameBack(name)
  }

  function heardAnswer(name: string, nonce: string, payload: Buffer): void {
    const message = parsed(payload)
    const waits = asking.get(nonce)
    const isWanted = waits ? waits.shop === name : store.get(nonce)?.shop === name
    if (!isWanted || !message || !isAnswer(message)) return
    if (sealedOf(message) !== null && store.has(nonce)) {
      store.forget(nonce)
      resender.answered(nonce)
    }
    waits?.take(message)
  }

  function isAnswer(message: Record<string, unknown>): boolean {
    if (isOffer(message)) return true
    const sealed = accepts('answer', message) ? fromBase64url(String(message.sealed)) : undefined
    return sealed !== undefined && isSealedAnswer(sealed)
  }

  /** Waits for the answer to a nonce, at most as long as a shopper would. */
  function answerTo(nonce: string, shop: string): Promise<Record<string, unknown> | null> {
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown> | null>()
    asking.set(nonce, { shop, take: resolve })
    const cancel = clock.after(patience, () => resolve(null))
    return promise.finally(() => {
      asking.delete(nonce)
      cancel()
    })
  }

  async function passOn(name: string, question: { sealed: string } | { offer: string }) {
    const shop = shops.get(name)
    if (!shop?.isOnline || !line.isConnected || asking.size >= mostAsking || shop.inSecond >= mostPerSecond) return null
    shop.inSecond += 1
    const nonce = newNonce()
    const answer = answerTo(nonce, name)
    void line.ask(name, { nonce, ...question })
    return answer
  }

  async function askForOffer(name: string, language: string): Promise<O | null> {
    const answer = await passOn(name, { offer: language })
    return isOffer(answer) ? answer : null
  }

  async function ask(name: string, sealed: string): Promise<string | null> {
    const bytes = fromBase64url(sealed)
    if (!bytes || !isSealedQuestion(bytes)) return null
    return sealedOf(await passOn(name, { sealed }))
  }

  async function leaveLater(name: string, sealed: string, handles: readonly string[]): Promise<LeaveState> {
    const bytes = fromBase64url(sealed)
    const areHandles = handles.length <= mostHandles && handles.every((handle) => /^[A-Za-z0-9_-]{22}$/.test(handle))
    // A leave is short: of longer questions there would be room for fewer.
    if (!bytes || bytes.length !== shortestSealed || !isSealedQuestion(bytes) || !areHandles)
      return { state: 'refused' }
    const nonce = newNonce()
    if (!store.keep({ nonce, shop: name, sealed: bytes, handles, since: Math.floor(clock.now()) })) return full()
    resender.added(nonce, name)
    const answer = shops.get(name)?.isOnline && asking.size < mostAsking ? await answerTo(nonce, name) : null
    const answered = sealedOf(answer)
    return answered === null ? { state: 'kept' } : { state: 'answered', sealed: answered }
  }

  function full(): LeaveState {
    // Anybody may fill it up, but not the log.
    if (clock.monotonic() - saidFullAt > hour) log.warn(describeError(new GatewayError('HEADOFFICE_RELAY_FULL')))
    saidFullAt = clock.monotonic()
    return { state: 'full' }
  }

  async function leave(name: string, text: string): Promise<LeaveOutcome> {
    const receipt = parts.readReceipt(text)
    if (!receipt) return 'unknown'
    const key = fromBase64url((await offers.get(name, ''))?.askKey ?? '', 65)
    if (!key) return 'unreachable'
    const question = sealQuestion(key, { ask: 'leave', secret: receipt.secret })
    const left = await leaveLater(name, question.bytes.toString('base64url'), receipt.handles)
    if (left.state !== 'answered') return left.state === 'kept' ? 'kept' : 'unreachable'
    return outcomeOf(question.open(Buffer.from(left.sealed, 'base64url')))
  }

  return {
    shop(store, gateway) {
      const name = `${store}/${gateway}`
      if (!shops.has(name)) return undefined
      return {
        offer: (language) => offers.get(name, language),
        async ask(sealed, _from, erase = []) {
          if (erase.length === 0) return ask(name, sealed)
          const left = await leaveLater(name, sealed, erase)
          if (left.state === 'answered') return left.sealed
          return left.state === 'kept' ? 'kept' : null
        },
        leaveLater: (sealed, handles) => leaveLater(name, sealed, handles),
        leave: (text) => leave(name, text),
      }
    },
    get isConnected() {
      return line.isConnected
    },
    ready,
    async close() {
      for (const cancel of periods) cancel()
      for (const { take } of asking.values()) take(null)
      await line.close()
    },
  }
}

function newNonce(): string {
  return randomBytes(16).toString('base64url')
}

function sealedOf(message: Record<string, unknown> | null): string | null {
  return typeof message?.sealed === 'string' ? message.sealed : null
}

const longestMessage = 128 * 1024

/** Anything may come from the network; null for what is no object. */
function parsed(payload: Buffer): Record<string, unknown> | null {
  if (payload.length > longestMessage) return null
  try {
    const value: unknown = JSON.parse(payload.toString())
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null
  } catch {
    return null
  }
}

function outcomeOf(answer: unknown): LeaveOutcome {
  const { state, erasure, why } = (answer ?? {}) as { state?: unknown; erasure?: unknown; why?: unknown }
  if (state === 'left') return erasure === 'confirmed' ? 'erased' : 'left'
  if (why === 'unknown') return 'unknown'
  return why === 'too-many-tries' ? 'too-many-tries' : 'unreachable'
}
