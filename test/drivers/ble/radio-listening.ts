import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { type Log, silentLog } from '../../../src/base/log.ts'
import { unseal } from '../../../src/base/sealed.ts'
import { createRadioDriver, type RadioParts } from '../../../src/drivers/ble/radio.ts'
import type { Driver } from '../../../src/drivers/reading.ts'
import type { BeaconSettings } from '../../../src/drivers/settings.ts'

/** An advert as it was heard, copied out of the bytes that are overwritten afterwards. */
export interface Copied {
  readonly address: string
  readonly type: 'public' | 'random'
  readonly rssi: number
  readonly data: Buffer
}

export interface Listening {
  readonly driver: Driver
  /** Copies of what was heard; a test may look, a driver may not. */
  readonly heard: Copied[]
  /** 'up' or the reason, at each change of state. */
  readonly states: string[]
  /** Adapters whose reset was asked for. */
  readonly resets: string[]
  until(isTrue: () => boolean, what: string, timeout?: number): Promise<void>
  untilUp(timeout?: number): Promise<void>
  untilDown(reason: RegExp, timeout?: number): Promise<void>
  close(): Promise<void>
}

export interface ListeningOptions {
  /** The bus that node-ble and the reader find. */
  readonly address: string
  readonly beacons?: readonly BeaconSettings[]
  readonly hearsPeople?: boolean
  readonly hearsTags?: boolean
  readonly optIn?: NonNullable<RadioParts['optIn']>
  readonly adapter?: string
  readonly clock?: Clock
  readonly log?: Log
}

/** The real driver on a real bus. */
export async function listen(options: ListeningOptions): Promise<Listening> {
  process.env.DBUS_SYSTEM_BUS_ADDRESS = options.address
  const heard: Copied[] = []
  const states: string[] = []
  const resets: string[] = []
  const parts: RadioParts = {
    clock: options.clock ?? systemClock(() => true),
    log: options.log ?? silentLog,
    beacons: options.beacons ?? [],
    hearsPeople: options.hearsPeople ?? true,
    hearsTags: options.hearsTags ?? false,
    ...(options.optIn ? { optIn: options.optIn } : {}),
    resetAdapter: (adapter) => resets.push(adapter),
  }
  const driver = createRadioDriver(
    { id: 'radio', kind: 'ble', zone: 'entrance', adapter: options.adapter ?? 'hci0' },
    parts,
  )
  await driver.open((reading) => {
    if (reading.kind === 'advert') {
      const { address, data, ...rest } = unseal(reading.advert)
      heard.push({ ...rest, address: spelled(address), data: Buffer.from(data) })
    }
    if (reading.kind === 'state') states.push(reading.state === 'up' ? 'up' : (reading.reason ?? ''))
  })

  async function until(isTrue: () => boolean, what: string, timeout = 15_000): Promise<void> {
    const end = performance.now() + timeout
    while (!isTrue()) {
      if (performance.now() > end)
        throw new Error(`not within ${timeout} ms: ${what}; ${JSON.stringify(driver.health())}`)
      await pause(10)
    }
  }

  return {
    driver,
    heard,
    states,
    resets,
    until,
    untilUp: (timeout) => until(() => driver.health().state === 'up', 'up', timeout),
    untilDown: (reason, timeout) =>
      until(
        () => driver.health().state === 'down' && reason.test(driver.health().reason ?? ''),
        String(reason),
        timeout,
      ),
    close: () => driver.close(),
  }
}

export function spelled(address: Uint8Array): string {
  return Buffer.from(address).toString('hex').toUpperCase().match(/../g)!.join(':')
}

/** A beacon of the shop, and what it sends. */
export const ownBeacon: BeaconSettings = {
  id: 'till',
  format: 'ibeacon',
  uuid: '7d3c1d2e-5b0a-4a63-9f57-3f1f6a1c0d11',
  major: 1,
  minor: 2,
  staff: false,
}
export const ownAdvert = '0201061aff4c0002157d3c1d2e5b0a4a639f573f1f6a1c0d1100010002c5'
