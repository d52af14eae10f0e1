import { connect, type Socket } from 'node:net'
import type { Clock } from '../../../base/clock.ts'
import { GatewayError } from '../../../base/errors.ts'

/** Why a connection ended: the bus closed it, it failed, or what came could not be followed. */
export type EndReason = 'ended' | 'failed' | 'lost'

export interface SocketParts {
  /** Paths of sockets, tried in order. */
  readonly paths: readonly string[]
  readonly clock: Clock
  /** The first `length` bytes came; the buffer is used again afterwards. */
  readonly heard: (bytes: Uint8Array, length: number) => void
  /** Once, unless closed by us. */
  readonly ended: (reason: EndReason) => void
}

/** A connection on which messages may be sent. */
export interface BusSocket {
  /** The bytes must stay as they are until `sent` is called, which it is also when they cannot be sent. */
  send(bytes: Uint8Array, sent?: () => void): void
  close(): void
}

const readSize = 65_536
/** ms until the bus must have let us in. */
const patience = 10_000
const longestLine = 1024

/** Connects to the first path that answers, and is let in. Throws DRIVER_BLUETOOTH_BUS. */
export async function openSocket(parts: SocketParts): Promise<BusSocket> {
  let cause: unknown
  for (const path of parts.paths) {
    try {
      return await openPath(path, parts)
    } catch (error) {
      cause = error
    }
  }
  throw new GatewayError('DRIVER_BLUETOOTH_BUS', 'It does not answer or does not let this service in.', { cause })
}

function openPath(path: string, { clock, heard, ended }: SocketParts): Promise<BusSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<BusSocket>()
  // One buffer for all that is read: otherwise Node leaves a new one on the heap for every read.
  const buffer = new Uint8Array(readSize)
  let state: 'greeting' | 'open' | 'closed' = 'greeting'
  const greeting = createGreeting((line) => socket.write(line))
  const socket = connect({ path, onread: { buffer, callback } })
  const cancel = clock.after(patience, () => end('failed'))

  function callback(length: number): boolean {
    if (state === 'open') heard(buffer, length)
    else if (state === 'greeting') greet(length)
    buffer.fill(0, 0, length)
    return true
  }

  function greet(length: number): void {
    const progress = greeting(buffer, length)
    if (progress === 'refused') end('failed')
    if (progress !== 'welcome') return
    cancel()
    state = 'open'
    resolve({ send: (bytes, sent) => void socket.write(bytes, sent), close: () => close(socket) })
  }

  function close(open: Socket): void {
    cancel()
    state = 'closed'
    open.destroy()
  }

  function end(reason: EndReason): void {
    const before = state
    close(socket)
    if (before === 'greeting') reject(new Error('the bus did not let us in'))
    if (before === 'open') ended(reason)
  }

  socket.on('connect', () => socket.write('\0AUTH EXTERNAL\r\n'))
  socket.on('end', () => end('ended'))
  socket.on('error', () => end('failed'))
  socket.on('close', () => end('ended'))
  return promise
}

/**
 * SASL EXTERNAL without an identity, as systemd's library does it: the bus asks the kernel who we are. A number would be
 * wrong in a container that has users of its own.
 */
function createGreeting(say: (line: string) => void) {
  let line = ''

  function answer(): 'goes on' | 'welcome' | 'refused' {
    if (line.startsWith('DATA')) say('DATA\r\n')
    else if (line.startsWith('OK ')) say('BEGIN\r\n')
    else return 'refused'
    return line.startsWith('OK ') ? 'welcome' : 'goes on'
  }

  return (bytes: Uint8Array, length: number): 'goes on' | 'welcome' | 'refused' => {
    for (let at = 0; at < length; at++) {
      line += String.fromCharCode(bytes[at]!)
      if (line.length > longestLine) return 'refused'
      if (!line.endsWith('\r\n')) continue
      const progress = answer()
      if (progress !== 'goes on') return progress
      line = ''
    }
    return 'goes on'
  }
}
