import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ManualClock, manualClock } from '../../src/base/clock.ts'
import { openDatabase } from '../../src/base/database.ts'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { createRelayOffers } from '../../src/headoffice/relay-offers.ts'
import { createResender } from '../../src/headoffice/relay-resender.ts'
import { forgiving, openRelayStore, relayMigrations } from '../../src/headoffice/relay-store.ts'
import { offerIn } from '../support/asks.ts'
import { handle, leaveOf } from '../support/relay.ts'

const shop = 'nl-0042/gw-1'
const nonce = (i: number) => String(i).padStart(22, 'n')
const leave = (i: number, since = 0, of = shop) => {
  const sealed = Buffer.from(leaveOf('a'.repeat(22)).sealed, 'base64url')
  return { nonce: nonce(i), shop: of, sealed, handles: [handle(i)], since }
}
const open = (room?: { inAll: number; perShop: number }) => {
  const database = openDatabase(':memory:', relayMigrations)
  return { database, store: openRelayStore(database, room) }
}

describe('what the relay keeps', () => {
  it('is a leave as it came, in order, until the box has answered', () => {
    const { store } = open()
    for (const i of [2, 1, 3]) store.keep(leave(i, i))
    expect(store.get(nonce(2))).toEqual(leaveLike(2))
    expect(store.waiting().map(({ nonce }) => nonce)).toEqual([1, 2, 3].map(nonce))
    store.told(nonce(1))
    expect(store.untold()).toEqual([nonce(2), nonce(3)])
    store.forget(nonce(2))
    expect([store.has(nonce(2)), store.get(nonce(2))]).toEqual([false, undefined])
  })

  function leaveLike(i: number) {
    return { ...leave(i, i), sealed: expect.any(Buffer) }
  }

  it('has room in all and for each shop, and makes it only of what a box that was there never answered', () => {
    const { store } = open({ inAll: 3, perShop: 2 })
    expect([1, 2, 3].map((i) => store.keep(leave(i)))).toEqual([true, true, false])
    expect(store.keep(leave(4, 0, 'nl-0043/gw-1'))).toBe(true)
    expect(store.keep(leave(5, 0, 'nl-0044/gw-1'))).toBe(false)
    for (let i = 0; i < 5; i++) store.tried(nonce(1))
    expect(store.keep(leave(6))).toBe(true)
    expect([store.has(nonce(1)), store.has(nonce(2))]).toEqual([false, true])
    expect(store.keep(leave(7))).toBe(false)
  })

  it('is given up after 90 days', () => {
    const { store } = open()
    store.keep(leave(1, 0))
    store.keep(leave(2, day))
    expect(store.sweep(90 * day - 1)).toBe(0)
    expect(store.sweep(90 * day)).toBe(1)
    expect(store.has(nonce(2))).toBe(true)
  })

  it('goes on without a disk where nobody waits for it, and says no where somebody does', () => {
    const { database, store } = open()
    const errors: unknown[] = []
    const it = forgiving(store, (error) => errors.push(error))
    database.close()
    it.forget(nonce(1))
    it.told(nonce(1))
    it.tried(nonce(1))
    it.keepOffer(shop, 'nl', '{}')
    expect(errors).toHaveLength(4)
    expect(() => it.keep(leave(1))).toThrow()
  })
})

describe('sending again', () => {
  function resender(count: number) {
    const { store } = open()
    const clock = manualClock(0)
    for (let i = 1; i <= count; i++) store.keep(leave(i, i))
    const sent: { at: number; nonce: string; erase: string[] }[] = []
    let isOnline = false
    const ask = async (_: string, message: object) => {
      sent.push({ at: clock.monotonic(), ...(message as { nonce: string; erase: string[] }) })
      return true
    }
    const it = createResender({ store, clock, line: { ask, isConnected: true }, isOnline: () => isOnline })
    return { it, store, clock, sent, setOnline: (to: boolean) => (isOnline = to) }
  }
  const run = async (it: { look(): void }, clock: ManualClock, until: number) => {
    for (let at = clock.monotonic(); at <= until; at += second / 4) {
      clock.advanceTo(at)
      it.look()
      await turn()
    }
  }

  it('begins when the box is there, the oldest first, four a second', async () => {
    const { it, clock, sent, setOnline } = resender(20)
    await run(it, clock, minute)
    expect(sent).toEqual([])
    setOnline(true)
    it.cameBack(shop)
    await run(it, clock, minute + 2 * second)
    expect(sent.slice(0, 10).map(({ nonce }) => nonce)).toEqual(Array.from({ length: 10 }, (_, i) => nonce(i + 1)))
    expect(sent[0]).toMatchObject({ at: minute, erase: [handle(1)] })
    for (const { at } of sent) {
      expect(sent.filter((other) => other.at >= at && other.at < at + second).length).toBeLessThanOrEqual(5)
    }
  })

  it('is ever more seldom while the box is silent, at last once an hour, and ends with its answer', async () => {
    const { it, clock, sent, setOnline, store } = resender(1)
    setOnline(true)
    it.cameBack(shop)
    await run(it, clock, 8 * hour)
    const pauses = sent.slice(1).map(({ at }, i) => Math.round((at - sent[i]!.at) / second))
    expect(pauses.slice(0, 4)).toEqual([10, 20, 40, 80])
    expect(pauses.at(-1)).toBe(3600)
    expect(store.waiting()[0]!.tries).toBe(sent.length)
    const before = sent.length
    it.answered(nonce(1))
    await run(it, clock, 10 * hour)
    expect(sent).toHaveLength(before)
  })
})

describe('offers', () => {
  it('are asked for anew after ten seconds or when the box came back, and kept only when they changed', async () => {
    const clock = manualClock(0)
    let answer = () => offerIn('nl', { fresh: String(clock.monotonic()) })
    const [asked, kept]: [string[], unknown[]] = [[], []]
    const offers = createRelayOffers<ReturnType<typeof offerIn>>({
      clock,
      known: [],
      async askBox(_, language) {
        asked.push(language)
        return answer()
      },
      keep: (_, offer) => kept.push(offer),
    })
    await offers.get(shop, 'nl')
    clock.advanceTo(10 * second - 1)
    await offers.get(shop, 'nl')
    expect(asked).toHaveLength(1)
    clock.advanceTo(10 * second)
    expect((await offers.get(shop, 'nl'))?.fresh).toBe('10000')
    offers.renew(shop)
    await offers.get(shop, 'sv')
    expect(asked).toEqual(['nl', 'nl', 'nl'])
    expect(kept).toHaveLength(1)
    answer = () => offerIn('nl', { ageLimit: 18 })
    offers.renew(shop)
    await offers.get(shop, 'nl')
    expect(kept).toHaveLength(2)
  })
})
