import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adType, writeAd } from '../../../src/base/ad.ts'
import { optInUuid } from '../../../src/base/opt-in-advert.ts'
import { uuidBytes } from '../../../src/base/uuid-bytes.ts'
import { readOptIn } from '../../../src/shopper/tag.ts'
import {
  type Advertised,
  type AdvertisementState,
  type Bluez,
  type BluezOptions,
  canRunBluez,
  startBluez,
} from '../../support/bluez/bluez.ts'
import { openClient } from '../../support/bluez/client.ts'
import { matchRules } from '../../support/bluez/match-rules.ts'
import { hci0 } from '../../support/bluez/rig.ts'
import { type Listening, type ListeningOptions, listen } from './radio-listening.ts'
import { type KeptLog, keptLog, rotatingToken } from './rotating-token.ts'

type Open = { bluez: Bluez; listening: Listening; log: KeptLog; shop: ReturnType<typeof rotatingToken> }
let open: Open | undefined

async function start(options: BluezOptions = {}, how: Partial<ListeningOptions> & { period?: number } = {}) {
  const bluez = await startBluez({ experimental: true, ...options })
  const shop = rotatingToken(how.period)
  const log = keptLog()
  const more = { hearsPeople: false, hearsTags: true, optIn: shop.optIn, log: log.log }
  open = { bluez, shop, log, listening: await listen({ address: bluez.address, ...more, ...how }) }
  return open
}

/** What the adapter sends now. */
async function sent(bluez: Bluez): Promise<readonly AdvertisementState[]> {
  return (await bluez.state()).adapters.hci0?.advertisements ?? []
}

async function history(bluez: Bluez): Promise<readonly Advertised[]> {
  return (await bluez.state()).adapters.hci0?.advertised ?? []
}

/** As it goes over the air. */
function onAir({ properties }: AdvertisementState): Buffer {
  const [[uuid, data] = ['', '']] = Object.entries(properties.ServiceData as Record<string, string>)
  return Buffer.from(writeAd(adType.serviceData128, Buffer.concat([uuidBytes(uuid), Buffer.from(data, 'hex')])))
}

async function until(isSo: () => Promise<boolean> | boolean, what: string, within: number): Promise<number> {
  const begun = performance.now()
  while (!(await isSo())) {
    if (performance.now() - begun > within) throw new Error(`not within ${within} ms: ${what}`)
    await pause(20)
  }
  return performance.now() - begun
}

const untilSent = (bluez: Bluez, within: number) =>
  until(async () => (await sent(bluez)).length === 1, 'one advertisement', within)
/** Until that token is the only one. */
const untilSaid = (bluez: Bluez, token: Buffer, within: number) =>
  until(
    async () => {
      const [one, ...more] = await sent(bluez)
      return more.length === 0 && one !== undefined && readOptIn(onAir(one))!.equals(token)
    },
    'that token alone',
    within,
  )
const isState = (wanted: string) => () => open?.listening.driver.health().beacon === wanted

beforeEach(() => {
  delete process.env.DBUS_SYSTEM_BUS_ADDRESS
})
afterEach(async () => {
  await open?.listening.close()
  await open?.bluez.stop()
  open = undefined
})

