import { scaledClock } from '../../src/base/clock.ts'
import { openLog } from '../../src/base/log.ts'
import { loadConfig } from '../../src/config.ts'
import { runGateway } from './run-gateway.ts'

/**
 * A gateway in `run` whose time runs a hundred times as fast and goes on over restarts, as a real box's does.
 * Arguments: configuration, real ms since 1970 at which the shop's time began, that moment of the shop's time.
 * Somebody enters every second of the shop's time. Only for tests: it hears nothing real.
 */
const [file, origin, began] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const speed = 100
const config = loadConfig(file)
const clock = scaledClock(began + (Date.now() - origin) * speed, speed)
const gateway = runGateway(config, clock, openLog('error'))
await gateway.open()
const [sensor] = config.sensors
let next = Math.ceil(clock.monotonic() / 1000) * 1000
setInterval(() => {
  // Its driver finds no port and says so; this stands for the port.
  gateway.hear({ kind: 'state', sensor: sensor!.id, at: clock.monotonic(), state: 'up' })
  for (; next <= clock.monotonic(); next += 1000) {
    gateway.hear({ kind: 'counted', sensor: sensor!.id, at: next, in: 1, out: 0 })
  }
}, 5)
