import { optInUuid } from '../../base/opt-in-advert.ts'
import type { AnswerCall, MakeVariant, Reply } from './serve.ts'

/** The objects that BlueZ reads from what to send (org.bluez.LEAdvertisement1), once when they are registered. */
export interface Advertisements {
  put(path: string, token: Buffer): void
  readonly answer: AnswerCall
}

const ours = 'org.bluez.LEAdvertisement1'
const standard = 'org.freedesktop.DBus.Properties'
/**
 * Milliseconds between two sendings. Who stands before the screen should not wait, and the radio must have time to listen.
 * BlueZ obeys from 5.77 on, before that only as --experimental; else the kernel's usual 1.28 s hold.
 */
const [shortest, longest] = [200, 300]

/** @param released BlueZ says that it sends no more */
export function createAdvertisements(released: () => void): Advertisements {
  const tokens = new Map<string, Buffer>()
  return {
    put: (path, token) => void tokens.set(path, token),
    answer({ path, interface: spoken, member, body }, variant): Reply | undefined {
      const token = tokens.get(path)
      if (!token) return undefined
      if (spoken === ours && member === 'Release') {
        released()
        return { signature: '', body: [] }
      }
      if (spoken !== standard || body[0] !== ours) return undefined
      const properties = propertiesOf(token, variant)
      if (member === 'GetAll') return { signature: 'a{sv}', body: [properties] }
      const one = new Map(Object.entries(properties)).get(String(body[1]))
      return member === 'Get' && one ? { signature: 'v', body: [one] } : undefined
    },
  }
}

/** A broadcast: nobody can connect, BlueZ adds no flags, and the kernel sends it under a random address of its own. */
function propertiesOf(token: Buffer, variant: MakeVariant): Record<string, unknown> {
  return {
    Type: variant('s', 'broadcast'),
    ServiceData: variant('a{sv}', { [optInUuid]: variant('ay', token) }),
    MinInterval: variant('u', shortest),
    MaxInterval: variant('u', longest),
  }
}
