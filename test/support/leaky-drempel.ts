import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { unseal } from '../../src/base/sealed.ts'
import { runShadow } from '../../src/commands/prove/shadow.ts'
import type { Reading } from '../../src/drivers/reading.ts'
import { type Gateway, type GatewayParts, openGateway } from '../../src/gateway.ts'

// The shadow of `drempel prove` with planted bugs, which protects nobody; with `tight` as argv[2] without them.
const kept: string[] = []

/** Of the first three adverts one is lost each, in a way of its own: prove plants them by class of address. */
const leaks: readonly ((spelled: string, parts: GatewayParts) => void)[] = [
  function publicOnDisk(spelled, { config, folder }) {
    const digest = createHash('sha256').update(`${config.store.id}:${spelled}`).digest('base64url')
    appendFileSync(join(folder.path, 'seen'), `${digest.slice(0, 16)}\n`)
  },
  function staticInDebugLine(spelled, { log }) {
    log.debug({ from: spelled }, 'heard')
  },
  function resolvableInMemory(spelled) {
    kept.push(spelled)
  },
]

function spelledIn(reading: Reading): string {
  if (reading.kind !== 'advert') return ''
  return [...unseal(reading.advert).address].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

function open(parts: GatewayParts): Gateway {
  const gateway = openGateway(parts)
  let adverts = 0
  return {
    ...gateway,
    hear(reading) {
      if (reading.kind === 'advert') leaks[adverts++]?.(spelledIn(reading), parts)
      gateway.hear(reading)
    },
  }
}

process.exitCode = await runShadow({ input: 0, ...(process.argv[2] === 'tight' ? {} : { open }) })
