import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError, systemCode } from './errors.ts'

/** The folder in which everything durable lives, held by one process at a time. */
export interface DataFolder {
  readonly path: string
  /** 32 bytes, made once for this box; MACs of rows and files are keyed by it. */
  readonly key: Buffer
  close(): void
}

/**
 * Makes the folder if needed, takes its lock and reads (or makes) the box key.
 * A lock whose process is gone is no obstacle.
 * @throws BASE_DATA_FOLDER_IN_USE, BASE_DATA_FOLDER_OTHER_MODE
 */
export function openDataFolder(path: string, mode: 'run' | 'replay' | 'demo'): DataFolder {
  // Whatever is made from now on is for this user only, the database included.
  process.umask(0o077)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const lock = join(path, 'lock')
  takeLock(lock)
  try {
    keepMode(join(path, 'mode'), mode)
    return { path, key: boxKey(path), close: () => removeQuietly(lock) }
  } catch (error) {
    removeQuietly(lock)
    throw error
  }
}

function takeLock(lock: string): void {
  for (;;) {
    try {
      writeFileSync(lock, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx', mode: 0o600 })
      return
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
    const [pid, start] = (readQuietly(lock) ?? '').split(' ')
    if (start && startOf(Number(pid)) === start) {
      const fix = `End process ${pid} first, or use another folder.`
      throw new GatewayError('BASE_DATA_FOLDER_IN_USE', `${lock} belongs to process ${pid}.`, { fix })
    }
    removeQuietly(lock)
  }
}

/** When a process started, in clock ticks since boot, with the boot's id: process ids come round again. */
function startOf(pid: number): string | undefined {
  const stat = readQuietly(`/proc/${pid}/stat`)
  const boot = readQuietly('/proc/sys/kernel/random/boot_id')?.trim()
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return ticks ? `${boot}/${ticks}` : undefined
}

const modes = ['run', 'replay', 'demo']

function keepMode(file: string, mode: string): void {
  const kept = readQuietly(file)
  // What is no mode at all was changed by the disk, not by a person.
  if (kept === undefined || !modes.includes(kept)) return writeDurably(file, mode)
  if (kept !== mode) {
    const fix = 'Name another folder with `data:` in the configuration.'
    throw new GatewayError('BASE_DATA_FOLDER_OTHER_MODE', `It was written by '${kept}'.`, { fix })
  }
}

/**
 * The key of the box that owns this folder, made at first use and kept twice, each with a check of its own.
 * @throws BASE_KEY_BROKEN when neither holds: under another key nothing that is stored would
 */
export function boxKey(folder: string): Buffer {
  const files = ['key', 'key-copy'].map((name) => join(folder, name))
  const kept = files.map((file) => readQuietly(file))
  const key = kept.map(parseKey).find((one) => one !== undefined)
  if (!key && kept.some((text) => text !== undefined)) throw keyBroken(folder)
  const found = key ?? randomBytes(32)
  const text = keyText(found)
  for (const [i, file] of files.entries()) if (kept[i] !== text) writeDurably(file, text)
  return found
}

function keyText(key: Buffer): string {
  return `${key.toString('hex')} ${createHash('sha256').update('key').update(key).digest('hex').slice(0, 16)}`
}

function parseKey(text: string | undefined): Buffer | undefined {
  const key = Buffer.from(/^[0-9a-f]{64}(?=$| )/.exec(text ?? '')?.[0] ?? '', 'hex')
  // One of before has no check.
  return key.length === 32 && (text!.length === 64 || text === keyText(key)) ? key : undefined
}

function keyBroken(folder: string): GatewayError {
  const fix = 'Restore the file `key` from a backup, or name a new folder with `data:`; then nothing is drawn twice.'
  return new GatewayError('BASE_KEY_BROKEN', `${join(folder, 'key')} and its copy.`, { fix })
}

/** Replaces a file so that a power cut leaves the old or the new content, never a mixture. */
export function writeDurably(file: string, content: string): void {
  const draft = `${file}.new`
  const handle = openSync(draft, 'w', 0o600)
  try {
    writeSync(handle, content)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
  syncFolder(file)
}

/** Makes a file's name durable, after it was made or renamed. */
export function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** The text of a file of this folder; undefined when there is none. */
export function readQuietly(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Renames a file of this folder that may not be there. */
export function moveQuietly(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** Removes a file of this folder that may be gone already. */
export function removeQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // It was not there: what we wanted.
  }
}
