import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canRunBluez, startBluez } from '../../support/bluez/bluez.ts'
import { openClient } from '../../support/bluez/client.ts'
import { hci0 } from '../../support/bluez/rig.ts'
import { endBeacon, history, isState, rig, start, until, untilSaid, untilSent } from './opt-in-rig.ts'
import { listen } from './radio-listening.ts'
import { keptLog, rotatingToken } from './rotating-token.ts'

beforeEach(() => {
  delete process.env.DBUS_SYSTEM_BUS_ADDRESS
})
afterEach(endBeacon)

describe.skipIf(!canRunBluez())('an opt-in beacon that BlueZ does not let be', { timeout: 60_000 }, () => {
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
    rig.open = { bluez, shop, log, listening }
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
    const { bluez, listening } = await start({ advertisingInstances: 1 }, { period: 700 })
    await listening.untilUp()
    await until(async () => (await history(bluez)).length > 8, 'four replaced', 10_000)
    const events = await history(bluez)
    const pairs = events.slice(1).filter(({ what }, n) => what === 'registered' && events[n]!.what === 'gone')
    expect(pairs.length).toBeGreaterThanOrEqual(3)
    const gaps = events.slice(1).flatMap(({ what, at }, n) => (what === 'registered' ? [at - events[n]!.at] : []))
    expect(Math.max(...gaps.filter((_, n) => n > 0))).toBeLessThan(0.5)
  })

  it('does not wait for ever for a call that is never answered', async () => {
    const { bluez, shop } = await start()
    await untilSent(bluez, 1000)
    await bluez.hang('RegisterAdvertisement', 1)
    shop.next()
    await untilSaid(bluez, shop.current(), 15_000)
  })
})
