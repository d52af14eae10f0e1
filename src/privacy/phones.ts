import type { Sealed } from '../base/sealed.ts'
import type { Advert } from '../drivers/reading.ts'
import { type AddressSet, createAddressSet } from './address-set.ts'
import type { Slot } from './calendar.ts'
import type { Bits } from './mechanism.ts'
import { subWindowMs } from './phones-price.ts'
import { openPseudonyms, type Pseudonyms } from './pseudonym.ts'

/**
 * Distinct addresses near the radios of each zone, five minutes at a time. While a sub-window is open its pseudonyms and
 * the key that made them are in memory; when it ends they are overwritten and an integer stays. Nothing of an address
 * is held for a clock that is not trusted, put into a snapshot, or carried from one sub-window or zone to another.
 */
export interface Phones {
  /** At wall ms of a trusted clock. An address counts once in a sub-window and zone, by whichever radio it is heard. */
  hear(time: number, zone: string, advert: Sealed<Advert>): void
  /** Ends the open sub-window if it is over at wall ms `now`. Call about once a second. */
  endBefore(now: number): void
  /** Sum over the sub-windows of a slot that have ended. */
  devices(slot: Slot, zone: string): number
  /** Forgets a slot once its numbers are charged. */
  forget(slot: Slot): void
  forgetBefore(time: number): void
  /** Forgets everything, the open sub-window too: it cannot be aligned any more, or the process ends. */
  clear(): void
  /** What has ended, as plain integers. */
  snapshot(): PhonesBySlot
  restore(snapshot: PhonesBySlot): void
  /** Adverts that were not looked at because a set was full, since start. Never published. */
  readonly refused: number
}

/** By slot start: sums by zone, and the wall ms up to which sub-windows have ended. */
export type PhonesBySlot = Record<string, { until: number; zones: Record<string, number> }>

export interface PhonesParts {
  readonly bits: Bits
  /** The slot that holds wall ms `time` and still takes numbers, and the zones whose phones are counted in it. */
  readonly placeAt: (time: number) => Place | undefined
  /** Most addresses of a sub-window and zone. */
  readonly limit?: number
  readonly allocate?: (length: number) => ArrayBuffer
}

export interface Place {
  readonly slot: Slot
  readonly zones: readonly string[]
}

interface SubWindow {
  readonly start: number
  readonly end: number
  readonly slot: Slot | undefined
  readonly ears: ReadonlyMap<string, Ear>
}

/** A zone of its own key, so that not even here a phone can be followed from one zone to another. */
interface Ear {
  readonly pseudonyms: Pseudonyms
  readonly addresses: AddressSet
}

// 12 MB at most; only a transmitter that makes addresses up comes near it.
const mostAddresses = 1_000_000

export function createPhones({ bits, placeAt, limit = mostAddresses, allocate }: PhonesParts): Phones {
  let ended: PhonesBySlot = {}
  let open: SubWindow | undefined
  let refused = 0

  function begin(time: number): SubWindow {
    if (open) end(open)
    const start = Math.floor(time / subWindowMs) * subWindowMs
    const place = placeAt(time)
    // A clock set back by seconds, or a new process, must not open a sub-window that has ended: each address counts once.
    const isNew = place !== undefined && start >= (ended[place.slot.start]?.until ?? 0)
    const zones = isNew ? place.zones : []
    const ears = new Map(zones.map((zone) => [zone, openEar()]))
    open = { start, end: start + subWindowMs, slot: isNew ? place.slot : undefined, ears }
    return open
  }

  function openEar(): Ear {
    return { pseudonyms: openPseudonyms(bits), addresses: createAddressSet(limit, allocate) }
  }

  function end({ slot, end: until, ears }: SubWindow): void {
    if (slot) {
      const before = ended[slot.start]?.zones ?? {}
      const sums = [...ears].map(([zone, { addresses }]) => [zone, (before[zone] ?? 0) + addresses.size])
      ended[slot.start] = { until, zones: { ...before, ...Object.fromEntries(sums) } }
    }
    wipe(ears)
  }

  function wipe(ears: SubWindow['ears']): void {
    for (const { pseudonyms, addresses } of ears.values()) {
      pseudonyms.end()
      addresses.wipe()
    }
    open = undefined
  }

  return {
    hear(time, zone, advert) {
      const now = open && time < open.end ? open : begin(time)
      const ear = time < now.start ? undefined : now.ears.get(zone)
      if (ear && !ear.addresses.add(ear.pseudonyms.of(advert))) refused += 1
    },
    endBefore(now) {
      if (open && now >= open.end) end(open)
    },
    devices: (slot, zone) => ended[slot.start]?.zones[zone] ?? 0,
    forget: (slot) => void delete ended[slot.start],
    forgetBefore(time) {
      for (const start of Object.keys(ended)) if (Number(start) < time) delete ended[start]
    },
    clear() {
      if (open) wipe(open.ears)
      ended = {}
    },
    snapshot: () => structuredClone(ended),
    restore(snapshot) {
      ended = structuredClone(snapshot)
    },
    get refused() {
      return refused
    },
  }
}
