import { afterEach, describe, expect, it } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { startReader } from '../../src/headoffice/reader.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { numbers } from '../support/outbox.ts'
import { comes, testUplink } from '../support/uplink.ts'

const endings: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

describe.skipIf(!need('mosquitto'))('a broker that holds the line and answers nothing', () => {
  it.each([0, 5])('lets the uplink close in seconds, with %i messages on the way', async (n) => {
    const mosquitto = await startMosquitto()
    endings.push(mosquitto.stop)
    const { uplink, put } = testUplink({ url: mosquitto.url })
    endings.push(uplink.close)
    uplink.open()
    await comes(() => uplink.state().isConnected && uplink.state().inFlight === 0)
    mosquitto.freeze()
    endings.push(async () => mosquitto.thaw())
    put(numbers(1, n))
    let isClosed = false
    void uplink.close().then(() => {
      isClosed = true
    })
    expect(await comes(() => isClosed, 7 * second)).toBe(true)
  })

  it('does not keep a reader from closing either', async () => {
    const mosquitto = await startMosquitto()
    endings.push(mosquitto.stop)
    const reader = startReader({ url: mosquitto.url, root: 'drempel/v1/acme', stored: true, onRelease: () => {} })
    await reader.ready
    mosquitto.freeze()
    endings.push(async () => mosquitto.thaw())
    let isClosed = false
    void reader.close().then(() => {
      isClosed = true
    })
    expect(await comes(() => isClosed, 7 * second)).toBe(true)
  })
})
