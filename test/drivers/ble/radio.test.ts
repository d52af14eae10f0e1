import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scaledClock } from '../../../src/base/clock.ts'
import { decodeAdvert } from '../../../src/drivers/ble/advert.ts'
import vectors from '../../fixtures/adverts.json' with { type: 'json' }
import { type Bluez, type BluezOptions, canRunBluez, startBluez } from '../../support/bluez/bluez.ts'
import { startBus } from '../../support/bluez/bus.ts'
import { matchRules } from '../../support/bluez/match-rules.ts'
import { trials } from '../../support/need.ts'
import { type Listening, type ListeningOptions, listen, ownAdvert, ownBeacon } from './radio-listening.ts'

const open: { bluez?: Bluez; listening?: Listening; beats: NodeJS.Timeout[] } = { beats: [] }

/** Again and again until the test ends, also when it fails. */
function beat(every: number, work: () => Promise<unknown>): void {
  open.beats.push(setInterval(() => void work().catch(() => {}), every))
}

async function start(options: BluezOptions, how: Omit<ListeningOptions, 'address'> = {}) {
  const bluez = await startBluez(options)
  open.bluez = bluez
  const listening = await listen({ address: bluez.address, ...how })
  open.listening = listening
  return { bluez, listening }
}

afterEach(async () => {
  for (const timer of open.beats.splice(0)) clearInterval(timer)
  await open.listening?.close()
  await open.bluez?.stop()
  delete open.listening
  delete open.bluez
})

const stranger = (n: number) => ({
  address:
    `4A:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`.toUpperCase(),
  type: 'random' as const,
  rssi: -60 - (n % 10),
  data: `02011a0aff4c001005${n.toString(16).padStart(10, '0')}`,
})

