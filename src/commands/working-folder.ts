import { accessSync, constants, mkdirSync } from 'node:fs'
import { type DataFolder, openDataFolder } from '../base/data-folder.ts'
import { GatewayError, systemCode } from '../base/errors.ts'

/**
 * The data folder of a command, or a sentence why this user cannot work in it.
 * @throws BASE_DATA_FOLDER_UNUSABLE, BASE_DATA_FOLDER_IN_USE, BASE_DATA_FOLDER_OTHER_MODE
 */
export function openWorkingFolder(path: string, mode: 'run' | 'replay' | 'demo'): DataFolder {
  makeUsable(path)
  return openDataFolder(path, mode)
}

const usualFix = 'Name another folder with `data:` in the configuration, or give this one to the user who runs Drempel.'

/** Makes the folder if it is not there. @throws BASE_DATA_FOLDER_UNUSABLE when this user cannot read and write in it */
export function makeUsable(path: string, fix: string = usualFix): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new GatewayError('BASE_DATA_FOLDER_UNUSABLE', `${path}: ${reasonOf(error)}.`, { fix })
  }
}

/** True for a folder that is there and that this user may not look into. */
export function isClosedToUs(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.X_OK)
    return false
  } catch (error) {
    return systemCode(error) === 'EACCES'
  }
}

const reasons: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is on a disk that can only be read',
  EEXIST: 'a file stands there, not a folder',
  ENOTDIR: 'a file stands there, not a folder',
}

function reasonOf(error: unknown): string {
  const code = systemCode(error) ?? 'unknown error'
  return reasons[code] ?? code
}
