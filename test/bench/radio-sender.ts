import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/base/clock.ts'
import { systemBusPaths } from '../../src/base/system-bus.ts'
import { bus, openConnection } from '../../src/drivers/ble/bus/connection.ts'
import { putLong, putText } from '../../src/drivers/ble/bus/writer.ts'

// Owns org.bluez and sends the messages of a file, so often as a line of its input says; each time it says that it is done.
const [file = ''] = process.argv.slice(2)
const messages = new Uint8Array(readFileSync(file))
const connection = await openConnection({
  paths: systemBusPaths(),
  clock: systemClock(() => true),
  heard: () => true,
  ended: () => process.exit(1),
})
const target = { ...bus, member: 'Hello' }
await connection.ask({ target, read: () => true })
await connection.ask({
  target: { ...bus, member: 'RequestName' },
  signature: 'su',
  body(writer) {
    putText(writer, 'org.bluez')
    putLong(writer, 0)
  },
  read: () => true,
})
process.stdout.write('ready\n')
for await (const line of createInterface(process.stdin)) {
  for (let round = Number(line); round > 0; round--) {
    await new Promise<void>((resolve) => connection.send(messages, resolve))
  }
  process.stdout.write('sent\n')
}
