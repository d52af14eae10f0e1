import { doNotCountBytes } from '../../src/base/do-not-count.ts'
import type { Identifier } from '../../src/box/spellings.ts'
import type { HeardAdvert } from './bluez/bluez.ts'

/** Somebody who must leave no trace: what is heard of them, and by what they could be known. */
export interface Canary {
  readonly adverts: readonly HeardAdvert[]
  readonly identifiers: readonly Identifier[]
}

/** The beacon of the shop, whose pattern lets through what only begins like it. */
export const shopUuid = 'f7826da6-4fa2-4e98-8024-bc5b71e0893e'

const flags = '02011a'
const refusal = structure(0x07, Buffer.from(doNotCountBytes))

/** One of each kind that a radio hears: phones, things, a stranger's beacon, somebody who said no, one far away. */
export const canaries: readonly Canary[] = [
  canary('resolvable', '5E:C7:1D:AD:BE:E1', 'Jo\u00e3o his Phone', '9d3c41f7a86be2050c5e', flags),
  canary('not resolvable', '1B:E7:1D:5A:BE:D2', 'Canary Watch 22', '4bd0837f19c6a2ee5d31', flags),
  canary('static', 'C7:1D:5E:AD:BE:E3', 'Canary Tag 3333', 'a1f4583cd9076be2cc90', flags),
  canary('public', 'A4:C1:38:7D:5E:B4', 'Canary Lamp 444', '73e9b1c05f28d64aa7bb', flags, { type: 'public' }),
  canary('refusing', '6A:91:C3:5D:1E:B5', 'Canary Refuses', 'e85b20fd7741ca936f02', flags + refusal),
  canary('far away', '72:0F:B6:E9:5C:A6', 'Canary Passing', '5cc8e13f90ab7d2466e7', flags, { rssi: -95 }),
  beaconLike('5F:2D:C8:B3:7E:A7', 'Canary Beacon 7'),
]

type More = Pick<HeardAdvert, 'type' | 'rssi'>

function canary(kind: string, address: string, name: string, id: string, data: string, more: More = {}): Canary {
  const payload = structure(0xff, Buffer.from(`4c00${id}`, 'hex')) + structure(0x16, Buffer.from(`f3fe${id}`, 'hex'))
  return {
    adverts: [data + payload, data + structure(0x09, Buffer.from(name))].map((data) => {
      return { address, type: 'random', rssi: -58, ...more, data }
    }),
    identifiers: [...identifiersOf(kind, address, name), { name: `${kind} payload`, bytes: Buffer.from(id, 'hex') }],
  }
}

/** It passes the pattern that BlueZ is given for the shop's own beacon. */
function beaconLike(address: string, name: string): Canary {
  const body = Buffer.concat([Buffer.from('4c000215', 'hex'), Buffer.from(shopUuid.replaceAll('-', ''), 'hex')])
  const data = flags + structure(0xff, Buffer.concat([body, Buffer.from('00090009c5', 'hex')]))
  const adverts = [data, flags + structure(0x09, Buffer.from(name))]
  return {
    adverts: adverts.map((data) => ({ address, type: 'random', rssi: -61, data })),
    identifiers: identifiersOf('like a beacon', address, name),
  }
}

function identifiersOf(kind: string, address: string, text: string): Identifier[] {
  const bytes = Buffer.from(address.replaceAll(':', ''), 'hex')
  return [
    { name: `${kind} address`, bytes },
    { name: `${kind} name`, text },
  ]
}

function structure(type: number, value: Buffer): string {
  return Buffer.concat([Buffer.from([value.length + 1, type]), value]).toString('hex')
}
