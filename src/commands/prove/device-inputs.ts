import { doNotCountUuid } from '../../base/do-not-count.ts'
import { second } from '../../base/duration.ts'
import type { Config } from '../../config.ts'
import type { BeaconSettings, SensorOf } from '../../drivers/settings.ts'
import { deviceAdded, deviceChanged, type HeardDevice } from './bluez-signals.ts'
import type { Canaries } from './canaries.ts'
import type { Fed } from './feed.ts'

export interface RadioInputParts {
  readonly settings: SensorOf<'ble'>
  readonly sensor: number
  readonly config: Pick<Config, 'beacons'>
  readonly canaries: Canaries
  readonly opens: number
  readonly lasts: number
}

const apple = 0x004c
const eddystone = '0000feaa-0000-1000-8000-00805f9b34fb'
/** Nobody's company, and a service of nobody. */
const someone = 0xffff
const heardEvery = 20 * second

/**
 * What BlueZ would tell: devices of every class of address with a name and ids of their own, one that asks not to be
 * counted, one that sends what the shop's beacons send, and a signal that is broken off. Each is heard again and again.
 */
export function radioInputs(parts: RadioInputParts): Fed[] {
  const { sensor, opens, lasts } = parts
  const devices = devicesFor(parts)
  const times = Array.from({ length: Math.floor((lasts - opens) / heardEvery) }, (_, i) => opens + i * heardEvery)
  return times.flatMap((t, round) =>
    devices.flatMap((device, i): Fed[] => {
      const signal = round === 0 ? deviceAdded(device) : deviceChanged({ ...device, rssi: -40 - (round % 20) })
      const at = t + i * 100
      return [{ t: at, kind: 'bus', sensor, bytes: signal }, ...(round === 1 ? [broken(signal, at, sensor)] : [])]
    }),
  )
}

/** Whole by its length, so that the stream can be followed, but no longer what it says it is. */
function broken(signal: Uint8Array, t: number, sensor: number): Fed {
  const bytes = Uint8Array.from(signal)
  bytes.fill(0x7a, bytes.length - 24, bytes.length - 12)
  return { t, kind: 'bus', sensor, bytes }
}

function devicesFor({ settings, config, canaries }: RadioInputParts): HeardDevice[] {
  const { addresses, payload } = canaries
  const device = {
    adapter: settings.adapter,
    rssi: -50,
    name: payload.name,
    manufacturer: { [someone]: payload.long },
    service: { [eddystone]: Buffer.concat([Buffer.from([0x30, 0xee]), payload.short]) },
    uuids: [] as string[],
  }
  const ibeacon = Buffer.concat([Buffer.from([0x02, 0x15]), payload.long, Buffer.from([0, 1, 0, 2, 0xc5])])
  return [
    { ...device, type: 'public', address: addresses.public },
    { ...device, type: 'random', address: addresses.static, manufacturer: { [apple]: ibeacon } },
    { ...device, type: 'random', address: addresses.resolvable },
    { ...device, type: 'random', address: addresses['non-resolvable'], uuids: [doNotCountUuid] },
    ...config.beacons.flatMap((beacon) => copyOf(beacon, { ...device, type: 'random', address: addresses.static })),
  ]
}

/** A stranger who sends what a beacon of the shop sends. Those known by their own address or key are nobody's to copy. */
function copyOf(
  { format, uuid, major, minor, namespace, instance }: BeaconSettings,
  device: HeardDevice,
): HeardDevice[] {
  const numbers = Buffer.alloc(4)
  numbers.writeUInt16BE(major ?? 1, 0)
  numbers.writeUInt16BE(minor ?? 1, 2)
  const id = Buffer.concat([Buffer.from((uuid ?? '').replaceAll('-', ''), 'hex'), numbers, Buffer.from([0xc5])])
  if (format === 'ibeacon')
    return [{ ...device, manufacturer: { [apple]: Buffer.concat([Buffer.from([2, 0x15]), id]) } }]
  if (format === 'altbeacon') {
    return [
      { ...device, manufacturer: { [someone]: Buffer.concat([Buffer.from([0xbe, 0xac]), id, Buffer.from([0])]) } },
    ]
  }
  if (format !== 'eddystone-uid') return []
  const frame = Buffer.from(`00ee${namespace}${instance ?? '000000000001'}0000`, 'hex')
  return [{ ...device, service: { [eddystone]: frame } }]
}
