import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'

/** An MQTT 3.1.1 broker inside this process, for the demo and for tests. It keeps nothing: no product for head office. */
export interface Broker {
  readonly port: number
  readonly url: string
  close(): Promise<void>
}

export interface BrokerOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Called for every message that a client published. */
  readonly onPublish?: (topic: string, payload: Buffer) => void
}

/** @throws the system's error when the port is taken */
export async function startBroker({ host, port, onPublish }: BrokerOptions): Promise<Broker> {
  const aedes = await Aedes.createBroker()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  aedes.on('publish', ({ topic, payload }, client) => {
    if (client) onPublish?.(topic, Buffer.from(payload))
  })
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    aedes.close()
    throw error
  }
  const address = server.address()
  const taken = typeof address === 'object' && address ? address.port : port
  return {
    port: taken,
    url: `mqtt://${host}:${taken}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      await new Promise<void>((resolve) => aedes.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
