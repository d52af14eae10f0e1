import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A child process that keeps content in its memory and does nothing else. */
export interface Holder {
  readonly pid: number
  stop(): Promise<void>
}

/** It says that it has read everything by printing how much, and keeps it as long as it lives. */
const program = `
  const parts = []
  process.stdin.on('data', (part) => parts.push(part))
  process.stdin.on('end', () => {
    globalThis.held = Buffer.concat(parts)
    process.stdout.write(String(held.length))
    setInterval(() => held.length, 3600000)
  })`

/** Starts Node with the content; resolves when it holds all of it. Throws when the program cannot be run. */
export async function startHolder(node: string, content: Buffer): Promise<Holder> {
  const child = spawn(node, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'], env: {} })
  const ended = once(child, 'close')
  child.stdin.end(content)
  const [said] = await Promise.race([once(child.stdout, 'data'), ended])
  if (String(said) !== String(content.length) || !child.pid) throw new Error('the child does not hold the content')
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