describe.skipIf(!canRunBluez())('the opt-in beacon', { timeout: 60_000 }, () => {
  it('says the token within a second, to everybody, and the shopper can read it', async () => {
    const { bluez, shop } = await start()
    await untilSent(bluez, 1000)
    const [shown] = await sent(bluez)
    const token = shop.current().toString('hex')
    const [MinInterval, MaxInterval] = [200, 300]
    expect(shown!.properties).toEqual({
      Type: 'broadcast',
      ServiceData: { [optInUuid]: token },
      MinInterval,
      MaxInterval,
    })
    expect(onAir(shown!)).toHaveLength(26)
    expect(readOptIn(onAir(shown!))).toEqual(shop.current())
    await until(isState('on'), 'on', 1000)
  })

  it('says a new one each period without a gap, and then no old one', async () => {
    const { bluez, shop, listening } = await start({}, { period: 700 })
    await listening.untilUp()
    await until(() => shop.given().length >= 7, 'seven tokens', 10_000)
    const events = await history(bluez)
    expect(events.length).toBeGreaterThan(12)
    // From the first on there is always one, two only while one takes over from the other.
    expect(new Set(events.map(({ shown }) => shown))).toEqual(new Set([1, 2]))
    const tokens = events
      .filter(({ what }) => what === 'registered')
      .map((one) => readOptIn(onAir(one))!.toString('hex'))
    expect([...new Set(tokens)]).toEqual(shop.given().slice(0, new Set(tokens).size))
    await until(async () => (await sent(bluez)).length === 1, 'one again', 1000)
    // Objects are taken by turns: nothing grows with time.
    expect(new Set(events.map(({ path }) => path)).size).toBe(2)
  })

  it('has the new one on the air a quarter of a second after it came into force', async () => {
    const { bluez, shop } = await start({}, { period: 1500 })
    await untilSent(bluez, 1000)
    for (let n = 0; n < 3; n++) {
      const before = shop.current()
      await until(() => !shop.current().equals(before), 'another token', 2000)
      expect(await untilSaid(bluez, shop.current(), 1000)).toBeLessThan(250)
    }
  })

  it('leaves the scan alone: the same match rules, one registration of the monitor', async () => {
    const { bluez, shop, listening } = await start({}, { period: 500 })
    await listening.untilUp()
    const before = await matchRules(bluez.address)
    const tag = '0201060303aafe0d16aafe30e34549445f74657374'
    await until(() => shop.given().length >= 6, 'six tokens', 10_000)
    await bluez.advert({ address: 'C0:11:22:33:44:55', type: 'random', rssi: -50, data: tag })
    await listening.until(() => listening.heard.length === 1, 'the tag')
    expect(await matchRules(bluez.address)).toEqual(before)
    // Of the one that asks, of the hands on the radio that scan and say the token, of the reader, and of the service itself.
    expect(before).toEqual([0, 1, 1, 3, 5])
    expect(Object.values((await bluez.log()).calls.RegisterMonitor ?? {})).toEqual([1])
  })

  it('is there again within five seconds each time bluetoothd was killed', async () => {
    const { bluez, listening } = await start()
    for (let n = 0; n < 3; n++) {
      await listening.untilUp(5000)
      await untilSent(bluez, 5000)
      await bluez.kill()
      await until(isState('off'), 'off', 2000)
      await bluez.restart()
    }
    expect(await untilSent(bluez, 5000)).toBeLessThan(5000)
  })

  it('comes and goes with the adapter, and waits for a radio switch', async () => {
    const { bluez, listening } = await start({ adapters: [] })
    await bluez.plug()
    await untilSent(bluez, 20_000)
    await bluez.unplug()
    await until(isState('off'), 'off', 3000)
    await bluez.plug()
    await untilSent(bluez, 5000)
    await bluez.power(false, { rfkill: true })
    await listening.untilDown(/rfkill/)
    await until(isState('off'), 'off', 3000)
    await bluez.power(true)
    await until(isState('on'), 'on', 5000)
  })

  it('stops within a second and a half when the shop closes, and begins again', async () => {
    const { bluez, shop } = await start()
    await untilSent(bluez, 1000)
    shop.close()
    await until(async () => (await sent(bluez)).length === 0, 'silence', 1500)
    expect(isState('off')()).toBe(true)
    shop.reopen()
    await untilSent(bluez, 1500)
  })

  it('stops with the service', async () => {
    const { bluez, listening } = await start()
    await untilSent(bluez, 1000)
    await listening.close()
    await until(async () => (await sent(bluez)).length === 0, 'silence', 1000)
  })

  it('is not there where nothing was asked of it', async () => {
    const { bluez, shop, listening } = await start()
    shop.close()
    await listening.untilUp()
    await until(async () => (await sent(bluez)).length === 0, 'silence', 1500)
    expect((await listen({ address: bluez.address })).driver.health()).not.toHaveProperty('beacon')
  })

  describe('that BlueZ does not let be', () => {
    it('says once that the adapter cannot advertise, and the radio hears on', async () => {
      const { log, listening } = await start({ advertisingInstances: 0 })
      await listening.untilUp()
      await until(isState('unsupported'), 'unsupported', 5000)
      await until(() => log.lines.some((line) => /cannot advertise/.test(line)), 'a line', 5000)
      await pause(4000)
      expect(log.lines.filter((line) => /beacon/.test(line))).toHaveLength(1)
      expect(listening.driver.health()).toMatchObject({ state: 'up', beacon: 'unsupported' })
    })

    it('says once that it was refused, and takes the room when there is some', async () => {
      const bluez = await startBluez({ experimental: true, advertisingInstances: 1 })
      const other = await openClient(bluez.address)
      await other.call(hci0, 'RegisterAdvertisement', 'oa{sv}', '/advertisement', {})
      const shop = rotatingToken()
      const log = keptLog()
      const listening = await listen({
        address: bluez.address,
        hearsPeople: false,
        hearsTags: true,
        optIn: shop.optIn,
        log: log.log,
      })
      open = { bluez, shop, log, listening }
      await until(() => log.lines.some((line) => /does not let/.test(line)), 'a line', 8000)
      await pause(2000)
      expect(isState('refused')()).toBe(true)
      other.close()
      await until(isState('on'), 'on', 15_000)
      expect(log.lines.filter((line) => /beacon/.test(line))).toEqual([
        expect.stringMatching(/does not let hci0 advertise/),
        expect.stringMatching(/says the token/),
      ])
      expect(log.lines.join()).not.toContain(shop.current().toString('hex'))
    })

    it('replaces the old token where there is room for one only', async () => {
      const { bluez, shop, listening } = await start({ advertisingInstances: 1 }, { period: 700 })
      await listening.untilUp()
      await until(() => shop.given().length >= 4, 'four tokens', 10_000)
      const events = await history(bluez)
      const pairs = events.slice(1).filter(({ what }, n) => what === 'registered' && events[n]!.what === 'gone')
      expect(pairs.length).toBeGreaterThanOrEqual(3)
      const gaps = events.slice(1).flatMap(({ what, at }, n) => (what === 'registered' ? [at - events[n]!.at] : []))
      expect(Math.max(...gaps.filter((_, n) => n > 0))).toBeLessThan(0.25)
    })

    it('does not wait for ever for a call that is never answered', async () => {
      const { bluez, shop } = await start()
      await untilSent(bluez, 1000)
      await bluez.hang('RegisterAdvertisement', 1)
      shop.next()
      await untilSaid(bluez, shop.current(), 15_000)
    })
  })
})
