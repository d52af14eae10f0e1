import type { Clock } from '../../../base/clock.ts'
import { createFramer } from './framer.ts'
import { createMessage, leave, type Message, messageType, readHeader, type Span } from './message.ts'
import { type BusSocket, type EndReason, openSocket } from './socket.ts'
import { type CallTarget, createWriter, finish, startCall, type Writer } from './writer.ts'

/** What a call came to. `error` is the name of an error of D-Bus; its text is never read, since it may quote an address. */
export type Answer<T> = { readonly isOk: true; readonly value: T } | { readonly isOk: false; readonly error: string }

export interface Question<T> {
  readonly target: CallTarget
  readonly signature?: string
  readonly body?: (writer: Writer) => void
  /** Reads the body of the answer; undefined when it is not what was asked for. */
  readonly read: (message: Message) => T | undefined
}

export interface ConnectionParts {
  readonly paths: readonly string[]
  readonly clock: Clock
  /** A message that answers no question of ours; it and its bytes are gone afterwards. False when it was malformed. */
  readonly heard: (message: Message) => boolean
  readonly ended: (reason: EndReason) => void
}

/** A connection to the bus that has said hello. */
export interface Connection {
  /** Asks and waits at most 25 s. Never rejects. */
  ask<T>(question: Question<T>): Promise<Answer<T>>
  /** Writes a message with `start`, which gets its serial, and sends it. Not for what holds an address. */
  tell(start: (writer: Writer, serial: number) => void): void
  /** For messages whose buffer the caller keeps and overwrites. */
  nextSerial(): number
  send(bytes: Uint8Array, sent: () => void): void
  close(): void
  readonly malformed: number
  readonly oversize: number
}

export const errorName = {
  disconnected: 'org.freedesktop.DBus.Error.Disconnected',
  noReply: 'org.freedesktop.DBus.Error.NoReply',
  limits: 'org.freedesktop.DBus.Error.LimitsExceeded',
  unexpected: 'org.freedesktop.DBus.Error.InvalidSignature',
} as const

/** As libdbus waits, ms. */
const patience = 25_000
const longestMessage = 2 ** 20
/** Room for what we send: the longest, 140 patterns, takes about 10 kB. Nobody else chooses its length. */
const roomToWrite = 32_768
export const bus = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
}

interface Waiting {
  readonly answered: (message: Message) => void
  readonly failed: (error: string) => void
}

/** Throws DRIVER_BLUETOOTH_BUS when the bus cannot be reached or does not answer. */
export async function openConnection(parts: ConnectionParts): Promise<Connection> {
  const { clock } = parts
  const message = createMessage()
  const framer = createFramer({ longest: longestMessage, handle })
  const waiting = new Map<number, Waiting>()
  const writer = createWriter(roomToWrite)
  let serial = 0
  let malformed = 0
  let isClosed = false
  const socket: BusSocket = await openSocket({ ...parts, heard: push, ended: end })

  function push(bytes: Uint8Array, length: number): void {
    framer.push(bytes, length)
    if (framer.isLost && !isClosed) end('lost')
  }

  function handle(bytes: Uint8Array, start: number, length: number): void {
    if (isClosed) return
    const isGood = readHeader(message, bytes, start, length) && (settle() || parts.heard(message))
    if (!isGood) malformed++
    leave(message)
  }

  /** Is it the answer to a question? */
  function settle(): boolean {
    if (message.type !== messageType.answer && message.type !== messageType.error) return false
    const question = waiting.get(message.replySerial)
    if (message.type === messageType.error) question?.failed(textOf(message, message.errorName))
    else question?.answered(message)
    return question !== undefined
  }

  function end(reason: EndReason): void {
    close()
    parts.ended(reason)
  }

  function close(): void {
    if (isClosed) return
    isClosed = true
    socket.close()
    framer.wipe()
    for (const { failed } of [...waiting.values()]) failed(errorName.disconnected)
  }

  function nextSerial(): number {
    serial = serial === 0xffffffff ? 1 : serial + 1
    return serial
  }

  function tell(start: (writer: Writer, serial: number) => void): number {
    const number = nextSerial()
    start(writer, number)
    // A copy: the socket may need it for longer than until the next message.
    if (!isClosed) socket.send(finish(writer).slice())
    return number
  }

  function ask<T>({ target, signature = '', body, read }: Question<T>): Promise<Answer<T>> {
    const { promise, resolve } = Promise.withResolvers<Answer<T>>()
    if (isClosed) return Promise.resolve({ isOk: false, error: errorName.disconnected })
    const number = tell((to, its) => {
      startCall(to, its, target, { signature })
      body?.(to)
    })
    const settled = (answer: Answer<T>) => {
      waiting.delete(number)
      cancel()
      resolve(answer)
    }
    const failed = (error: string) => settled({ isOk: false, error })
    const cancel = clock.after(patience, () => failed(errorName.noReply))
    waiting.set(number, {
      failed,
      answered(answer) {
        const value = read(answer)
        if (value === undefined || answer.isBroken) failed(errorName.unexpected)
        else settled({ isOk: true, value })
      },
    })
    return promise
  }

  return {
    ask,
    tell: (start) => void tell(start),
    nextSerial,
    send(bytes, sent) {
      if (isClosed) sent()
      else socket.send(bytes, sent)
    },
    close,
    get malformed() {
      return malformed
    },
    get oversize() {
      return framer.oversize
    },
  }
}

/** A name of the protocol as text, for what cannot hold an address. */
export function textOf({ bytes }: Message, { at, length }: Span): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}

export const nothing = (): true => true
