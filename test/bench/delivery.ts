import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { connectAsync } from 'mqtt'
import { freePort } from '../support/mosquitto.ts'
import { message } from '../support/outbox.ts'
import { type BenchRow, figure, row } from './table.ts'

const rowsWaiting = 20_000

interface Drain {
  readonly rowsPerSecond: number
  readonly cpuPerRow: number
}

/** Draining after an outage, and a mosquitto bridge that drains the same messages in the same run. */
export async function deliveryRows(brokerUrl: string): Promise<BenchRow[]> {
  const bridge = await bridgeDrain(brokerUrl)
  const single = await ours(brokerUrl, 1)
  const packed = await ours(brokerUrl, 30)
  return [
    row(
      'mosquitto bridge, drain',
      bridge.rowsPerSecond,
      'rows/s',
      `${figure(bridge.cpuPerRow)} CPU µs/row; loses what it holds on kill -9`,
    ),
    row('outbox, one message a row', single.rowsPerSecond, 'rows/s', beside(single, bridge)),
    row('outbox, backlog of 50', packed.rowsPerSecond, 'rows/s', beside(packed, bridge)),
  ]
}

function beside(drain: Drain, bridge: Drain): string {
  const [rate, cpu] = [drain.rowsPerSecond / bridge.rowsPerSecond, bridge.cpuPerRow / drain.cpuPerRow]
  return `${figure(drain.cpuPerRow)} CPU µs/row; ${figure(rate)} times the bridge's rate, ${figure(cpu)} times its rows per CPU second`
}

async function ours(url: string, minutes: number): Promise<Drain> {
  const args = ['test/bench/drain.ts', url, String(rowsWaiting), String(minutes)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const drain = JSON.parse(stdout) as Drain & { settled: boolean }
  if (!drain.settled) throw new Error('the outbox did not drain')
  return drain
}

/** A local broker with a bridge whose way out opens only when everything waits in it. */
async function bridgeDrain(brokerUrl: string): Promise<Drain> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-bridge-'))
  const [local, gate] = [await freePort(), await freePort()]
  const config = [
    `listener ${local} 127.0.0.1`,
    'allow_anonymous true',
    'max_queued_messages 0',
    'max_inflight_messages 100',
    'connection out',
    `address 127.0.0.1:${gate}`,
    'topic # out 1',
    'restart_timeout 1',
    'cleansession false',
  ]
  writeFileSync(join(folder, 'bridge.conf'), `${config.join('\n')}\n`)
  const broker = spawn('mosquitto', ['-c', join(folder, 'bridge.conf')], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  })
  const client = await connectWhenUp(`mqtt://127.0.0.1:${local}`)
  for (let i = 1; i <= rowsWaiting; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, j) => client.publishAsync('bench/rows', message(i + j).bytes, { qos: 1 })),
    )
  }
  const head = await connectAsync(brokerUrl)
  let heard = 0
  head.on('message', () => heard++)
  await head.subscribeAsync('bench/rows', { qos: 0 })
  const cpu = cpuOfProcess(broker.pid!)
  const proxy = openGate(gate, Number(new URL(brokerUrl).port))
  while (heard === 0) await pause(1)
  const start = performance.now()
  while (heard < rowsWaiting) await pause(1)
  const seconds = (performance.now() - start) / 1000
  const used = cpuOfProcess(broker.pid!) - cpu
  await Promise.all([client.endAsync(true), head.endAsync(true)])
  broker.kill('SIGKILL')
  proxy()
  rmSync(folder, { recursive: true })
  return { rowsPerSecond: rowsWaiting / seconds, cpuPerRow: used / rowsWaiting }
}

async function connectWhenUp(url: string) {
  for (let tries = 0; ; tries++) {
    try {
      return await connectAsync(url, { connectTimeout: 500, reconnectPeriod: 0 }, false)
    } catch (error) {
      if (tries > 50) throw error
      await pause(50)
    }
  }
}

function openGate(from: number, to: number): () => void {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    sockets.push(near, far)
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => {})
  }).listen(from, '127.0.0.1')
  return () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

/** CPU microseconds that a process has used; the kernel counts hundredths of a second. */
function cpuOfProcess(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
