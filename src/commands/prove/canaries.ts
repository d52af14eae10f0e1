import { randomBytes } from 'node:crypto'
import type { Identifier } from '../../box/spellings.ts'
import type { Config } from '../../config.ts'

/**
 * Identifiers of nobody, new at every proof: whatever is found of one can only come from the shadow. Each input has its
 * own, so that the name of what is found says where it came in.
 */
export interface Canaries {
  /** Of devices, by the class of their address. */
  readonly addresses: Readonly<Record<'public' | 'static' | 'resolvable' | 'non-resolvable', Uint8Array>>
  /** Of what devices advertise. */
  readonly payload: { readonly long: Uint8Array; readonly short: Uint8Array; readonly name: string }
  /** In what sensors say over a serial port: bytes of a bad frame, an address in a line, and the name of the counter. */
  readonly serial: { readonly frame: Uint8Array; readonly address: Uint8Array; readonly counter: string }
  /** From the broker: in a message, and in the topic of one. */
  readonly broker: { readonly text: string; readonly topic: string }
}

export function createCanaries(): Canaries {
  return {
    addresses: {
      public: addressWith(0x00),
      static: addressWith(0xc0),
      resolvable: addressWith(0x40),
      'non-resolvable': addressWith(0x00),
    },
    payload: { long: randomBytes(16), short: randomBytes(8), name: `José's ${word()}` },
    serial: { frame: randomBytes(8), address: addressWith(0x40), counter: `counter-${word()}` },
    broker: { text: `text-${word()}`, topic: `topic-${word()}` },
  }
}

/** The first two bits of a random address say of which class it is. */
function addressWith(first: number): Uint8Array {
  const address = randomBytes(6)
  address[0] = (address[0]! & 0x3f) | first
  return address
}

function word(): string {
  return randomBytes(9).toString('base64url')
}

/** What is searched for, and where it came in. */
export interface Planted {
  readonly identifier: Identifier
  readonly input: string
  /** Came in as bytes of Bluetooth: the memory is held to these. */
  readonly isOfDevice: boolean
}

/** Those that the inputs of this configuration can bring in. */
export function plantedIn({ sensors }: Pick<Config, 'sensors'>, canaries: Canaries): Planted[] {
  const { addresses, payload, serial, broker } = canaries
  const radios = sensors.filter(({ kind }) => kind === 'ble').map(({ id }) => id)
  const lines = sensors.filter(({ kind }) => kind === 'json-lines').map(({ id }) => id)
  const frames = sensors.filter(({ kind }) => isFramed(kind)).map(({ id }) => id)
  const ofDevice: Identifier[] = [
    ...Object.entries(addresses).map(([kind, bytes]) => ({ name: `${kind} address`, bytes })),
    { name: 'advertised id of 16 bytes', bytes: payload.long },
    { name: 'advertised id of 8 bytes', bytes: payload.short },
    { name: 'name of a device', text: payload.name },
  ]
  const all = [
    ...ofDevice.map((identifier) => ({ identifier, input: radios.join(', '), isOfDevice: true })),
    ...[
      { name: 'name of a counter', text: serial.counter },
      { name: 'address in a bad line', bytes: serial.address },
    ].map((identifier) => ({ identifier, input: lines.join(', '), isOfDevice: false })),
    { identifier: { name: 'bytes in a bad frame', bytes: serial.frame }, input: frames.join(', '), isOfDevice: false },
    ...[
      { name: 'text in a message', text: broker.text },
      { name: 'topic of a message', text: broker.topic },
    ].map((identifier) => ({ identifier, input: 'broker', isOfDevice: false })),
  ]
  return all.filter(({ input }) => input !== '')
}

/** Sends frames of bytes: neither edges, nor lines, nor adverts. */
export function isFramed(kind: Config['sensors'][number]['kind']): boolean {
  return kind !== 'ble' && kind !== 'beam-pair' && kind !== 'json-lines'
}
