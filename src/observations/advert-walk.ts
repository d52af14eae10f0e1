import { asksNotToCount } from '../base/do-not-count.ts'
import { isSentBy, type OwnDevice } from './own-devices.ts'

/** What an advert says that matters here. Of a stranger that is one bit: whether he said no. */
export interface AdvertWalk {
  /**
   * Walks the structures where they lie: nothing is copied. What reaches past the end is not looked at.
   * @returns the place of the own device that names itself, `refused`, or `unnamed`
   */
  walk(data: Uint8Array): number
}

export const unnamed = -1
/** It is not to be counted. */
export const refused = -2

const serviceData16 = 0x16
const manufacturer = 0xff

/** A walk that knows the shop's own devices by what they send. */
export function createAdvertWalk(devices: readonly OwnDevice[]): AdvertWalk {
  const placed = devices.map((device, place) => ({ device, place }))
  const only = (format: OwnDevice['format']) => placed.filter(({ device }) => device.format === format)
  const iBeacons = only('ibeacon')
  const altBeacons = only('altbeacon')
  const eddystones = only('eddystone-uid')

  function manufacturerOf(data: Uint8Array, start: number, end: number): number {
    // Company, two bytes of the format, 16 + 2 + 2 of identity, and power.
    if (end - start < 25) return unnamed
    const format = (data[start + 2]! << 8) | data[start + 3]!
    if (format === 0xbeac) return placeOf(altBeacons, data, start + 4)
    const isApple = data[start] === 0x4c && data[start + 1] === 0
    return isApple && format === 0x0215 ? placeOf(iBeacons, data, start + 4) : unnamed
  }

  function serviceOf(data: Uint8Array, start: number, end: number): number {
    // UUID, frame type, power, 10 + 6 of identity; two reserved bytes are often left out.
    if (end - start !== 20 && end - start !== 22) return unnamed
    const isUid = data[start] === 0xaa && data[start + 1] === 0xfe && data[start + 2] === 0
    return isUid ? placeOf(eddystones, data, start + 4) : unnamed
  }

  return {
    walk(data) {
      let found = unnamed
      for (let at = 0; at + 1 < data.length; ) {
        const end = at + 1 + data[at]!
        if (end === at + 1 || end > data.length) break
        const type = data[at + 1]!
        const start = at + 2
        if (asksNotToCount(type, data, start, end)) return refused
        if (found === unnamed && type === manufacturer) found = manufacturerOf(data, start, end)
        if (found === unnamed && type === serviceData16) found = serviceOf(data, start, end)
        at = end
      }
      return found
    },
  }
}

interface Placed {
  readonly device: OwnDevice
  readonly place: number
}

function placeOf(candidates: readonly Placed[], data: Uint8Array, at: number): number {
  for (let i = 0; i < candidates.length; i++) {
    if (isSentBy(candidates[i]!.device, data, at)) return candidates[i]!.place
  }
  return unnamed
}
