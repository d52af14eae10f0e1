import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'
import type { ShopperParts } from '../../src/web/shopper/parts.ts'
import { createShopperServer } from '../../src/web/shopper/server.ts'
import { createFakeDesk, type FakeDesk } from './fake-desk.ts'

export const host = 'shop.example'
export const secret = `${'A'.repeat(21)}w`
export const sealed = 'A'.repeat(1490)

/** The shopper's page before a desk that writes down what reaches it, without a socket. */
export interface Door {
  readonly desk: FakeDesk
  readonly asks: { from: string; erase: readonly string[] }[]
  /** Ms of the clock. */
  now: number
  open(change?: Partial<ShopperParts>): FastifyInstance
  ask(server?: FastifyInstance, change?: InjectOptions): Promise<LightMyRequestResponse>
  leave(server?: FastifyInstance, change?: InjectOptions): Promise<LightMyRequestResponse>
  expectNothing(): void
}

export function createDoor(): Door {
  const desk = createFakeDesk()
  const door: Door = {
    desk,
    asks: [],
    now: 0,
    open(change = {}) {
      const clock = { now: () => door.now, monotonic: () => door.now, isTrusted: () => true, after: () => () => {} }
      return createShopperServer({ shop: { desk }, isSecure: true, hosts: (name) => name === host, clock, ...change })
    },
    ask: (server = door.open(), change = {}) => post(server, { url: '/ask', payload: { sealed }, ...change }),
    leave(server = door.open(), change = {}) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', ...change.headers }
      return post(server, { url: '/leave', payload: `receipt=${secret}`, ...change, headers })
    },
    expectNothing() {
      expect(door.asks).toEqual([])
      expect(desk.left).toEqual([])
    },
  }
  // What is behind the door is another test's.
  desk.ask = async (_sealed, from, erase) => {
    door.asks.push({ from, erase })
    return 'answer'
  }
  return door
}

async function post(server: FastifyInstance, change: InjectOptions): Promise<LightMyRequestResponse> {
  const told = Object.entries({ host, 'sec-fetch-site': 'same-origin', ...change.headers })
  // undefined takes a usual header away.
  const headers = Object.fromEntries(told.filter(([, value]) => value !== undefined))
  return server.inject({ method: 'POST', ...change, headers })
}
