import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Debian's own: another python3 on the PATH does not see Debian's modules. */
export const python = '/usr/bin/python3'
const script = fileURLToPath(new URL('bluez.py', import.meta.url))

/** The service as a process that is told things and answers. */
export interface ServiceProcess {
  readonly child: ChildProcessWithoutNullStreams
  readonly exited: Promise<void>
  ask<T>(command: object): Promise<T>
  end(): Promise<void>
}

interface Answer {
  readonly id?: number
  readonly ready?: true
  readonly error?: string
}

/** Resolves once it owns org.bluez and has shown its adapters. */
export async function startProcess(flags: readonly string[]): Promise<ServiceProcess> {
  // -B: no compiled files beside the sources.
  const child = spawn(python, ['-B', script, ...flags])
  const exited = once(child, 'close').then(() => {})
  const waiting = new Map<number, (answer: Answer) => void>()
  const ready = Promise.withResolvers<void>()
  const complaint: string[] = []
  let asked = 0
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaint.push(text))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer: Answer = JSON.parse(line)
    if (answer.ready) ready.resolve()
    else waiting.get(answer.id!)?.(answer)
  })
  child.stdin.on('error', () => {})
  void exited.then(() => {
    const error = `the service ended: ${complaint.join('')}`
    ready.reject(new Error(error))
    for (const settle of waiting.values()) settle({ error })
  })
  await ready.promise

  async function ask<T>(command: object): Promise<T> {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the service has ended')
    const id = ++asked
    const { promise, resolve } = Promise.withResolvers<Answer>()
    waiting.set(id, resolve)
    child.stdin.write(`${JSON.stringify({ id, ...command })}\n`)
    const answer = await promise
    waiting.delete(id)
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer as T
  }

  async function end(): Promise<void> {
    child.kill('SIGKILL')
    await exited
  }

  return { child, exited, ask, end }
}
