import {
  createEncryptedBthome,
  type ReadTelemetry,
  readBeacon,
  readBthome,
  readRuuvi,
} from '../drivers/ble/telemetry.ts'
import type { BeaconSettings } from '../drivers/settings.ts'

/** One of the shop's own devices, with what it is known by as bytes, so that an advert is compared where it lies. */
export interface OwnDevice {
  readonly id: string
  readonly isStaff: boolean
  readonly format: BeaconSettings['format']
  /** Sent by an ibeacon, altbeacon (16 bytes) or eddystone-uid (10). */
  readonly group: Uint8Array
  /** Sent after it: major and minor, or the instance. -1 stands for any byte. */
  readonly member: Int16Array
  /** Where it never changes. */
  readonly address: Uint8Array | undefined
  /** The key that makes its addresses, where it is known by that alone. */
  readonly irk: Uint8Array | undefined
  readonly read: ReadTelemetry
}

/** The settings are valid ones; their order is kept. */
export function ownDevices(beacons: readonly BeaconSettings[]): readonly OwnDevice[] {
  return beacons.map((beacon) => {
    const { id, format, staff, uuid, namespace, key } = beacon
    const address = beacon.address === undefined ? undefined : bytesOf(beacon.address)
    return {
      id,
      isStaff: staff,
      format,
      group: bytesOf(uuid ?? namespace ?? ''),
      member: format === 'eddystone-uid' ? instanceOf(beacon) : numbersOf(beacon),
      address,
      irk: format === 'irk' && key !== undefined ? bytesOf(key) : undefined,
      read: readerOf(beacon, address),
    }
  })
}

function readerOf({ format, key }: BeaconSettings, address: Uint8Array | undefined): ReadTelemetry {
  if (format === 'ruuvi') return readRuuvi
  if (format !== 'bthome') return readBeacon
  return key !== undefined && address ? createEncryptedBthome(bytesOf(key), address) : readBthome
}

function instanceOf({ instance }: BeaconSettings): Int16Array {
  return instance === undefined ? new Int16Array(6).fill(-1) : Int16Array.from(bytesOf(instance))
}

function numbersOf({ major, minor }: BeaconSettings): Int16Array {
  const bytes = (number: number | undefined) => (number === undefined ? [-1, -1] : [number >> 8, number & 0xff])
  return Int16Array.from([...bytes(major), ...bytes(minor)])
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.replace(/[:-]/g, '').match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}

/** Does what a device sends stand at `at`? The caller has seen that there is room. */
export function isSentBy({ group, member }: OwnDevice, data: Uint8Array, at: number): boolean {
  for (let i = 0; i < group.length; i++) {
    if (data[at + i] !== group[i]) return false
  }
  for (let i = 0; i < member.length; i++) {
    if (member[i] !== -1 && data[at + group.length + i] !== member[i]) return false
  }
  return true
}
