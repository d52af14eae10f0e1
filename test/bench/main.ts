import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { startMosquitto } from '../support/mosquitto.ts'
import { parserRows, pathRows } from './cpu.ts'
import { deliveryRows } from './delivery.ts'
import { processRows } from './process.ts'
import { radioRows } from './radio.ts'
import { replayRows } from './replay.ts'
import { storageRows } from './storage.ts'
import { type BenchRow, tableText } from './table.ts'
import { tagRows } from './tags.ts'

/**
 * `npm run bench`: every figure of README, as a table and as bench.json. Costs are CPU time, not wall time, and peers
 * run in the same session, since these machines are noisy.
 */
const groups: Record<string, (broker: string) => Promise<BenchRow[]>> = {
  'Frames to readings': parserRows,
  'Bytes to the open window': pathRows,
  Radio: radioRows,
  'Tags of shoppers': tagRows,
  'Window to disk': storageRows,
  'A recording to head office': replayRows,
  'Disk to head office': deliveryRows,
  'The process': processRows,
}

const broker = await startMosquitto()
const rows: BenchRow[] = []
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`)
for (const [title, measure] of Object.entries(groups)) {
  console.log(`\n${title}`)
  const measured = await measure(broker.url)
  console.log(tableText(measured))
  rows.push(...measured)
}
await broker.stop()
writeFileSync(
  'bench.json',
  `${JSON.stringify({ at: new Date().toISOString(), node: process.version, rows }, null, 2)}\n`,
)
console.log('\nWritten to bench.json')
