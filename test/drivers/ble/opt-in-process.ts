import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createOptInBeacon } from '../../../src/drivers/ble/opt-in-beacon.ts'

// Says a new token as often as it can, and tells how many there were and what the heap holds: started with --expose-gc.
let given = 0
const beacon = createOptInBeacon({
  sensor: 'radio',
  adapter: 'hci0',
  clock: systemClock(() => true),
  log: silentLog,
  optIn() {
    const token = Buffer.alloc(8)
    token.writeUInt32BE(++given)
    return { token, changesInMs: 0 }
  },
})
beacon.open()
setInterval(() => {
  globalThis.gc?.()
  process.stdout.write(`${JSON.stringify({ given, heap: process.memoryUsage().heapUsed })}\n`)
}, 500)
