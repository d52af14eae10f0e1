import { systemClock } from '../../src/base/clock.ts'
import { openDataFolder } from '../../src/base/data-folder.ts'
import { silentLog } from '../../src/base/log.ts'
import { version } from '../../src/base/version.ts'
import { loadConfig } from '../../src/config.ts'
import { openGateway } from '../../src/gateway.ts'

// What `drempel run` does, and one line when the first passage is counted: run itself must not say that.
const config = loadConfig(process.argv[2])
const folder = openDataFolder(config.data, 'run')
const clock = systemClock(() => true)
const gateway = openGateway({
  config,
  mode: 'run',
  folder,
  clock,
  realClock: clock,
  log: silentLog,
  version,
  onFatal: (error) => {
    throw error
  },
})
gateway.onObservation(({ kind }) => void (kind === 'crossing' && console.log('counted')))
await gateway.open()
process.once('SIGTERM', async () => {
  await gateway.close()
  folder.close()
})
