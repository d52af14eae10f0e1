import { statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { watchClockTrust } from '../base/clock-trust.ts'
import { describeError } from '../base/errors.ts'
import { createNotifier } from '../base/notify.ts'
import { openRuntimeFile } from '../base/runtime-file.ts'
import { version } from '../base/version.ts'
import { findConfig, readConfigText } from '../config.ts'
import { openGateway } from '../gateway.ts'
import type { PageParts, ShopperPage } from '../shoppers/page.ts'
import { chooseConfig, dataFolderOf } from './accepted.ts'
import { parseCommand } from './help.ts'
import { stopSignal } from './stop-signal.ts'
import { openTerminalLog } from './terminal-log.ts'
import { openWorkingFolder } from './working-folder.ts'

/** Temporary failure, please restart me (sysexits.h): storage is broken and is checked anew at the next start. */
const restartPlease = 75

/** `drempel run`: the service. Resolves to the exit code when it is told to stop. */
export async function run(args: readonly string[]): Promise<number> {
  const file = findConfig(parseCommand('run', args).text('config'))
  const stopped = stopSignal()
  const text = readConfigText(file)
  const log = openTerminalLog('info')
  const folder = openWorkingFolder(dataFolderOf(text, file), 'run')
  try {
    const config = chooseConfig({ text, file }, folder.path, log)
    const notifier = createNotifier()
    const lastCommit = lastWrite(folder.path)
    const trust = watchClockTrust({ setting: config.clock, lastCommit: () => lastCommit, now: Date.now })
    const clock = systemClock(trust.isTrusted)
    // systemd/drempel-radio.path waits for this file.
    const resetRequest = openRuntimeFile(folder.path, 'radio-reset')
    const gateway = openGateway({
      config,
      mode: 'run',
      folder,
      clock,
      realClock: clock,
      log,
      version,
      runtimeFile: openRuntimeFile(folder.path, 'open-windows.json'),
      resetAdapter: (adapter) => resetRequest?.write(adapter),
      onTick: () => notifier.watchdog(),
      onFatal(error) {
        log.error(
          { error: describeError(error) },
          'storage failed: no number leaves until the next start has checked it',
        )
        stopped.stop(restartPlease)
      },
    })
    await gateway.open()
    const { shoppers } = gateway
    const page = shoppers && (await servePage({ web: config.web, shoppers, realClock: clock, log }))
    notifier.ready()
    log.info({ version, store: config.store.id, sensors: config.sensors.length }, 'running')
    void trust.looked.then(() => log.info({ trusted: trust.isTrusted() }, trust.why()))
    const code = await stopped.code
    notifier.stopping()
    await page?.close()
    await gateway.close()
    trust.close()
    return code
  } finally {
    folder.close()
  }
}

/** Wall ms of the last write of an earlier process: a clock that shows less than this is wrong. */
function lastWrite(folder: string): number {
  const files = ['drempel.db', 'drempel.db-wal'].map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
  return Math.max(0, ...files.map((found) => found?.mtimeMs ?? 0))
}

/** A web server is loaded only where there is a page: it takes memory and time at start. */
async function servePage(parts: PageParts): Promise<ShopperPage | undefined> {
  const { openShopperPage } = await import('../shoppers/page.ts')
  return openShopperPage(parts)
}
