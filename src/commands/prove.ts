import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boxKey, writeDurably } from '../base/data-folder.ts'
import { describeError } from '../base/errors.ts'
import { macOf } from '../base/mac.ts'
import { version } from '../base/version.ts'
import { checkSearch } from '../box/self-check.ts'
import { type Config, loadConfig } from '../config.ts'
import { policyOf } from '../privacy/policy.ts'
import { readAccepted, reasonsToConfirm } from './accepted.ts'
import { parseCommand } from './help.ts'
import { searchLive } from './prove/live.ts'
import { isClean, type Proof, summaryOf } from './prove/proof.ts'
import { proveShadow } from './prove/shadow-proof.ts'
import { limits, proofPage } from './prove/words.ts'
import { makeUsable } from './working-folder.ts'

const standardInput = 0
const usualWidth = 100

/** `drempel prove`: searches a shadow of this box, and the box itself, for traces. Exit code 1 unless it is clean. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseCommand('prove', args)
  if (given.has('shadow')) return (await import('./prove/shadow.ts')).runShadow({ input: standardInput })
  const config = inForce(loadConfig(given.text('config')))
  const folder = scratchFolder(given.has('keep'))
  if (given.has('keep'))
    process.stderr.write(`Kept in ${folder}: the shadow's files, its log, what it sent, and the canaries.\n`)
  const proof = await prove(config, folder)
  const keeping = keep(proof, config.data)
  process.stdout.write(
    given.has('json')
      ? `${JSON.stringify({ ok: isClean(proof), ...summaryOf(proof), ...proof, limits }, null, 2)}\n`
      : `${proofPage(proof, Math.min(process.stdout.columns ?? usualWidth, 120))}${keeping}\n`,
  )
  return isClean(proof) ? 0 : 1
}

/** What runs: the accepted configuration while the file's waits to be confirmed. */
function inForce(config: Config): Config {
  const kept = readAccepted(config.data)
  return kept?.isSigned && reasonsToConfirm(kept.config, config).length > 0 ? kept.config : config
}

async function prove(config: Config, folder: string): Promise<Proof> {
  const began = performance.now()
  const progress = openProgress()
  const [program, ...before] = [process.execPath, ...process.execArgv, process.argv[1] ?? '']
  try {
    progress('proving the search itself', 0)
    const search = await checkSearch({ folder, node: process.execPath })
    const now = Date.now()
    const parts = { config, folder, now, program: [program, ...before], onProgress: progress } as const
    const isTrusted = search.missing.length === 0
    const shadow = isTrusted ? await proveShadow(parts) : undefined
    progress('searching this box', 0)
    return {
      date: new Date(now).toISOString(),
      version,
      policy: policyOf(config).hash,
      store: config.store.id,
      gateway: config.gateway,
      search,
      shadow,
      live: isTrusted ? searchLive(config) : [],
      seconds: (performance.now() - began) / 1000,
    }
  } finally {
    progress('', 1)
  }
}

/** The last verdict, for whoever serves it: counts and words, with a MAC by the box key. A sentence if that failed. */
function keep(proof: Proof, data: string): string {
  const file = join(data, 'proof.json')
  try {
    makeUsable(data)
    const { uid, gid } = statSync(data)
    const text = JSON.stringify(summaryOf(proof))
    writeDurably(file, JSON.stringify({ proof: text, mac: macOf(boxKey(data), 'proof', text).toString('hex') }))
    // Root proves, the service reads.
    if (process.getuid?.() === 0) for (const name of [file, join(data, 'key')]) chownSync(name, uid, gid)
    return ''
  } catch (error) {
    return `\nThe verdict could not be kept in ${file}: ${describeError(error)}.\n`
  }
}

function scratchFolder(isKept: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-prove-'))
  if (!isKept) process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  return folder
}

/** One line on a terminal that is rewritten; nothing where there is no terminal. */
function openProgress(): (doing: string, share: number) => void {
  if (!process.stderr.isTTY) return () => {}
  return (doing, share) => {
    const line = doing && `${doing}${share > 0 ? `, ${Math.floor(share * 100)} %` : ''}`
    process.stderr.write(`\r${line.slice(0, (process.stderr.columns ?? 80) - 1)}\u001b[K`)
  }
}
