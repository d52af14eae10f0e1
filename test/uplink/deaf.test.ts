import { once } from 'node:events'
import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { comes, testUplink } from '../support/uplink.ts'

describe('a broker that denies the subscription to `stored`', () => {
  it('is told of in one sentence, and releases still go out', async () => {
    const aedes = await Aedes.createBroker()
    aedes.authorizeSubscribe = (_client, _subscription, decide) => decide(null, null)
    const server = createServer(aedes.handle).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const lines: string[] = []
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
    const { uplink, outbox, put } = testUplink({ url: `mqtt://127.0.0.1:${port}`, log })
    uplink.open()
    put([1, 2, 3])
    expect(await comes(() => lines.some((line) => line.includes('allow it in the broker')))).toBe(true)
    expect(await comes(() => outbox.waiting() === 0)).toBe(true)
    await uplink.close()
    expect(lines.filter((line) => line.includes('allow it in the broker'))).toHaveLength(1)
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    server.close()
  })
})
