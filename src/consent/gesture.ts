import { second } from '../base/duration.ts'

/** One frame of a tag near the opt-in beacon. */
export interface NearFrame {
  /** 8 bytes, hex. */
  readonly eid: string
  /** dBm. */
  readonly rssi: number
  /** Monotonic ms. */
  readonly at: number
}

/** Tags that are being held close: when each was heard so, the latest last. A value: nothing here changes. */
export type Near = readonly { readonly eid: string; readonly at: readonly number[] }[]

export const nearRssi = -45
export const nearFrames = 5
export const nearWithin = 3 * second
/** More are not held to one beacon; a flood of strong frames pushes others out and completes nothing. */
const mostNear = 8

/** Takes one frame in. One that is weak ends the hold of its tag; what other tags say does not matter. */
export function heardNear(near: Near, { eid, rssi, at }: NearFrame): Near {
  const others = near.filter((one) => one.eid !== eid && at - (one.at.at(-1) ?? 0) <= nearWithin)
  // 127 is BlueZ for "not known".
  if (!(rssi >= nearRssi) || rssi > 20) return others
  const before = near.find((one) => one.eid === eid)?.at ?? []
  return [...others, { eid, at: [...before, at].slice(-nearFrames) }].slice(-mostNear)
}

/** The tags that were held close just now: five strong frames in a row, within three seconds, the last not older than that. */
export function heldNear(near: Near, now: number): string[] {
  const isHeld = ({ at }: Near[number]) => {
    const [first = 0, last = 0] = [at[0], at.at(-1)]
    return at.length === nearFrames && last - first <= nearWithin && last >= first && now - last <= nearWithin
  }
  return near.filter(isHeld).map(({ eid }) => eid)
}
