import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { need } from '../need.ts'

/** Are the tools of libgpiod 1 installed (Debian 12, Ubuntu 24.04) and can their library be replaced? */
export function canRunRealGpiod(): boolean {
  if (!need('gpiomon') || !need('gcc')) return false
  const isFirst = /v1\./.test(spawnSync('gpiomon', ['--version'], { encoding: 'utf8' }).stdout)
  return isFirst && !existsSync('/dev/gpiochip0')
}

/** The installed gpiodetect, gpioget and gpiomon over the library of libgpiod1.c. Put `environment` in place to use it. */
export class RealGpiod {
  readonly environment: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #events: number

  constructor(levels: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'drempel-gpiod-'))
    const source = fileURLToPath(new URL('libgpiod1.c', import.meta.url))
    const library = join(this.#folder, 'libgpiod.so.2')
    execFileSync('gcc', ['-Wall', '-shared', '-fPIC', '-Wl,-soname,libgpiod.so.2', source, '-o', library])
    execFileSync('mkfifo', [join(this.#folder, 'events')])
    this.#events = openSync(join(this.#folder, 'events'), 'r+')
    writeFileSync(join(this.#folder, 'levels'), levels)
    this.environment = { LD_LIBRARY_PATH: this.#folder, FAKE_GPIOD: this.#folder }
  }

  /** The kernel reports an edge. `stamp` in ns. */
  edge(offset: number, isRising: boolean, stamp: bigint): void {
    const time = `${stamp / 1_000_000_000n} ${stamp % 1_000_000_000n}`
    writeSync(this.#events, `${offset} ${isRising ? 1 : 0} ${time}\n`)
  }

  close(): void {
    closeSync(this.#events)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
