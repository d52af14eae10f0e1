import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { removeQuietly } from './data-folder.ts'
import { isStorageFull } from './errors.ts'

/**
 * A file that is thrown overboard when the disk is full. A WAL database on a full disk can neither delete nor
 * checkpoint, since both must first write; this file's room lets it do so.
 */
export interface Ballast {
  readonly isHeld: boolean
  /** Gives the room free. False when it was given before. */
  release(): boolean
  /** Takes the room again if as much is left besides. Returns whether it is held. */
  remake(): boolean
  /** Is there at least as much room on the disk as the ballast takes? */
  hasRoom(): boolean
}

/** @param size in bytes */
export function openBallast(folder: string, size = 512 * 1024): Ballast {
  const file = join(folder, 'ballast')
  let isHeld = existsSync(file) && statSync(file).size >= size

  function remake(): boolean {
    if (isHeld) return true
    try {
      if (freeBytes(folder) < 2 * size) return false
      fill(file, size)
      isHeld = true
    } catch (error) {
      if (!isStorageFull(error)) throw error
      removeQuietly(file)
    }
    return isHeld
  }

  remake()
  return {
    get isHeld() {
      return isHeld
    },
    release() {
      const wasHeld = isHeld
      isHeld = false
      removeQuietly(file)
      return wasHeld
    },
    remake,
    hasRoom: () => freeBytes(folder) >= size,
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

// Random, since a compressing file system would give zeros no room.
function fill(file: string, size: number): void {
  const handle = openSync(file, 'w', 0o600)
  try {
    const content = randomBytes(size)
    for (let written = 0; written < size; ) written += writeSync(handle, content, written)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
