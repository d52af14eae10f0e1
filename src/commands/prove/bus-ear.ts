import type { Clock } from '../../base/clock.ts'
import { createAdvertEar } from '../../drivers/ble/bus/advert-ear.ts'
import { createFramer } from '../../drivers/ble/bus/framer.ts'
import { createMessage, leave, readHeader } from '../../drivers/ble/bus/message.ts'
import type { Hear } from '../../drivers/reading.ts'
import type { SensorOf } from '../../drivers/settings.ts'

/** The driver of a radio from the bytes of D-Bus on, without a bus: they come from elsewhere. */
export interface BusEar {
  /** Takes bytes of a stream, and overwrites them. */
  push(bytes: Uint8Array): void
  /** Forgets devices that were not heard for a while. To be called about once a second. */
  sweep(): void
  /** Adverts. */
  heard(): number
}

const longestMessage = 2 ** 20

/** Hears everybody, whatever would be asked of BlueZ. */
export function openBusEar({ id, adapter }: SensorOf<'ble'>, hear: Hear, clock: Clock): BusEar {
  const ear = createAdvertEar({
    adapter,
    now: clock.monotonic,
    connection: () => undefined,
    on: {
      advert: (advert) => hear({ kind: 'advert', sensor: id, at: clock.monotonic(), advert }),
      adapterAdded() {},
      adapterRemoved() {},
      adapterChanged() {},
    },
  })
  const message = createMessage()
  const framer = createFramer({
    longest: longestMessage,
    handle(bytes, start, length) {
      if (readHeader(message, bytes, start, length)) ear.signalled(message)
      leave(message)
    },
  })
  return { push: (bytes) => framer.push(bytes, bytes.length), sweep: ear.sweep, heard: () => ear.stats().adverts }
}
