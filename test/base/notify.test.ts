import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNotifier } from '../../src/base/notify.ts'
import { need } from '../support/need.ts'

describe.skipIf(!need('systemd-notify') || !need('socat'))('telling systemd', () => {
  let folder: string
  let listener: ChildProcess
  let heard = ''
  const socket = process.env.NOTIFY_SOCKET

  beforeEach(async () => {
    heard = ''
    folder = mkdtempSync(join(tmpdir(), 'drempel-notify-'))
    process.env.NOTIFY_SOCKET = join(folder, 'socket')
    listener = spawn('socat', ['-u', `UNIX-RECV:${process.env.NOTIFY_SOCKET}`, 'STDOUT'])
    listener.stdout?.on('data', (bytes: Buffer) => {
      heard += bytes
    })
    await expect.poll(() => existsSync(join(folder, 'socket'))).toBe(true)
  })
  afterEach(() => {
    if (socket === undefined) delete process.env.NOTIFY_SOCKET
    else process.env.NOTIFY_SOCKET = socket
    listener.kill()
    rmSync(folder, { recursive: true })
  })

  it('says ready, a status and that it stops', async () => {
    const notifier = createNotifier()
    notifier.ready()
    await expect.poll(() => heard).toContain('READY=1')
    notifier.status('counting at 2 doors')
    await expect.poll(() => heard).toContain('STATUS=counting at 2 doors')
    notifier.stopping()
    await expect.poll(() => heard).toContain('STOPPING=1')
  })

  it('feeds the watchdog three times per WatchdogSec, however often it is called', async () => {
    let time = 0
    const environment = { NOTIFY_SOCKET: process.env.NOTIFY_SOCKET, WATCHDOG_USEC: '30000000' }
    const notifier = createNotifier(environment, () => time)
    for (time = 0; time <= 25_000; time += 1000) notifier.watchdog()
    await expect.poll(() => heard.match(/WATCHDOG=1/g)?.length).toBe(3)
  })

  it('has no watchdog to feed when the unit has none', async () => {
    const notifier = createNotifier({ NOTIFY_SOCKET: process.env.NOTIFY_SOCKET })
    notifier.watchdog()
    notifier.status('after')
    await expect.poll(() => heard).toContain('STATUS=after')
    expect(heard).not.toContain('WATCHDOG')
  })
})

it('is silent where systemd did not ask', () => {
  const notifier = createNotifier({})
  notifier.ready()
  notifier.watchdog()
  notifier.status('nobody hears this')
  notifier.stopping()
})
