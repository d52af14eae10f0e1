import { setTimeout as pause } from 'node:timers/promises'
import { adType, writeAd } from '../../../src/base/ad.ts'
import { uuidBytes } from '../../../src/base/uuid-bytes.ts'
import { readOptIn } from '../../../src/shopper/tag.ts'
import {
  type Advertised,
  type AdvertisementState,
  type Bluez,
  type BluezOptions,
  startBluez,
} from '../../support/bluez/bluez.ts'
import { type Listening, type ListeningOptions, listen } from './radio-listening.ts'
import { type KeptLog, keptLog, rotatingToken } from './rotating-token.ts'

/** A radio with a shop's token on a bus with the BlueZ-shaped service. */
export type OpenBeacon = { bluez: Bluez; listening: Listening; log: KeptLog; shop: ReturnType<typeof rotatingToken> }
/** Of the test that runs. */
export const rig: { open?: OpenBeacon } = {}

export async function start(options: BluezOptions = {}, how: Partial<ListeningOptions> & { period?: number } = {}) {
  const bluez = await startBluez({ experimental: true, ...options })
  const shop = rotatingToken(how.period)
  const log = keptLog()
  const more = { hearsPeople: false, hearsTags: true, optIn: shop.optIn, log: log.log }
  const open = { bluez, shop, log, listening: await listen({ address: bluez.address, ...more, ...how }) }
  rig.open = open
  return open
}

/** What the adapter sends now. */
export async function sent(bluez: Bluez): Promise<readonly AdvertisementState[]> {
  return (await bluez.state()).adapters.hci0?.advertisements ?? []
}

export async function history(bluez: Bluez): Promise<readonly Advertised[]> {
  return (await bluez.state()).adapters.hci0?.advertised ?? []
}

/** As it goes over the air. */
export function onAir({ properties }: AdvertisementState): Buffer {
  const [[uuid, data] = ['', '']] = Object.entries(properties.ServiceData as Record<string, string>)
  return Buffer.from(writeAd(adType.serviceData128, Buffer.concat([uuidBytes(uuid), Buffer.from(data, 'hex')])))
}

export async function until(isSo: () => Promise<boolean> | boolean, what: string, within: number): Promise<number> {
  const begun = performance.now()
  while (!(await isSo())) {
    if (performance.now() - begun > within) throw new Error(`not within ${within} ms: ${what}`)
    await pause(20)
  }
  return performance.now() - begun
}

export const untilSent = (bluez: Bluez, within: number) =>
  until(async () => (await sent(bluez)).length === 1, 'one advertisement', within)
/** Until that token is the only one. */
export const untilSaid = (bluez: Bluez, token: Buffer, within: number) =>
  until(
    async () => {
      const [one, ...more] = await sent(bluez)
      return more.length === 0 && one !== undefined && readOptIn(onAir(one))!.equals(token)
    },
    'that token alone',
    within,
  )
export const isState = (wanted: string) => () => rig.open?.listening.driver.health().beacon === wanted

export async function endBeacon(): Promise<void> {
  await rig.open?.listening.close()
  await rig.open?.bluez.stop()
  delete rig.open
}
