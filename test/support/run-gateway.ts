import { type Clock, systemClock } from '../../src/base/clock.ts'
import { openDataFolder } from '../../src/base/data-folder.ts'
import type { Log } from '../../src/base/log.ts'
import { openRuntimeFile } from '../../src/base/runtime-file.ts'
import type { Config } from '../../src/config.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'

/** A gateway as `run` opens it, in a process of its own, but for its clock. Ends the process as `run` does when it fails. */
export function runGateway(config: Config, clock: Clock, log: Log): Gateway {
  const folder = openDataFolder(config.data, 'run')
  return openGateway({
    config,
    mode: 'run',
    folder,
    clock,
    realClock: systemClock(() => true),
    log,
    version: '0.0.0',
    runtimeFile: openRuntimeFile(folder.path, 'open-windows.json'),
    onFatal(error) {
      console.error(error)
      process.exit(75)
    },
  })
}
