import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reading } from '../../../src/drivers/reading.ts'
import { missing, need } from '../need.ts'
import { type Lines, linesOf } from './lines-of.ts'

/** Can this machine show a made-up /sys/class/gpio to a process? */
export function canFakeSysfs(): boolean {
  if (!need('gcc') || !need('unshare') || !need('nsenter')) return false
  if (process.getuid?.() !== 0) return missing('root, to mount a made-up /sys/class/gpio,')
  if (!existsSync('/dev/fuse')) return missing('/dev/fuse')
  return existsSync('/usr/include/fuse3/fuse.h') || missing('libfuse3-dev')
}

/** Builds the file system of gpio-sysfs.c. Returns the program; `remove` takes it away. */
export function buildGpioSysfs(): { program: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-gpio-'))
  const program = join(folder, 'gpio-sysfs')
  const source = fileURLToPath(new URL('gpio-sysfs.c', import.meta.url))
  const flags = ['-Wall', '-O1', '-I/usr/include/fuse3', '-D_FILE_OFFSET_BITS=64']
  execFileSync('gcc', [...flags, source, '-o', program, '-lfuse3', '-lpthread'])
  return { program, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A /sys/class/gpio that only processes started through it can see. */
export class FakeSysfs {
  readonly #server: ChildProcessWithoutNullStreams
  readonly #answers: Lines
  readonly #children: ChildProcessWithoutNullStreams[] = []

  /** `chips` as 'base:lines:label'. */
  constructor(program: string, chips: readonly string[]) {
    const setUp = 'mount -t tmpfs none /sys/class && mkdir /sys/class/gpio && exec "$0" /sys/class/gpio "$@"'
    this.#server = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', setUp, program, ...chips])
    this.#answers = linesOf(this.#server.stdout)
  }

  /** Resolves once it is mounted, and after each command when it was obeyed. */
  async command(text: string): Promise<string> {
    this.#server.stdin.write(`${text}\n`)
    return this.#answers.until((line) => line.endsWith('done'))
  }

  async exported(): Promise<number[]> {
    const words = (await this.command('exported')).split(' ')
    return words.slice(0, -1).map(Number)
  }

  /** Runs Node where the made-up files are seen. */
  run(...args: string[]): NodeProcess {
    const inside = ['-m', '-t', String(this.#server.pid), process.execPath, ...args]
    const child = spawn('nsenter', inside)
    this.#children.push(child)
    return new NodeProcess(child)
  }

  /** Runs the real beam-pair driver in there. */
  runDriver(settings: object): NodeProcess {
    return this.run(fileURLToPath(new URL('beam-pair-process.ts', import.meta.url)), JSON.stringify(settings))
  }

  /** The file system dies under its users. */
  kill(): void {
    this.#server.kill('SIGKILL')
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    this.#server.kill('SIGKILL')
  }
}

/** A child process that prints readings. */
export class NodeProcess {
  readonly child: ChildProcessWithoutNullStreams
  readonly output: Lines
  readonly exited: Promise<number | null>
  complaint = ''
  #cpuMs = 0

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child
    this.output = linesOf(child.stdout)
    this.exited = new Promise((resolve) => child.once('close', resolve))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text
    })
  }

  say(command: string): void {
    this.child.stdin.write(`${command}\n`)
  }

  async reading(): Promise<Reading> {
    return JSON.parse(await this.output.until((line) => line.startsWith('{')))
  }

  /** Skips to the next state and gives its reason, '' when it has none. */
  async state(state: 'up' | 'down'): Promise<string> {
    const said = await this.output.until((line) => JSON.parse(line).state === state)
    return JSON.parse(said).reason ?? ''
  }

  async answer(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.output.next())
  }

  /** CPU time in ms that the process took since the last time it was asked. */
  async cpuMs(): Promise<number> {
    const before = this.#cpuMs
    this.say('health')
    this.#cpuMs = JSON.parse(await this.output.until((line) => line.includes('cpuMs'))).cpuMs
    return this.#cpuMs - before
  }
}
