import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createSerialDriver } from '../../../src/drivers/serial/port.ts'

// A process in which nothing happens but one serial port: the first argument names it. Writes 'h' for all it hears.
const driver = createSerialDriver(
  { id: 'side', kind: 'json-lines', zone: 'entrance', port: process.argv[2]!, baud: 115_200 },
  { clock: systemClock(() => true), log: silentLog },
)
await driver.open((reading) => process.stdout.write(`${reading.kind}\n`))
