import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { layCable } from '../drivers/serial/pty.ts'
import { shopConfig } from '../support/recordings.ts'
import { type BenchRow, row } from './table.ts'

/** The gateway as `run` opens it, with a counter on a real terminal: how soon it counts and how much memory it takes. */
export async function processRows(brokerUrl: string): Promise<BenchRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'drempel-process-'))
  const cable = await layCable(join(home, 'side'))
  const sensors = [{ id: 'side', kind: 'json-lines', zone: 'entrance', port: cable.box }]
  writeFileSync(
    join(home, 'shop.yaml'),
    shopConfig({ broker: brokerUrl, data: join(home, 'data'), sensors, opening: '00:00-24:00' }),
  )
  const starts: number[] = []
  let memory = 0
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    const child = spawn(process.execPath, ['test/bench/first-count.ts', join(home, 'shop.yaml')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const counted = new Promise<number>((resolve) => {
      child.stdout.once('data', () => resolve(performance.now() - start))
      child.stdout.resume()
    })
    let seq = 0
    const walking = setInterval(
      () => void cable.send(`{"v":1,"dev":"side","seq":${++seq},"t":${seq * 5},"ev":"in","n":1}\n`),
      5,
    )
    starts.push(await counted)
    await pause(4000)
    memory = Math.max(memory, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]))
    clearInterval(walking)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  await cable.unplug()
  rmSync(home, { recursive: true })
  return [
    row(
      'start to first count',
      starts.sort((a, b) => a - b)[2]!,
      'ms',
      'from exec, TypeScript stripped at start; median of 5',
    ),
    row('memory (RSS)', memory / 1024, 'MB', '200 readings a second, broker connected; an idle Node takes about 42'),
  ]
}
