import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, systemClock } from '../../src/base/clock.ts'
import { openDatabase } from '../../src/base/database.ts'
import { outboxMigrations } from '../../src/uplink/outbox.ts'
import { message, testOutbox } from '../support/outbox.ts'
import { testUplink } from '../support/uplink.ts'

/** Drains an outbox of argv[3] rows, this long waiting (argv[4] minutes), to the broker argv[2]; prints CPU and time. */
const [url, count, minutes] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const folder = mkdtempSync(join(tmpdir(), 'drempel-drain-'))
const path = join(folder, 'outbox.db')
const clock = manualClock(Date.now() - minutes * 60_000)
const { outbox, database } = testOutbox({ path, clock })
for (let from = 1; from <= count; from += 1000) {
  database.transaction(() => {
    for (let seq = from; seq < Math.min(from + 1000, count + 1); seq++) outbox.put(message(seq), 0)
  })
}
database.close()

const reopened = openDatabase(path, outboxMigrations)
const real = systemClock(() => true)
const { uplink } = testUplink({ url, database: reopened, realClock: real })
const cpu = process.cpuUsage()
const start = performance.now()
uplink.open()
const settled = await uplink.settled(60_000)
const seconds = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(cpu)
await uplink.close()
reopened.close()
rmSync(folder, { recursive: true })
console.log(JSON.stringify({ settled, rowsPerSecond: count / seconds, cpuPerRow: (user + system) / count }))
