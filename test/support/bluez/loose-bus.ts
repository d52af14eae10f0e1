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

/** An empty answer to the message of each serial that `bytes` hold, as a bus gives it to Hello and AddMatch. */
export function answersTo(bytes: Buffer): Buffer {
  const answers: Buffer[] = []
  for (let at = 0; at + 16 <= bytes.length; ) {
    answers.push(emptyAnswer(bytes.readUInt32LE(at + 8)))
    at += 16 + ((bytes.readUInt32LE(at + 12) + 7) & -8) + bytes.readUInt32LE(at + 4)
  }
  return Buffer.concat(answers)
}

function emptyAnswer(serial: number): Buffer {
  const answer = Buffer.from('6c020101000000000100000008000000' + '0501750000000000', 'hex')
  answer.writeUInt32LE(serial, 20)
  return answer
}
