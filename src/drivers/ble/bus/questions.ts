import type { Connection } from './connection.ts'
import { addressLength, writePath } from './device-path.ts'
import { messageFlag } from './message.ts'
import { createWriter, finish, putBytesText, putText, startCall, type Writer } from './writer.ts'

/** What BlueZ is asked and told about single devices. Their addresses lie outside the heap and are overwritten. */
export interface Questions {
  /** Asks for all of the device whose address is at the start of `address`; does nothing when too much is asked. */
  ask(address: Uint8Array, second: number): void
  /** Is `serial` that of a question? Then its address is written to the start of `into`, and it is answered. */
  answered(serial: number, into: Uint8Array): boolean
  /** Has BlueZ forget the device. False when too many were: it may be tried again. */
  forget(address: Uint8Array, second: number): boolean
  /** Gives up questions of before `second`. */
  giveUp(second: number): void
  clear(): void
}

export interface QuestionsParts {
  readonly adapter: string
  readonly prefix: Uint8Array
  readonly connection: () => Connection | undefined
}

const mostAsked = 32
/** Of questions, and of devices forgotten. */
const mostPerSecond = 20
/** Buffers for messages on their way; a message takes about 250 bytes. */
const [buffers, bufferSize] = [64, 512]
const getAll = { destination: 'org.bluez', interface: 'org.freedesktop.DBus.Properties', member: 'GetAll' }

export function createQuestions({ adapter, prefix, connection }: QuestionsParts): Questions {
  const free = Array.from({ length: buffers }, () => createWriter(bufferSize))
  const serials = new Uint32Array(mostAsked)
  const asked = new Uint32Array(mostAsked)
  const addresses = new Uint8Array(mostAsked * addressLength)
  const path = new Uint8Array(bufferSize)
  const mayAsk = createPace()
  const mayForget = createPace()
  const removeDevice = {
    destination: 'org.bluez',
    path: `/org/bluez/${adapter}`,
    interface: 'org.bluez.Adapter1',
    member: 'RemoveDevice',
  }

  function isAsked(address: Uint8Array): boolean {
    for (let slot = 0; slot < mostAsked; slot++) if (serials[slot] !== 0 && isSame(address, slot)) return true
    return false
  }

  function isSame(address: Uint8Array, slot: number): boolean {
    for (let i = 0; i < addressLength; i++) if (addresses[slot * addressLength + i] !== address[i]) return false
    return true
  }

  function empty(slot: number): void {
    serials[slot] = 0
    addresses.fill(0, slot * addressLength, (slot + 1) * addressLength)
  }

  /** Writes a message in which a path stands and sends it. Its buffer is free again once the kernel has it. */
  function send(address: Uint8Array, write: (to: Writer, path: Uint8Array, serial: number) => void): number {
    const [open, writer] = [connection(), free.at(-1)]
    if (!open || !writer) return 0
    free.pop()
    const serial = open.nextSerial()
    const length = writePath(prefix, address, 0, path, 0)
    write(writer, path.subarray(0, length), serial)
    path.fill(0, 0, length)
    open.send(finish(writer), () => {
      writer.bytes.fill(0)
      free.push(writer)
    })
    return serial
  }

  return {
    ask(address, second) {
      const slot = serials.indexOf(0)
      if (slot < 0 || isAsked(address) || !mayAsk(second)) return
      serials[slot] = send(address, (to, device, serial) => {
        startCall(to, serial, getAll, { signature: 's', flags: messageFlag.noStart, path: device })
        putText(to, 'org.bluez.Device1')
      })
      asked[slot] = second
      if (serials[slot] !== 0) for (let i = 0; i < addressLength; i++) addresses[slot * addressLength + i] = address[i]!
    },
    answered(serial, into) {
      const slot = serial === 0 ? -1 : serials.indexOf(serial)
      if (slot < 0) return false
      for (let i = 0; i < addressLength; i++) into[i] = addresses[slot * addressLength + i]!
      empty(slot)
      return true
    },
    forget(address, second) {
      if (!mayForget(second)) return false
      const sent = send(address, (to, device, serial) => {
        startCall(to, serial, removeDevice, { signature: 'o', flags: messageFlag.noStart | messageFlag.noReply })
        putBytesText(to, device, device.length)
      })
      return sent !== 0
    },
    giveUp(second) {
      for (let slot = 0; slot < mostAsked; slot++) if (serials[slot] !== 0 && asked[slot]! < second) empty(slot)
    },
    clear() {
      for (let slot = 0; slot < mostAsked; slot++) empty(slot)
    },
  }
}

/** So many times in each second, and no more. */
function createPace(): (second: number) => boolean {
  let [current, count] = [-1, 0]
  return (second) => {
    if (second !== current) [current, count] = [second, 0]
    count++
    return count <= mostPerSecond
  }
}
