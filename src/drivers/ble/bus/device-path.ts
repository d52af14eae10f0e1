import { ascii, startsAt } from './cursor.ts'

/** Bytes of an address. */
export const addressLength = 6
const [digit0, letterA, underscore] = [0x30, 0x41, 0x5f]
/** AA_BB_CC_DD_EE_FF */
const spelled = 3 * addressLength - 1

/** What stands before the address in the path of a device: '/org/bluez/hci0/dev_'. */
export function devicePrefix(adapter: string): Uint8Array {
  return ascii(`/org/bluez/${adapter}/dev_`)
}

/** Writes the address in the path at `at` to the first six bytes of `into`; false where it is not the path of a device. */
export function readAddress(
  bytes: Uint8Array,
  at: number,
  length: number,
  prefix: Uint8Array,
  into: Uint8Array,
): boolean {
  if (length !== prefix.length + spelled || !startsAt(bytes, at, prefix)) return false
  for (let i = 0; i < addressLength; i++) {
    const from = at + prefix.length + 3 * i
    const value = (hexDigit(bytes[from]!) << 4) | hexDigit(bytes[from + 1]!)
    if (value < 0 || (i > 0 && bytes[from - 1] !== underscore)) return false
    into[i] = value
  }
  return true
}

/** Writes the path of the device whose address is the six bytes at `from`; returns its length. */
export function writePath(
  prefix: Uint8Array,
  addresses: Uint8Array,
  from: number,
  into: Uint8Array,
  at: number,
): number {
  into.set(prefix, at)
  for (let i = 0; i < addressLength; i++) {
    const value = addresses[from + i]!
    const to = at + prefix.length + 3 * i
    if (i > 0) into[to - 1] = underscore
    into[to] = digitOf(value >> 4)
    into[to + 1] = digitOf(value & 15)
  }
  return prefix.length + spelled
}

/** BlueZ writes capitals; -1 for anything else. */
export function hexDigit(code: number): number {
  if (code >= digit0 && code < digit0 + 10) return code - digit0
  return code >= letterA && code < letterA + 6 ? code - letterA + 10 : -1
}

function digitOf(value: number): number {
  return value < 10 ? digit0 + value : letterA + value - 10
}
