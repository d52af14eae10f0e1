import { unseal } from '../../../src/base/sealed.ts'
import { createAdvertEar } from '../../../src/drivers/ble/bus/advert-ear.ts'
import { createFramer } from '../../../src/drivers/ble/bus/framer.ts'
import { createMessage, leave, readHeader } from '../../../src/drivers/ble/bus/message.ts'

export interface HeardAdvert {
  readonly address: number[]
  readonly type: 'public' | 'random'
  readonly rssi: number
  readonly data: string
  readonly isEmpty: boolean
}

/** Bytes of a stream to adverts, without a bus: framer, header and ear as the connection joins them. */
export function hearing({ longest = 2 ** 20 } = {}) {
  const adverts: HeardAdvert[] = []
  const fingerprints: number[] = []
  const events: unknown[] = []
  const message = createMessage()
  const counts = { malformed: 0 }
  let now = 0
  const ear = createAdvertEar({
    adapter: 'hci0',
    now: () => now,
    connection: () => undefined,
    on: {
      advert(advert, about) {
        const { address, type, rssi, data } = unseal(advert)
        const hex = Buffer.from(data).toString('hex')
        adverts.push({ address: [...address], type, rssi, data: hex, isEmpty: about.data.length === 0 })
        fingerprints.push(about.fingerprint())
      },
      adapterAdded: () => events.push('added'),
      adapterRemoved: () => events.push('removed'),
      adapterChanged: (change) => events.push(change),
    },
  })

  function handle(bytes: Uint8Array, start: number, length: number): void {
    if (!readHeader(message, bytes, start, length) || !ear.signalled(message)) counts.malformed++
    leave(message)
  }

  const framer = createFramer({ longest, handle })
  return {
    adverts,
    fingerprints,
    events,
    counts,
    ear,
    framer,
    handle,
    /** Copies, since what is pushed is overwritten. */
    push(bytes: Uint8Array): void {
      framer.push(Uint8Array.from(bytes), bytes.length)
    },
    at(ms: number): void {
      now = ms
    },
  }
}
