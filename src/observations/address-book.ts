import { second } from '../base/duration.ts'

/**
 * The address that each of the shop's own devices uses now, so that what it sends without its name (its battery, a second
 * frame) is known for its own. One place a device, overwritten; outside the heap, so that no copy of it is left behind.
 */
export interface AddressBook {
  /** The device at this address, or -1. */
  find(address: Uint8Array, at: number): number
  /** `device` was heard from this address. */
  note(device: number, address: Uint8Array, at: number): void
  /** Overwrites every address that is out of date. */
  forget(at: number): void
}

const length = 6
const lasting = 10 * second
const never = Number.NEGATIVE_INFINITY

/** @param fixed for each device the address that never changes, if it has one */
export function createAddressBook(fixed: readonly (Uint8Array | undefined)[]): AddressBook {
  const addresses = new Uint8Array(new ArrayBuffer(fixed.length * length))
  const heardAt = new Float64Array(fixed.length).fill(never)
  for (const [device, address] of fixed.entries()) {
    if (address) note(device, address, Number.POSITIVE_INFINITY)
  }

  function note(device: number, address: Uint8Array, at: number): void {
    heardAt[device] = at
    for (let i = 0; i < length; i++) addresses[device * length + i] = address[i]!
  }

  // From the last byte on: the first ones are shared by all devices of a maker.
  function isAt(device: number, address: Uint8Array): boolean {
    for (let i = length - 1; i >= 0; i--) {
      if (addresses[device * length + i] !== address[i]) return false
    }
    return true
  }

  return {
    find(address, at) {
      for (let device = 0; device < heardAt.length; device++) {
        if (isAt(device, address) && at - heardAt[device]! <= lasting) return device
      }
      return -1
    },
    note,
    forget(at) {
      for (let device = 0; device < heardAt.length; device++) {
        if (heardAt[device] === never || at - heardAt[device]! <= lasting) continue
        heardAt[device] = never
        addresses.fill(0, device * length, (device + 1) * length)
      }
    },
  }
}
