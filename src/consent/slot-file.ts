import { randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync, fstatSync, openSync, readSync, renameSync, statfsSync, writeSync } from 'node:fs'
import { syncFolder } from '../base/data-folder.ts'
import { GatewayError, systemCode } from '../base/errors.ts'

/** A file whose size never changes, so that writing over bytes writes over them on the disk too. */
export interface SlotFile {
  read(at: number, length: number): Buffer
  write(at: number, bytes: Buffer): void
  /** Returns when all that was written is on the disk. */
  sync(): void
  close(): void
}

// Here a write goes where the old bytes lie. Others write elsewhere and leave the old bytes (btrfs, f2fs, zfs), or copy
// the file at the first write (overlayfs). From linux/magic.h.
const inPlace = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x01021994, 'tmpfs'],
])

/** Does this file system write over bytes where they lie? Not known of most. */
export function overwritesInPlace(folder: string): boolean {
  return inPlace.has(statfsSync(folder).type)
}

const chunk = 1024 * 1024

/**
 * Opens the file, or makes it of this many random bytes: an empty slot looks like one with a key, so a copied disk does not
 * even say how many shoppers agreed. @throws CONSENT_SLOTS_BROKEN
 */
export function openSlotFile(file: string, bytes: number): SlotFile {
  try {
    const handle = openExisting(file) ?? make(file, bytes)
    if (fstatSync(handle).size === bytes) return slotFileOf(handle)
    closeSync(handle)
  } catch (error) {
    throw unusable(file, systemCode(error) ?? 'unknown error', error)
  }
  throw unusable(file, `it is not ${bytes} bytes long`)
}

function unusable(file: string, reason: string, cause?: unknown): GatewayError {
  const fix = 'Check the disk and the rights of the data folder; without the file shoppers must enrol anew.'
  return new GatewayError('CONSENT_SLOTS_BROKEN', `${file}: ${reason}.`, { fix, cause })
}

function openExisting(file: string): number | undefined {
  try {
    return openSync(file, 'r+')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Under another name until it is whole. No key is in it yet, so this is the one time that it may move. */
function make(file: string, bytes: number): number {
  const handle = openSync(`${file}.new`, 'w+', 0o600)
  for (let at = 0; at < bytes; at += chunk) writeAll(handle, randomBytes(Math.min(chunk, bytes - at)), at)
  fdatasyncSync(handle)
  renameSync(`${file}.new`, file)
  syncFolder(file)
  return handle
}

function slotFileOf(handle: number): SlotFile {
  return {
    read(at, length) {
      const bytes = Buffer.alloc(length)
      for (let done = 0; done < length; ) {
        const got = readSync(handle, bytes, done, length - done, at + done)
        if (got === 0) throw new GatewayError('CONSENT_SLOTS_BROKEN', 'It ends too early.')
        done += got
      }
      return bytes
    },
    write: (at, bytes) => writeAll(handle, bytes, at),
    sync: () => fdatasyncSync(handle),
    close: () => closeSync(handle),
  }
}

function writeAll(handle: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done, bytes.length - done, at + done)
}
