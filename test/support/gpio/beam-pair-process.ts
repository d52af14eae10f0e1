import { createInterface } from 'node:readline'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createBeamPairDriver } from '../../../src/drivers/gpio/beam-pair.ts'

// The real driver in a process of its own: prints every reading as a line of JSON, obeys `close` and `health`.
const driver = createBeamPairDriver(JSON.parse(process.argv[2]!), { clock: systemClock(() => true), log: silentLog })
const commands = createInterface({ input: process.stdin })
commands.on('line', async (command) => {
  const cpuMs = (process.cpuUsage().user + process.cpuUsage().system) / 1000
  if (command === 'health') console.log(JSON.stringify({ health: driver.health(), cpuMs }))
  if (command !== 'close') return
  await Promise.all([driver.close(), driver.close()])
  await driver.close()
  console.log(JSON.stringify({ closed: true }))
  commands.close()
  process.stdin.destroy()
})
await driver.open((reading) => console.log(JSON.stringify(reading)))
