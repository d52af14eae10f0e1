import { scaledClock } from '../../src/base/clock.ts'
import { openLog } from '../../src/base/log.ts'
import { unseal } from '../../src/base/sealed.ts'
import { loadConfig } from '../../src/config.ts'
import { runGateway } from './run-gateway.ts'

/**
 * A gateway in `run` with all its real parts, whose time runs faster, so that a window is over in seconds. Only its clock
 * differs. Arguments: configuration, the moment of the shop's time at which it begins (ms since 1970), how many times
 * as fast, and for a test of the test `leak`: then it keeps of one phone one text. Ten times a second it prints how it is.
 */
const [file, began, speed] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const leaks = process.argv[5] === 'leak'
const config = loadConfig(file)
const clock = scaledClock(began, speed)
const kept: string[] = []
const gateway = runGateway(config, clock, openLog())
gateway.onObservation((observation) => {
  if (!leaks || observation.kind !== 'nearby' || kept.length > 0) return
  kept.push(Buffer.from(unseal(observation.advert).address).toString('hex'))
})
await gateway.open()
setInterval(() => {
  const { state, scan } = gateway.sensors()[0]!
  const { adverts, phones, refused, dropped } = gateway.tally()
  const now = Math.floor(clock.now())
  process.stdout.write(
    `${JSON.stringify({ now, state, scan, adverts, phones, refused, dropped, kept: kept.length })}\n`,
  )
}, 100)
