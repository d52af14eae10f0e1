import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { openDatabase } from '../base/database.ts'
import { GatewayError, systemCode } from '../base/errors.ts'
import { createNotifier } from '../base/notify.ts'
import { findConfig } from '../config.ts'
import { readReceipt } from '../consent/receipt.ts'
import { openRelay } from '../headoffice/relay.ts'
import { openRelayStore, relayMigrations } from '../headoffice/relay-store.ts'
import type { RelayParts } from '../headoffice/relay-words.ts'
import { fits } from '../uplink/feed.ts'
import type { OfferMessage } from '../uplink/feed-schema.ts'
import { isLoopback } from '../uplink/settings.ts'
import { parseAddress } from '../web/settings.ts'
import { createShopperServer } from '../web/shopper/server.ts'
import { parseCommand } from './help.ts'
import { loadRelayConfig, type RelayConfig } from './relay-config.ts'
import { stopSignal } from './stop-signal.ts'
import { openTerminalLog } from './terminal-log.ts'
import { openWorkingFolder } from './working-folder.ts'

/** `drempel relay`: the shoppers' page of the chain, at head office. Resolves to the exit code when it is told to stop. */
export async function run(args: readonly string[]): Promise<number> {
  const stopped = stopSignal()
  const config = loadRelayConfig(findConfig(parseCommand('relay', args).text('config') ?? 'relay.yaml'))
  const log = openTerminalLog('info')
  const folder = openWorkingFolder(config.data, 'run')
  const database = openDatabase(join(folder.path, 'relay.db'), relayMigrations)
  const clock = systemClock(() => true)
  const relay = openRelay({ ...lineOf(config), ...words, store: openRelayStore(database), clock, log })
  const server = createShopperServer({
    shop(store, gateway) {
      const desk = relay.shop(store, gateway)
      return desk && { desk }
    },
    isSecure: config.certificate !== undefined || config.proxies.length > 0,
    hosts: hostsOf(config),
    clock,
    ...(config.proxies.length > 0 ? { proxies: config.proxies } : {}),
    ...(config.certificate ? { tls: pemsOf(config.certificate) } : {}),
  })
  const notifier = createNotifier()
  try {
    const address = await server.listen(parseAddress(config.listen)).catch((error) => {
      throw new GatewayError('HEADOFFICE_RELAY_ADDRESS', `${config.listen} (${systemCode(error)}).`)
    })
    log.info({ address }, 'The relay listens.')
    notifier.ready()
    const code = await stopped.code
    notifier.stopping()
    return code
  } finally {
    await server.close()
    await relay.close()
    database.close()
    folder.close()
  }
}

/** What head office knows of messages and receipts; the relay itself imports neither wing. */
const words: Pick<RelayParts<OfferMessage>, 'accepts' | 'isOffer' | 'readReceipt'> = {
  accepts: fits,
  isOffer: (message): message is OfferMessage => fits('offer', message),
  readReceipt,
}

function lineOf({ organisation, upstream }: RelayConfig) {
  const { url, username, password, ca, cert, key } = upstream
  const files = Object.entries({ ca, cert, key }).flatMap(([name, file]) => (file ? [[name, readFileSync(file)]] : []))
  return {
    url,
    organisation,
    tls: Object.fromEntries(files),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
}

function pemsOf({ cert, key }: { cert: string; key: string }) {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

/** The name of the address, and this machine's own names where nobody else reaches it. */
function hostsOf({ address, listen }: RelayConfig): (host: string) => boolean {
  const { host: own } = new URL(address)
  const isHere = isLoopback(parseAddress(listen).host)
  return (host) => host.toLowerCase() === own || (isHere && isLoopback(host.replace(/:\d{1,5}$/, '')))
}
