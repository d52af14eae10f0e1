import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { optInUuid } from '../../../src/base/opt-in-advert.ts'
import { readOptIn } from '../../../src/shopper/tag.ts'
import { canRunBluez, startBluez } from '../../support/bluez/bluez.ts'
import { startBus } from '../../support/bluez/bus.ts'
import { matchRules } from '../../support/bluez/match-rules.ts'
import { endBeacon, history, isState, onAir, rig, sent, start, until, untilSaid, untilSent } from './opt-in-rig.ts'
import { listen } from './radio-listening.ts'
import { keptLog, rotatingToken } from './rotating-token.ts'

beforeEach(() => {
  delete process.env.DBUS_SYSTEM_BUS_ADDRESS
})
afterEach(endBeacon)

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
    await until(async () => (await history(bluez)).length > 12, 'six that took over', 10_000)
    const events = await history(bluez)
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

  it('has the new one on the air half a second after it came into force, at the latest', async () => {
    const { bluez, shop } = await start({}, { period: 1500 })
    await untilSent(bluez, 1000)
    for (let n = 0; n < 3; n++) {
      const before = shop.current()
      await until(() => !shop.current().equals(before), 'another token', 2000)
      expect(await untilSaid(bluez, shop.current(), 1000)).toBeLessThan(500)
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
    const other = await listen({ address: bluez.address })
    expect(other.driver.health()).not.toHaveProperty('beacon')
    await other.close()
  })

  it('is there again when the bus died and came back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-no-bus-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const address = `unix:path=${join(folder, 'socket')}`
    const first = await startBus({ listen: address })
    const shop = rotatingToken()
    const log = keptLog()
    const before = await startBluez({ experimental: true }, address)
    const how = { address, hearsPeople: false, hearsTags: true, optIn: shop.optIn, log: log.log }
    rig.open = { bluez: before, shop, log, listening: await listen(how) }
    await untilSent(before, 2000)
    await before.stop()
    await first.kill()
    await until(isState('off'), 'off', 5000)
    rmSync(join(folder, 'socket'), { force: true })
    const second = await startBus({ listen: address })
    onTestFinished(() => second.kill())
    const bluez = await startBluez({ experimental: true }, address)
    rig.open = { ...rig.open, bluez }
    await untilSent(bluez, 30_000)
  })

  it('keeps nothing of the tokens it has said: a year of them would leave the heap as it was', async () => {
    const bluez = await startBluez()
    onTestFinished(() => bluez.stop())
    const child = spawn(process.execPath, ['--expose-gc', 'test/drivers/ble/opt-in-process.ts'], {
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bluez.address },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const told: { given: number; heap: number }[] = []
    createInterface(child.stdout).on('line', (line) => told.push(JSON.parse(line)))
    await until(() => (told.at(-1)?.given ?? 0) > 900, '900 tokens', 40_000)
    const begun = told.find(({ given }) => given > 300)!
    const ended = told.at(-1)!
    // A proxy of dbus-next a token would be 800 bytes, a promise raced against one that never settles 300.
    expect((ended.heap - begun.heap) / (ended.given - begun.given)).toBeLessThan(200)
  })
})
