import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `drempel ARGS` as users do; the caller ends it. */
export function startDrempel(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['src/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DREMPEL_LOG: 'warn', NO_COLOR: '1', ...env },
  })
}

/** Runs `drempel ARGS` to its end, killed after `timeout` ms. */
export async function drempel(
  args: readonly string[],
  { timeout = 60_000, env = {} }: { timeout?: number; env?: Record<string, string> } = {},
): Promise<Finished> {
  const child = startDrempel(args, env)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout)
  const parts = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (parts.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (parts.stderr += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  return { code, signal, ...parts }
}
