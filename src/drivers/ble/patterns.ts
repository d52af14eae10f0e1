import { adType } from '../../base/ad.ts'
import type { BeaconSettings } from '../settings.ts'
import type { Pattern } from './bus/monitor-answers.ts'

/**
 * Adverts of phones have no mark in common. Nearly all carry the flags structure; those that do not are asked for by
 * who sends them: Apple, Google's nearby services, Microsoft. What BlueZ lets through no pattern is not counted.
 */
const people: readonly Pattern[] = [
  ...[0x02, 0x04, 0x05, 0x06, 0x18, 0x1a, 0x1b].map((value) => pattern(adType.flags, 0, [value])),
  pattern(adType.manufacturer, 0, [0x4c, 0x00]),
  pattern(adType.manufacturer, 0, [0x06, 0x00]),
  pattern(adType.manufacturer, 0, [0x75, 0x00]),
  pattern(adType.serviceData16, 0, [0xf3, 0xfe]),
  pattern(adType.serviceData16, 0, [0x2c, 0xfe]),
]

/** Eddystone-EID: what tags of shoppers send. Who agreed is known by the key only, so those of strangers come along. */
const tags = pattern(adType.serviceData16, 0, [0xaa, 0xfe, 0x30])

/** Whose adverts are wanted beside those of the shop's own beacons. */
export interface Wanted {
  readonly hearsPeople: boolean
  readonly hearsTags: boolean
}

/**
 * The patterns of what the shop wants to hear: its own beacons as narrowly as their format allows, tags only while it has
 * something to agree to, and phones only while they are counted. Devices of staff matter only then, too: nobody else is there
 * to tell them apart from.
 */
export function patternsOf(beacons: readonly BeaconSettings[], { hearsPeople, hearsTags }: Wanted): Pattern[] {
  const own = beacons.filter(({ staff }) => hearsPeople || !staff).flatMap(patternsOfBeacon)
  const wanted = [...own, ...(hearsTags ? [tags] : []), ...(hearsPeople ? people : [])]
  return [...new Map(wanted.map((one) => [nameOf(one), one])).values()]
}

function patternsOfBeacon(beacon: BeaconSettings): Pattern[] {
  const uuid = hex(beacon.uuid?.replaceAll('-', ''))
  switch (beacon.format) {
    case 'ibeacon':
      return [pattern(adType.manufacturer, 0, [0x4c, 0x00, 0x02, 0x15, ...uuid])]
    case 'altbeacon':
      // Any company, so the pattern begins after it.
      return [pattern(adType.manufacturer, 2, [0xbe, 0xac, ...uuid])]
    case 'eddystone-uid':
      // After UUID, frame type and power. Telemetry frames carry no name: they are told by the address of the named ones.
      return [
        pattern(adType.serviceData16, 4, hex(`${beacon.namespace}${beacon.instance ?? ''}`)),
        pattern(adType.serviceData16, 0, [0xaa, 0xfe, 0x20]),
      ]
    case 'bthome':
      return [pattern(adType.serviceData16, 0, [0xd2, 0xfc])]
    case 'ruuvi':
      return [pattern(adType.manufacturer, 0, [0x99, 0x04, 0x05])]
    case 'irk':
      return []
  }
}

/** Does an advert (AD structures) hold one of the patterns? What BlueZ should have done, to see whether it does. */
export function matches(data: Uint8Array, patterns: readonly Pattern[]): boolean {
  for (let start = 0; start + 1 < data.length && data[start]! > 0; start += 1 + data[start]!) {
    const end = start + 1 + data[start]!
    if (end > data.length) return false
    if (patterns.some((one) => isAt(data, start, end, one))) return true
  }
  return false
}

function isAt(data: Uint8Array, start: number, end: number, { type, start: offset, content }: Pattern): boolean {
  const from = start + 2 + offset
  if (data[start + 1] !== type || from + content.length > end) return false
  for (let i = 0; i < content.length; i++) if (data[from + i] !== content[i]) return false
  return true
}

function pattern(type: number, start: number, bytes: readonly number[]): Pattern {
  return { type, start, content: Uint8Array.from(bytes) }
}

function nameOf({ type, start, content }: Pattern): string {
  return `${type}/${start}/${content.join()}`
}

function hex(text = ''): number[] {
  return [...Buffer.from(text, 'hex')]
}
