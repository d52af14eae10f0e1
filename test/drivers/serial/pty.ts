import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/** A cable of two pseudo-terminals held by socat: `box` is what the driver opens, `sensor` the other end. */
export interface Cable {
  readonly box: string
  send(bytes: Uint8Array | string): Promise<void>
  /** What the box wrote, in pieces of at most 256 bytes. */
  heardBySensor(): Promise<Uint8Array>
  /** Both ends vanish, as when a USB adapter is pulled. */
  unplug(): Promise<void>
  plugIn(): Promise<void>
  /** Both ends hang up while this process is too busy to notice. */
  cutUnnoticed(): void
}

/** Plugs in a cable whose ends are called `path`-box and `path`-sensor. */
export async function layCable(path: string): Promise<Cable> {
  const box = `${path}-box`
  const sensor = `${path}-sensor`
  let socat: ChildProcess | undefined
  let gone: Promise<unknown> | undefined
  let end: Awaited<ReturnType<typeof open>> | undefined

  async function plugIn(): Promise<void> {
    socat = spawn('socat', [`pty,raw,echo=0,link=${box}`, `pty,raw,echo=0,link=${sensor}`], { stdio: 'ignore' })
    gone = once(socat, 'exit')
    await until(() => existsSync(box) && existsSync(sensor), 'socat has made its terminals')
    end = await open(sensor, 'r+')
  }

  async function unplug(): Promise<void> {
    const dying = socat
    if (!dying) return
    socat = undefined
    dying.kill('SIGKILL')
    await gone
    await end?.close()
    // Killed so, socat leaves its links behind, dangling.
    rmSync(box, { force: true })
    rmSync(sensor, { force: true })
  }

  await plugIn()
  return {
    box,
    plugIn,
    unplug,
    cutUnnoticed() {
      process.kill(socat!.pid!, 'SIGKILL')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    },
    async send(bytes) {
      await end!.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
    },
    async heardBySensor() {
      const { bytesRead, buffer } = await end!.read(Buffer.alloc(256))
      return new Uint8Array(buffer.subarray(0, bytesRead))
    },
  }
}

/** Waits until `holds` is true, at most `longest` ms. */
export async function until(holds: () => boolean, what: string, longest = 10_000): Promise<void> {
  const start = performance.now()
  while (!holds()) {
    if (performance.now() - start > longest) throw new Error(`not within ${longest} ms: ${what}`)
    await setTimeout(5)
  }
}
