import { writeSync } from 'node:fs'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { manualClock } from '../../src/base/clock.ts'
import { aBox, configOf } from './box.ts'

/**
 * Opens a box folder, is asked to leave, and is killed by SIGKILL so many microseconds later, wherever it is then. Says what
 * was confirmed: `node leave-process.ts FOLDER NOW SECRET MICROSECONDS`.
 */
const [folder = '', now = '', secret = '', micros = ''] = process.argv.slice(2)

if (isMainThread) main()
else kill(workerData.begun)

function main(): void {
  const begun = new Int32Array(new SharedArrayBuffer(8))
  new Worker(new URL(import.meta.url), { workerData: { begun }, argv: process.argv.slice(2) })
  const box = aBox(configOf(), manualClock(Number(now)), folder)
  Atomics.wait(begun, 1, 0)
  const began = performance.now()
  Atomics.store(begun, 0, 1)
  const answer = box.ask({ ask: 'leave', secret })
  if (answer.state === 'left') writeSync(1, `confirmed in ${Math.round((performance.now() - began) * 1000)}\n`)
  // Now the killing comes late.
  Atomics.wait(begun, 1, 1, 2000)
}

/** Another thread, so that nothing the first one waits for delays it. */
function kill(begun: Int32Array): void {
  Atomics.store(begun, 1, 1)
  Atomics.notify(begun, 1)
  while (Atomics.load(begun, 0) === 0);
  const until = performance.now() + Number(micros) / 1000
  while (performance.now() < until);
  process.kill(process.pid, 'SIGKILL')
}
