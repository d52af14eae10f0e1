import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { missing } from '../need.ts'

/** Debian's own Python, for which python3-dbus and python3-gi are installed. */
export const python = '/usr/bin/python3'

/** Can Python speak D-Bus here? Without it the test is skipped. */
export function needPythonDbus(): boolean {
  const tried = spawnSync(python, ['-c', 'import dbus; from gi.repository import Gio'])
  return tried.status === 0 || missing('python3-dbus or python3-gi')
}

export interface Spoken {
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  /** Values of the signature; what a variant holds is written [signature, value]. */
  readonly body?: readonly unknown[]
}

export interface Called {
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly body: readonly unknown[]
  readonly sender: string
  readonly noReply: boolean
}

export interface Replied {
  readonly error?: string
  readonly signature?: string
  readonly body?: readonly unknown[]
}

/** A service beside ours on a real bus, spoken with libdbus; see service.py. */
export interface Service {
  readonly name: string
  /** The calls that came, in order. */
  readonly calls: readonly Called[]
  emit(signal: Spoken, options?: { times?: number; destination?: string }): void
  /** How calls of `member` are answered from now on; `silent` never. */
  answer(member: string, how: { signature?: string; body?: readonly unknown[]; error?: string; silent?: true }): void
  call(destination: string, call: Spoken): Promise<Replied>
  callWithoutReply(destination: string, call: Spoken): void
  /** Waits until that many calls of `member` have come. */
  called(member: string, count?: number): Promise<Called[]>
  stop(): Promise<void>
}

export async function startService(address: string, names: readonly string[] = ['org.bluez']): Promise<Service> {
  const child = spawn(python, ['test/support/bluez/service.py', address, ...names], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const calls: Called[] = []
  const replies: ((reply: Replied) => void)[] = []
  const ready = Promise.withResolvers<string>()
  exited.then(() => ready.reject(new Error('service.py ended')))
  createInterface(child.stdout).on('line', (line) => {
    const said = JSON.parse(line)
    if (said.ready) ready.resolve(said.ready)
    else if (said.reply) replies.shift()?.(said.reply)
    else calls.push(said)
  })
  const order = (what: object) => void child.stdin.write(`${JSON.stringify(what)}\n`)
  const name = await ready.promise

  return {
    name,
    calls,
    emit: (signal, options = {}) => order({ emit: signal, ...options }),
    answer: (member, how) => order({ answer: member, ...how }),
    call(destination, call) {
      const { promise, resolve } = Promise.withResolvers<Replied>()
      replies.push(resolve)
      order({ call: { destination, ...call } })
      return promise
    },
    callWithoutReply: (destination, call) => order({ call: { destination, ...call }, noReply: true }),
    async called(member, count = 1) {
      await until(() => calls.filter((one) => one.member === member).length >= count)
      return calls.filter((one) => one.member === member)
    },
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Waits until `isSo`; fails after 20 s. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 5) {
    if (waited > 20_000) throw new Error('it did not happen within 20 s')
    await pause(5)
  }
}
