import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missing } from './need.ts'

/** A real ext4 file system of a few megabytes, made in a file. */
export interface SmallDisk {
  readonly path: string
  /** The file that it is made in. */
  readonly image: string
  /** Leaves only `bytes` free. */
  fill(bytes: number): void
  /** Removes what filled it. */
  drain(): void
  remove(): void
}

/** Can this user mount one here? Says why not. */
export function canMount(): boolean {
  if (process.getuid?.() !== 0) return missing('the right to mount a small disk (root)')
  const disk = mountSmallDisk(4)
  disk?.remove()
  return disk !== undefined || missing('a loop device for a small disk')
}

export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-disk-'))
  const [image, path] = [join(folder, 'image'), join(folder, 'disk')]
  writeFileSync(image, Buffer.alloc(megabytes * 1024 * 1024))
  mkdirSync(path)
  const filling = join(path, 'filling')
  const isMade = spawnSync('mkfs.ext4', ['-q', '-m', '0', image]).status === 0
  if (!isMade || spawnSync('mount', ['-o', 'loop', image, path]).status !== 0) {
    rmSync(folder, { recursive: true })
    return undefined
  }
  return {
    path,
    image,
    fill(bytes) {
      spawnSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4096', 'conv=notrunc'], { stdio: 'ignore' })
      spawnSync('truncate', ['-s', `-${bytes}`, filling])
    },
    drain: () => rmSync(filling, { force: true }),
    remove() {
      spawnSync('umount', ['-l', path])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