describe.skipIf(!canRunBluez())('a radio behind BlueZ', { timeout: 60_000 }, () => {
  describe.each([
    ['by a monitor', { experimental: true }, 'monitor'],
    ['by discovery', {}, 'discovery'],
  ] as const)('%s', (_, options, mode) => {
    it('hears adverts of every format, and says how it scans', async () => {
      const { bluez, listening } = await start(options)
      await listening.untilUp()
      expect(listening.driver.health()).toMatchObject({ state: 'up', scan: mode, dropped: 0 })
      const list = vectors.known.map(({ advert }, n) => {
        const last = n.toString(16).padStart(2, '0').toUpperCase()
        // The flags let every one of them through a monitor that is asked for people.
        const data = advert.startsWith('0201') || advert.length > 56 ? advert : `020106${advert}`
        return { address: `C0:11:22:33:44:${last}`, type: 'random' as const, rssi: -61, data }
      })
      await bluez.adverts(list.filter(({ data }) => data.startsWith('02')))
      const wanted = vectors.known.filter((_, n) => list[n]!.data.startsWith('02'))
      await listening.until(() => listening.heard.length >= wanted.length, 'all adverts')
      expect(listening.heard.map(({ data }) => decodeAdvert(data))).toEqual(wanted.map(({ decoded }) => decoded))
      expect(listening.heard.every(({ type, rssi }) => type === 'random' && rssi === -61)).toBe(true)
      expect(listening.heard[1]!.address).toMatch(/^C0:11:22:33:44:/)
    })

    it('is up again within five seconds each time bluetoothd was killed', async () => {
      const { bluez, listening } = await start(options)
      const times = trials(5, 100)
      for (let n = 0; n < times; n++) {
        await listening.untilUp(5000)
        const before = listening.heard.length
        await bluez.advert(stranger(n))
        await listening.until(() => listening.heard.length > before, 'an advert', 5000)
        await bluez.kill()
        await listening.untilDown(/does not run/, 5000)
        await bluez.restart()
      }
      await listening.untilUp(5000)
    }, 200_000)
  })

  it('keeps the few match rules it began with, whatever it hears', async () => {
    const { bluez, listening } = await start({ temporaryTimeout: 3 })
    await listening.untilUp()
    const before = await matchRules(bluez.address)
    const memory = process.memoryUsage().rss
    await bluez.rotate({ count: 20_000, perSecond: 0 })
    await listening.until(() => listening.heard.length >= 20_000, 'all adverts', 40_000)
    listening.heard.splice(0)
    expect(await matchRules(bluez.address)).toEqual(before)
    expect(before.reduce((sum, rules) => sum + rules, 0)).toBeLessThanOrEqual(6)
    expect(process.memoryUsage().rss - memory).toBeLessThan(100e6)
  })

  it('hears nobody but the shop with phones off, where BlueZ can hold back the others', async () => {
    const { bluez, listening } = await start({ experimental: true }, { hearsPeople: false, beacons: [ownBeacon] })
    await listening.untilUp()
    await bluez.adverts([stranger(1), stranger(2)])
    await bluez.advert({ address: 'C0:11:22:33:44:55', type: 'random', rssi: -50, data: ownAdvert })
    await listening.until(() => listening.heard.length > 0, 'the beacon')
    expect(listening.heard.map(({ address }) => address)).toEqual(['C0:11:22:33:44:55'])
    expect((await bluez.state()).adapters.hci0!.devices).toBe(1)
  })

  it('knows the strength of a phone whose data changes, though BlueZ tells it only when it changes much', async () => {
    const { bluez, listening } = await start({ experimental: true })
    await listening.untilUp()
    for (const n of [0, 1, 2]) await bluez.advert({ ...stranger(1), rssi: -61 - n, data: stranger(n).data })
    await bluez.advert({ ...stranger(1), rssi: -80, data: stranger(3).data })
    await listening.until(() => listening.heard.length >= 4, 'all adverts')
    expect(listening.heard.map(({ rssi }) => rssi)).toEqual([-61, -61, -61, -80])
  })

  it('drops strangers where BlueZ cannot', async () => {
    const { bluez, listening } = await start({}, { hearsPeople: false, beacons: [ownBeacon] })
    await listening.untilUp()
    await bluez.adverts([stranger(1), stranger(2)])
    await bluez.advert({ address: 'C0:11:22:33:44:55', type: 'random', rssi: -50, data: ownAdvert })
    await listening.until(() => listening.heard.length > 0, 'the beacon')
    expect(listening.heard.map(({ address }) => address)).toEqual(['C0:11:22:33:44:55'])
  })

  it('listens to nobody when there is nothing to listen for', async () => {
    const { bluez, listening } = await start({}, { hearsPeople: false })
    expect(listening.driver.health()).toMatchObject({ state: 'not-driven' })
    expect((await bluez.log()).calls.StartDiscovery).toBeUndefined()
  })

  it('tries again where BlueZ is still busy with an earlier scan', async () => {
    const bluez = await startBluez()
    open.bluez = bluez
    await bluez.fail('StartDiscovery', 'org.bluez.Error.InProgress', 2)
    open.listening = await listen({ address: bluez.address })
    await open.listening.untilDown(/not ready/)
    await open.listening.untilUp()
  })

  it('does not wait for ever for a call that is never answered', async () => {
    const bluez = await startBluez()
    open.bluez = bluez
    await bluez.hang('StartDiscovery')
    // Ten seconds of patience in one.
    open.listening = await listen({ address: bluez.address, clock: scaledClock(Date.now(), 10) })
    await open.listening.untilDown(/does not answer/)
    await bluez.heal()
    await open.listening.untilUp()
  })

  it('says that the adapter is missing, and takes it when it is plugged in, and again after it was pulled out', async () => {
    const { bluez, listening } = await start({ adapters: [] })
    await listening.untilDown(/no Bluetooth adapter hci0/)
    await bluez.plug('hci0')
    await listening.untilUp()
    await bluez.unplug('hci0')
    await listening.untilDown(/no Bluetooth adapter hci0/)
    await bluez.plug('hci0')
    await listening.untilUp()
  })

  it('goes on saying why it is down, not that it is busy', async () => {
    const clock = scaledClock(Date.now(), 10)
    const { listening } = await start({ adapters: [] }, { clock })
    await listening.untilDown(/no Bluetooth adapter hci0/)
    const [begin, reasons] = [clock.monotonic(), new Set<string | undefined>()]
    const isOver = () => {
      reasons.add(listening.driver.health().reason)
      return clock.monotonic() - begin > 30_000
    }
    await listening.until(isOver, 'half a minute')
    expect([...reasons].filter((reason) => /not ready/.test(reason ?? ''))).toEqual([])
  })

  it('turns on a radio that is off, and says so when a radio switch forbids it', async () => {
    const { bluez, listening } = await start({ experimental: true, poweredOff: true })
    await listening.untilUp()
    await bluez.power(false, { rfkill: true })
    await listening.untilDown(/rfkill/)
    await bluez.power(true)
    await listening.untilUp()
  })

  it('registers its monitor once, also where it must turn on the radio', async () => {
    const { bluez, listening } = await start({ experimental: true, poweredOff: true })
    await listening.untilUp()
    await bluez.advert(stranger(1))
    await listening.until(() => listening.heard.length > 0, 'an advert')
    expect(Object.values((await bluez.log()).calls.RegisterMonitor ?? {})).toEqual([1])
  })

  it('says that there is no bus, and hears again when there is one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drempel-no-bus-'))
    const address = `unix:path=${join(folder, 'socket')}`
    const listening = await listen({ address })
    open.listening = listening
    await listening.untilDown(/D-Bus/)
    for (let time = 0; time < 2; time++) {
      const bus = await startBus({ listen: address })
      open.bluez = await startBluez({}, address)
      await listening.untilUp(40_000)
      await open.bluez.stop()
      await bus.kill()
      await listening.untilDown(/D-Bus|not run/)
      rmSync(join(folder, 'socket'), { force: true })
    }
    await listening.close()
    rmSync(folder, { recursive: true })
  })

  it('leaves a monitor that lets nothing through, and keeps one that does', async () => {
    const clock = scaledClock(Date.now(), 20)
    const { bluez, listening } = await start(
      { experimental: true },
      { hearsPeople: false, beacons: [ownBeacon], clock },
    )
    await bluez.brokenPatterns()
    await listening.untilUp()
    expect(listening.driver.health().scan).toBe('monitor')
    const beacon = { address: 'C0:11:22:33:44:55', type: 'random', rssi: -50, data: ownAdvert } as const
    beat(50, () => bluez.advert(beacon))
    await listening.until(() => listening.driver.health().scan === 'discovery', 'discovery', 20_000)
  })

  it('leaves monitors alone where BlueZ dies of them again and again', async () => {
    const { bluez, listening } = await start({ experimental: true, fatalMonitors: true })
    let deaths = 0
    while (listening.driver.health().scan !== 'discovery') {
      await bluez.ended()
      deaths++
      await bluez.restart()
      await Promise.race([bluez.ended(), listening.untilUp()])
    }
    expect(deaths).toBe(4)
  })

  describe('that hears nothing', () => {
    it('is set up anew, and heard again', async () => {
      const { bluez, listening } = await start({}, { clock: scaledClock(Date.now(), 60) })
      await listening.untilUp()
      await bluez.mute()
      await bluez.unmuteOn('StartDiscovery')
      await hears(bluez, listening)
    })

    it('is turned off and on when that did not help', async () => {
      const { bluez, listening } = await start({}, { clock: scaledClock(Date.now(), 60) })
      await listening.untilUp()
      await bluez.mute()
      await bluez.unmuteOn('reset')
      await hears(bluez, listening)
      expect((await bluez.log()).calls.Powered).toBeDefined()
    })

    it('asks once a day for what only root can do', async () => {
      const { bluez, listening } = await start({}, { clock: scaledClock(Date.now(), 600) })
      await listening.untilUp()
      await bluez.mute()
      await listening.until(() => listening.resets.length > 0, 'a reset', 30_000)
      expect(listening.resets).toEqual(['hci0'])
      await listening.untilUp()
    })

    it('takes empty adverts, and the same advert again and again, for silence', async () => {
      const { bluez, listening } = await start({}, { clock: scaledClock(Date.now(), 60) })
      await listening.untilUp()
      const starts = async () =>
        Object.values((await bluez.log()).calls.StartDiscovery ?? {}).reduce((a, b) => a + b, 0)
      const before = await starts()
      beat(100, () => bluez.adverts([{ address: '4A:00:00:00:00:01', type: 'random', rssi: -60, data: '' }]))
      let now = before
      beat(200, async () => {
        now = await starts()
      })
      await listening.until(() => now > before, 'a new scan', 20_000)
    })
  })
})

/** Sends adverts that differ until one is heard. */
async function hears(bluez: Bluez, listening: Listening): Promise<void> {
  let n = 0
  beat(100, () => bluez.advert(stranger(n++)))
  await listening.until(() => listening.heard.length > 0, 'an advert', 30_000)
}

beforeEach(() => {
  delete process.env.DBUS_SYSTEM_BUS_ADDRESS
})
