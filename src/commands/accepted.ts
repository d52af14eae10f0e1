import { dirname, join, resolve } from 'node:path'
import { boxKey, writeDurably } from '../base/data-folder.ts'
import { parseDuration } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { holds, macOf } from '../base/mac.ts'
import { valueAt } from '../base/problem.ts'
import { readText } from '../base/text-file.ts'
import { readYaml } from '../base/yaml-source.ts'
import { type Config, invalid, readConfig } from '../config.ts'
import { loosens, policyOf } from '../privacy/policy.ts'

/** The configuration that a person at this box accepted last: its text, where it lay, and a MAC by the box key. */
export interface Accepted {
  readonly text: string
  readonly file: string
}

const name = 'accepted.json'
const longest = 1_000_000

/** undefined when there is none or when its MAC does not hold: then it counts as none. */
export function readAccepted(folder: string): (Accepted & { config: Config }) | undefined {
  const read = readText(join(folder, name), longest)
  if (!('text' in read)) return undefined
  try {
    const { text, file, mac } = JSON.parse(read.text) as Accepted & { mac: string }
    if (!holds(Buffer.from(mac, 'hex'), macOf(boxKey(folder), text, file))) return undefined
    const reading = readConfig(text, file)
    return 'config' in reading ? { text, file, config: reading.config } : undefined
  } catch {
    return undefined
  }
}

/** Keeps a configuration as the accepted one. */
export function writeAccepted(folder: string, { text, file }: Accepted): void {
  const mac = macOf(boxKey(folder), text, file).toString('hex')
  writeDurably(join(folder, name), JSON.stringify({ text, file, mac }))
}

/** Why the person at the box must confirm `next` first; empty when it is as private as `kept` or more. */
export function reasonsToConfirm(kept: Config, next: Config): string[] {
  return [...loosens(policyOf(kept), policyOf(next)), ...longerRetention(kept, next)]
}

function longerRetention(kept: Config, next: Config): string[] {
  const stores = Object.keys(kept.retention) as (keyof Config['retention'])[]
  return stores
    .filter((store) => parseDuration(next.retention[store]) > parseDuration(kept.retention[store]))
    .map((store) => `${store} would be kept for ${next.retention[store]} instead of ${kept.retention[store]}`)
}

/**
 * Which configuration runs: the file's, unless it is broken or would show more of shoppers than the one a person
 * accepted here. Then the kept one runs on and the log says why.
 * @throws CONFIG_INVALID when the file is broken and nothing was ever accepted
 */
export function chooseConfig(found: Accepted, folder: string, log: Log): Config {
  const kept = readAccepted(folder)
  // The usual start: nothing changed, and what was kept has just been checked.
  if (kept?.text === found.text && kept.file === found.file) return kept.config
  const reading = readConfig(found.text, found.file)
  if ('problems' in reading) {
    if (!kept) throw invalid(found.file, reading.problems)
    log.error(
      { problems: reading.problems.length },
      'the configuration is broken, the accepted one runs: see `drempel check`',
    )
    return kept.config
  }
  const reasons = kept ? reasonsToConfirm(kept.config, reading.config) : []
  if (kept && reasons.length > 0) {
    log.error({ reasons }, 'the configuration is less private, the accepted one runs until `drempel check --accept`')
    return kept.config
  }
  writeAccepted(folder, found)
  return reading.config
}

/** The data folder that a configuration names, even when other parts of it are broken. */
export function dataFolderOf(text: string, file: string): string {
  const source = readYaml(text)
  const written = 'problems' in source ? undefined : valueAt(source.value, ['data'])
  // In a text that is no YAML any more, the line that names the folder may still stand.
  const named = typeof written === 'string' ? written : /^\s*"?data"?:\s*["']?([^"'#\s,]+)/m.exec(text)?.[1]
  return named ? resolve(dirname(resolve(file)), named) : '/var/lib/drempel'
}
