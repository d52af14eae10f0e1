import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { boxKey, writeDurably } from '../base/data-folder.ts'
import { parseDuration } from '../base/duration.ts'
import { describeError, GatewayError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { holds, macOf } from '../base/mac.ts'
import { valueAt } from '../base/problem.ts'
import { readText } from '../base/text-file.ts'
import { readYaml } from '../base/yaml-source.ts'
import { type Config, invalid, readConfig, readUnsigned } from '../config.ts'
import { loosens, policyOf } from '../privacy/policy.ts'

/** The configuration that a person at this box accepted last: its text, where it lay, and a MAC by the box key. */
export interface Accepted {
  readonly text: string
  readonly file: string
}

// Twice, so that a flipped bit in one neither forgets what was confirmed nor keeps the box from starting.
const names = ['accepted.json', 'accepted-copy.json']
const longest = 1_000_000

/** What was accepted, and whether it may still run: what counts phones only while its policy is signed for. */
export interface Kept extends Accepted {
  readonly config: Config
  readonly isSigned: boolean
}

/** undefined when there is none, or when neither copy holds: see `isAcceptedBroken`. */
export function readAccepted(folder: string): Kept | undefined {
  for (const name of names) {
    const kept = readCopy(folder, name)
    if (kept) return kept
  }
  return undefined
}

/** What was accepted, as far as its MAC holds; whether it still means something is another matter. */
function readWhole(folder: string, name: string): Accepted | undefined {
  const read = readText(join(folder, name), longest)
  if (!('text' in read)) return undefined
  try {
    const { text, file, mac } = JSON.parse(read.text) as Accepted & { mac: string }
    return holds(Buffer.from(mac, 'hex'), macOf(boxKey(folder), text, file)) ? { text, file } : undefined
  } catch {
    return undefined
  }
}

function readCopy(folder: string, name: string): Kept | undefined {
  const whole = readWhole(folder, name)
  if (!whole) return undefined
  const { text, file } = whole
  const reading = readUnsigned(text, file)
  if ('problems' in reading) return undefined
  const { config } = reading
  const isSigned = config.privacy.profile !== 'phones' || 'config' in readConfig(text, file)
  return { text, file, config, isSigned }
}

/** Something was accepted here, and nobody can tell what. */
export function isAcceptedBroken(folder: string): boolean {
  const isThere = (name: string) => existsSync(join(folder, name))
  return names.some(isThere) && !names.some((name) => readWhole(folder, name))
}

/** Keeps a configuration as the accepted one. */
export function writeAccepted(folder: string, { text, file }: Accepted): void {
  const mac = macOf(boxKey(folder), text, file).toString('hex')
  for (const name of names) writeDurably(join(folder, name), JSON.stringify({ text, file, mac }))
}

/** Makes two good copies of one, and says so. */
function mendAccepted(folder: string, kept: Accepted, log: Log): void {
  if (names.every((name) => readWhole(folder, name)?.text === kept.text)) return
  writeAccepted(folder, kept)
  log.error(
    describeError(new GatewayError('BASE_DATA_DAMAGED', 'The accepted configuration was mended from its copy.')),
  )
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
 * @throws CONFIG_INVALID when neither may run; CONFIG_ACCEPTED_BROKEN when nothing tells what was accepted
 */
export function chooseConfig(found: Accepted, folder: string, log: Log): Config {
  const kept = readAccepted(folder)
  if (kept) mendAccepted(folder, kept, log)
  else if (isAcceptedBroken(folder)) throw acceptedBroken(folder)
  // The usual start: nothing changed, and what was kept has just been checked.
  if (kept?.isSigned && kept.text === found.text && kept.file === found.file) return kept.config
  const reading = readConfig(found.text, found.file)
  if ('problems' in reading) {
    if (!kept?.isSigned) throw invalid(found.file, reading.problems)
    log.error(
      { problems: reading.problems.length },
      'the configuration is broken, the accepted one runs: see `drempel check`',
    )
    return kept.config
  }
  const reasons = kept ? reasonsToConfirm(kept.config, reading.config) : []
  if (kept && reasons.length > 0) {
    if (!kept.isSigned) throw unconfirmed(found.file)
    log.error({ reasons }, 'the configuration is less private, the accepted one runs until `drempel check --accept`')
    return kept.config
  }
  writeAccepted(folder, found)
  return reading.config
}

/** Nobody can say whether what the file asks for is less private: a person must. */
function acceptedBroken(folder: string): GatewayError {
  const fix = 'Read what `drempel check` says of your configuration, then confirm it with `drempel check --accept`.'
  return new GatewayError('CONFIG_ACCEPTED_BROKEN', `${folder}.`, { fix })
}

/** What runs must be confirmed, and what was confirmed may not run any more. */
function unconfirmed(file: string): GatewayError {
  const detail = `${file} is less private than the accepted one, whose policy is not signed for any more.`
  return new GatewayError('CONFIG_INVALID', detail, { fix: 'Confirm it with `drempel check --accept`.' })
}

/** The data folder that a configuration names, even when other parts of it are broken. */
export function dataFolderOf(text: string, file: string): string {
  const source = readYaml(text)
  const written = 'problems' in source ? undefined : valueAt(source.value, ['data'])
  // In a text that is no YAML any more, the line that names the folder may still stand.
  const named = typeof written === 'string' ? written : /^\s*"?data"?:\s*["']?([^"'#\s,]+)/m.exec(text)?.[1]
  return named ? resolve(dirname(resolve(file)), named) : '/var/lib/drempel'
}
