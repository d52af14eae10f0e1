import { ascii, isAt, readText, textIs } from './cursor.ts'
import { isWhole, type Message, type Span } from './message.ts'

/** Who has the name org.bluez. The name of a connection (':1.7') is that of a service, never of a shopper. */
export interface Owner {
  /** Did BlueZ send the message? Match rules do not keep others from writing to us directly. */
  sent(message: Message): boolean
  /** Sets it to the text that was read last; an empty one means nobody. */
  set(bytes: Uint8Array, at: number, length: number): void
  readonly isPresent: boolean
}

const longestName = 255
const names = {
  bus: ascii('org.freedesktop.DBus'),
  changed: ascii('NameOwnerChanged'),
  bluez: ascii('org.bluez'),
}
const threeTexts = ascii('sss')

export function createOwner(): Owner {
  const name = new Uint8Array(longestName)
  let size = 0
  return {
    sent({ bytes, sender }) {
      if (size === 0 || sender.length !== size) return false
      for (let i = 0; i < size; i++) if (bytes[sender.at + i] !== name[i]) return false
      return true
    },
    set(bytes, at, length) {
      size = Math.min(length, longestName)
      for (let i = 0; i < size; i++) name[i] = bytes[at + i]!
    },
    get isPresent() {
      return size > 0
    },
  }
}

/** Is it the bus itself that says who has a name now? */
export function isOwnerChange({ bytes, sender, interface: spoken, member }: Message): boolean {
  const is = ({ at, length }: Span, expected: Uint8Array) => isAt(bytes, at, length, expected)
  return is(sender, names.bus) && is(spoken, names.bus) && is(member, names.changed)
}

/** Reads who has org.bluez now. 'other' when it is about another name, 'malformed' when it cannot be read. */
export function readOwnerChange(message: Message, owner: Owner): 'changed' | 'other' | 'malformed' {
  const { bytes, signature } = message
  if (!isAt(bytes, signature.at, signature.length, threeTexts)) return 'malformed'
  readText(message)
  const isBlueZ = textIs(message, names.bluez)
  readText(message)
  readText(message)
  if (!isWhole(message)) return 'malformed'
  if (!isBlueZ) return 'other'
  owner.set(bytes, message.textAt, message.textLength)
  return 'changed'
}
