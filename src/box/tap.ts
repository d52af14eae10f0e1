import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Lies between a client on this machine and its broker, and keeps every byte that the client sent. */
export interface Tap {
  readonly port: number
  sent(): Buffer
  close(): Promise<void>
}

const host = '127.0.0.1'

/** Passes everything on to `port`, and back. Throws the system's error when no port can be had. */
export async function openTap(port: number): Promise<Tap> {
  const kept: Buffer[] = []
  const sockets = new Set<Socket>()
  const hold = (socket: Socket) => {
    sockets.add(socket)
    // Its other end learns of it by the close that follows.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const broker = connect({ host, port })
    hold(client)
    hold(broker)
    client.on('data', (bytes) => {
      kept.push(Buffer.from(bytes))
      broker.write(bytes)
    })
    client.on('close', () => broker.end())
    broker.on('close', () => client.destroy())
    broker.pipe(client)
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    sent: () => Buffer.concat(kept),
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
