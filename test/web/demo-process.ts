import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A running `drempel demo`, as somebody would start it. */
export interface DemoProcess {
  readonly process: ChildProcess
  /** Everything it printed so far. */
  printed(): string
  complained(): string
  /** Waits until it printed something. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const root = join(import.meta.dirname, '../..')

/** Starts it from the sources with the Node of this test, and nothing of this test's environment that colours. */
export function startDemo(args: readonly string[], environment: Readonly<Record<string, string>> = {}): DemoProcess {
  const { NO_COLOR, FORCE_COLOR, NODE_OPTIONS, VITEST, NODE_ENV, ...plain } = process.env
  const child = spawn(process.execPath, ['src/main.ts', 'demo', ...args], {
    cwd: root,
    env: { ...plain, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = once(child, 'close')
  let out = ''
  let err = ''
  child.stdout.on('data', (piece) => {
    out += piece
  })
  child.stderr.on('data', (piece) => {
    err += piece
  })
  return {
    process: child,
    printed: () => out,
    complained: () => err,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(out)
          if (!found) return
          child.stdout.off('data', look)
          resolve(found)
        }
        child.stdout.on('data', look)
        end.then(() => reject(new Error(`It ended before it printed ${pattern}:\n${out}${err}`)))
        look()
      }),
    async ended() {
      const [code, signal] = await end
      return { code, signal }
    },
  }
}
