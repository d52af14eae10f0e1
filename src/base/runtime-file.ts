import { createHash } from 'node:crypto'
import { accessSync, constants, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A small file in RAM that survives a crash of the process but not a power cut. */
export interface RuntimeFile {
  /** Replaces the content; never throws, since losing it loses at most a second of counting. */
  write(text: string): void
  /** What an earlier process left; undefined when there is nothing. */
  read(): string | undefined
  remove(): void
}

/**
 * Lies in RUNTIME_DIRECTORY (systemd), else in /run or /dev/shm, in a folder named after the data folder.
 * undefined where the machine has no RAM-backed folder: then a crash loses the open window and coverage says so.
 */
export function openRuntimeFile(dataFolder: string, name: string): RuntimeFile | undefined {
  const folder = runtimeFolder(dataFolder)
  if (!folder) return undefined
  const file = join(folder, name)
  return {
    write(text) {
      try {
        writeFileSync(`${file}.new`, text, { mode: 0o600 })
        renameSync(`${file}.new`, file)
      } catch {
        // Full or gone: the coverage of the window after a crash will tell.
      }
    },
    read() {
      try {
        return readFileSync(file, 'utf8')
      } catch {
        return undefined
      }
    },
    remove: () => rmSync(file, { force: true }),
  }
}

function runtimeFolder(dataFolder: string): string | undefined {
  const given = process.env.RUNTIME_DIRECTORY?.split(':')[0]
  if (given) return given
  const name = `drempel-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)}`
  for (const parent of ['/run', '/dev/shm']) {
    try {
      accessSync(parent, constants.W_OK)
      const folder = join(parent, name)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      if (isOurs(folder)) return folder
    } catch {
      // Not ours to write: try the next.
    }
  }
  return undefined
}

// /dev/shm is everybody's: a folder or link that somebody else put there first would show him the open counts.
function isOurs(folder: string): boolean {
  const found = lstatSync(folder)
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
}
