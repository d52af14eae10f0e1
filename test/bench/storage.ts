import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/base/database.ts'
import { beamRecording, shopConfig } from '../support/recordings.ts'
import { migrations, openShop } from '../support/wall.ts'
import { type BenchRow, cpuOf, figure, row } from './table.ts'

const beam = { id: 'front-door', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' }

/** A day's two commits a slot through the real command, and the wall alone when it catches up with 90 days. */
export async function storageRows(brokerUrl: string): Promise<BenchRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'drempel-bench-'))
  const rows = [flashRow(home, brokerUrl), ...(await catchUpRows(home))]
  rmSync(home, { recursive: true })
  return rows
}

/** 48 quarter-hour slots and the day's message, each slot with its own two commits, from opening to the closed file. */
function flashRow(home: string, brokerUrl: string): BenchRow {
  const day = Array.from({ length: 48 }, (_, i) => ({ t: i * 900, seconds: 900, in: 40, out: 40 }))
  writeFileSync(join(home, 'day.jsonl'), [...beamRecording('front-door', '2026-11-23T09:00:00Z', day)].join('\n'))
  const shop = { broker: brokerUrl, data: join(home, 'data'), sensors: [beam], opening: '09:00-21:00' }
  writeFileSync(join(home, 'shop.yaml'), shopConfig(shop))
  // A shell's own account holds what its children wrote (task_io_accounting in proc(5)).
  const script = '"$0" src/main.ts replay "$1" --config "$2" >/dev/null && cat /proc/$$/io'
  const args = ['-c', script, process.execPath, join(home, 'day.jsonl'), join(home, 'shop.yaml')]
  const written = Number(/^write_bytes: (\d+)/m.exec(execFileSync('sh', args, { encoding: 'utf8' }))?.[1])
  return row('written to disk per store-day', written / 1e6, 'MB', 'one door, 48 slots and the day; goal at most 4 MB')
}

async function catchUpRows(home: string): Promise<BenchRow[]> {
  const database = openDatabase(join(home, 'catch-up.db'), migrations)
  const first = openShop({ start: '2026-08-20T09:00:00Z', database })
  first.until('2026-08-20T09:16:00Z', 60_000)
  const shop = openShop({ start: '2026-11-17T09:00:00Z', database })
  const wall = performance.now()
  const cpu = await cpuOf(() => shop.until('2026-11-17T09:00:02Z'))
  const seconds = (performance.now() - wall) / 1000
  const count = shop.sent.length
  database.close()
  return [
    row('releases', count / seconds, 'per s', `${figure(cpu / count)} CPU µs each, two synced commits for 100 slots`),
  ]
}
