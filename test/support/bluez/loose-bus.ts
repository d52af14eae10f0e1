import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Something that listens where a bus would, and says what a test wants: no real bus passes on nonsense. */
export interface LooseBus {
  readonly path: string
  /** Sends bytes to whoever connected last. */
  say(bytes: Uint8Array | string): void
  hangUp(): void
  stop(): Promise<void>
}

/** `heard` gets what comes, and answers with `say`. */
export async function startLooseBus(heard: (bytes: Buffer, say: LooseBus['say']) => void): Promise<LooseBus> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-loose-'))
  const path = join(folder, 'socket')
  const sockets: Socket[] = []
  const say = (bytes: Uint8Array | string) => void sockets.at(-1)?.write(bytes)
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => heard(bytes, say))
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    say,
    hangUp: () => void sockets.at(-1)?.destroy(),
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The messages, in little-endian order as clients here write it, that `bytes` hold. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 16 <= bytes.length; ) {
    const end = at + 16 + ((bytes.readUInt32LE(at + 12) + 7) & -8) + bytes.readUInt32LE(at + 4)
    messages.push(bytes.subarray(at, end))
    at = end
  }
  return messages
}

/** An empty answer to the message of each serial that `bytes` hold, as a bus gives it to Hello and AddMatch. */
export function answersTo(bytes: Buffer): Buffer {
  return Buffer.concat(messagesIn(bytes).map((message) => emptyAnswer(serialOf(message))))
}

/** An error of the name a.b in answer to a message. */
export function refusalTo(message: Buffer): Buffer {
  const name = '0401730003000000612e620000000000'
  const refusal = Buffer.from(`6c030101000000000100000014000000${'0501750000000000'}${name}`, 'hex')
  refusal.writeUInt32LE(serialOf(message), 20)
  return refusal
}

function serialOf(message: Buffer): number {
  return message.readUInt32LE(8)
}

function emptyAnswer(serial: number): Buffer {
  const answer = Buffer.from('6c020101000000000100000008000000' + '0501750000000000', 'hex')
  answer.writeUInt32LE(serial, 20)
  return answer
}
