import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openTap } from '../../src/box/tap.ts'

describe('a tap', () => {
  it('passes on what both sides say, and keeps what the client said', async () => {
    const server = createServer((socket) => socket.on('data', (bytes) => socket.write(`heard ${bytes}`)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const tap = await openTap(typeof address === 'object' && address ? address.port : 0)
    const client = connect({ host: '127.0.0.1', port: tap.port })
    client.write('one')
    expect(String((await once(client, 'data'))[0])).toBe('heard one')
    client.write(' two')
    expect(String((await once(client, 'data'))[0])).toBe('heard  two')
    expect(tap.sent().toString()).toBe('one two')
    const gone = once(client, 'close')
    await tap.close()
    await gone
    server.close()
  })

  it('lets go of a client whose broker is gone', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    server.close()
    await once(server, 'close')
    const tap = await openTap(port)
    const client = connect({ host: '127.0.0.1', port: tap.port })
    client.on('error', () => {})
    await once(client, 'close')
    await tap.close()
    expect(tap.sent()).toHaveLength(0)
  })
})
