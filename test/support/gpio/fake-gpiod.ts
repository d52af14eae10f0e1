import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('fake-gpiod.sh', import.meta.url))

/** The tools of libgpiod for PATH (fake-gpiod.sh), in either generation: what they see and print comes from the test. */
export class FakeGpiod {
  readonly folder: string
  readonly #generation: 1 | 2
  readonly #events: number

  constructor(generation: 1 | 2, chips: readonly string[] = ['gpiochip0 [pinctrl-bcm2711] (58 lines)']) {
    this.folder = mkdtempSync(join(tmpdir(), 'drempel-gpiod-'))
    this.#generation = generation
    execFileSync('mkfifo', [join(this.folder, 'events')])
    // Opened for reading too, so that opening does not wait and the pipe never ends.
    this.#events = openSync(join(this.folder, 'events'), 'r+')
    writeFileSync(join(this.folder, 'generation'), String(generation))
    writeFileSync(join(this.folder, 'chips'), chips.map((chip) => `${chip}\n`).join(''))
    this.levels(0, 0)
    for (const tool of ['gpiodetect', 'gpioget', 'gpiomon']) copyFileSync(script, join(this.folder, tool))
  }

  /** What gpioget prints: outer, inner. */
  levels(outer: 0 | 1, inner: 0 | 1): void {
    writeFileSync(join(this.folder, 'levels'), `${outer} ${inner}\n`)
  }

  /** Somebody else holds a line, or lets go of it. */
  busy(isBusy: boolean): void {
    if (isBusy) writeFileSync(join(this.folder, 'busy'), '')
    else rmSync(join(this.folder, 'busy'), { force: true })
  }

  /** Process id of the newest gpiomon. */
  get monitor(): number {
    return Number(readFileSync(join(this.folder, 'pid'), 'latin1'))
  }

  /** Does it still run? A zombie that nobody has collected holds no lines. */
  get isMonitored(): boolean {
    if (!existsSync(join(this.folder, 'pid'))) return false
    const stat = `/proc/${this.monitor}/stat`
    return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, 'latin1'))
  }

  /** How often gpiomon was started. */
  get starts(): number {
    const file = join(this.folder, 'starts')
    return existsSync(file) ? readFileSync(file).length : 0
  }

  /** How the newest gpiomon was called. */
  get call(): string[] {
    return readFileSync(join(this.folder, 'call'), 'latin1').trimEnd().split('\n')
  }

  /** One edge as gpiomon would print it in the format it was asked for. `stamp` in ns. */
  edge(offset: number, isRising: boolean, stamp: bigint): string {
    const seconds = stamp / 1_000_000_000n
    const nanoseconds = stamp % 1_000_000_000n
    const first = { o: offset, e: isRising ? 1 : 0, s: seconds, n: nanoseconds }
    const second = {
      o: offset,
      e: isRising ? 1 : 2,
      E: isRising ? 'rising' : 'falling',
      S: `${seconds}.${String(nanoseconds).padStart(9, '0')}`,
    }
    const specifiers: Record<string, unknown> = this.#generation === 1 ? first : second
    const format = this.call[this.call.indexOf('-F') + 1]!
    return `${format.replace(/%(\w)/g, (whole, letter: string) => String(specifiers[letter] ?? whole))}\n`
  }

  /** Text on gpiomon's standard output. */
  print(text: string): void {
    writeSync(this.#events, text)
  }

  kill(): void {
    process.kill(this.monitor, 'SIGKILL')
  }

  close(): void {
    if (this.isMonitored) this.kill()
    closeSync(this.#events)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
