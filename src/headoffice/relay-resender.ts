import type { Clock } from '../base/clock.ts'
import { hour, second } from '../base/duration.ts'
import type { RelayLine } from './relay-line.ts'
import type { RelayStore } from './relay-store.ts'

/**
 * Sends each kept leave until its box has answered: at once, when the box comes back, and again ever more seldom while it
 * is there and silent. At most four a second to one box, so that those who are in the shop get answers too.
 */
export interface Resender {
  added(nonce: string, shop: string): void
  answered(nonce: string): void
  /** The box is there again: everything that waits for it is due now. */
  cameBack(shop: string): void
  /** The broker is there again: head office may not have heard what is to be erased. */
  connected(): void
  /** Sends what is due; called four times a second. */
  look(): void
}

export interface ResenderParts {
  readonly store: RelayStore
  readonly clock: Clock
  readonly line: Pick<RelayLine, 'ask' | 'isConnected'>
  readonly isOnline: (shop: string) => boolean
}

interface Waiting {
  dueAt: number
  tries: number
}

const firstPause = 10 * second
const longestPause = hour

export function createResender({ store, clock, line, isOnline }: ResenderParts): Resender {
  const shops = new Map<string, Map<string, Waiting>>()
  for (const { nonce, shop, tries } of store.waiting()) queueOf(shop).set(nonce, { dueAt: 0, tries })

  function queueOf(shop: string): Map<string, Waiting> {
    const queue = shops.get(shop) ?? new Map<string, Waiting>()
    shops.set(shop, queue)
    return queue
  }

  function send(nonce: string): void {
    const leave = store.get(nonce)
    if (!leave) return void forget(nonce)
    const erase = leave.handles.length > 0 ? { erase: leave.handles } : {}
    const message = { nonce, sealed: leave.sealed.toString('base64url'), ...erase }
    void line.ask(leave.shop, message).then((isTaken) => {
      if (isTaken) store.told(nonce)
    })
  }

  function forget(nonce: string): void {
    for (const [shop, queue] of shops) if (queue.delete(nonce) && queue.size === 0) shops.delete(shop)
  }

  function sendDue(shop: string): void {
    const now = clock.monotonic()
    const queue = shops.get(shop) ?? new Map<string, Waiting>()
    const [nonce, waiting] = queue.entries().find(([, { dueAt }]) => dueAt <= now) ?? []
    if (!nonce || !waiting) return
    waiting.tries += 1
    waiting.dueAt = now + Math.min(firstPause * 2 ** (waiting.tries - 1), longestPause)
    store.tried(nonce)
    send(nonce)
  }

  return {
    added(nonce, shop) {
      const isThere = line.isConnected && isOnline(shop)
      queueOf(shop).set(nonce, { dueAt: isThere ? clock.monotonic() + firstPause : 0, tries: isThere ? 1 : 0 })
      // Also with the box off: head office's consumer hears what to erase.
      send(nonce)
    },
    answered: forget,
    cameBack(shop) {
      for (const waiting of shops.get(shop)?.values() ?? []) waiting.dueAt = 0
      sendDue(shop)
    },
    connected() {
      for (const nonce of store.untold()) send(nonce)
    },
    look() {
      if (line.isConnected) for (const shop of shops.keys()) if (isOnline(shop)) sendDue(shop)
    },
  }
}
