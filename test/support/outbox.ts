import { type ManualClock, manualClock } from '../../src/base/clock.ts'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { encodeRelease, type Outgoing } from '../../src/uplink/feed.ts'
import { type Outbox, type OutboxParts, openOutbox, outboxMigrations } from '../../src/uplink/outbox.ts'
import { footfall, footfallSeries, shop } from './releases.ts'

export const boxKey = Buffer.alloc(32, 7)
export const noon = Date.UTC(2026, 10, 23, 12)

/** A footfall message with that seq; the same each time. */
export function message(seq: number, zone = 'entrance'): Outgoing {
  return encodeRelease(footfall(seq, {}, zone), footfallSeries(zone), shop)
}

export interface TestOutbox {
  readonly outbox: Outbox
  readonly database: Database
  readonly clock: ManualClock
}

/** An outbox in memory, or in the file `path`, on a clock moved by hand. */
export function testOutbox({
  path = ':memory:',
  ...changes
}: Partial<OutboxParts> & { path?: string } = {}): TestOutbox {
  const clock = manualClock(noon)
  const database = openDatabase(path, outboxMigrations)
  const outbox = openOutbox({ database, key: boxKey, clock, log: silentLog, ...changes })
  return { outbox, database, clock }
}

/** Puts the messages of these seqs in one durable transaction, due at once unless said otherwise. */
export function putAll({ outbox, database }: TestOutbox, seqs: readonly number[], notBefore = 0): void {
  database.transaction(() => {
    for (const seq of seqs) outbox.put(message(seq), notBefore)
  })
}

/** Numbers from `first` to `last`. */
export function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

/** A log that remembers what was said at each level. */
export function listeningLog(): { log: Log; said: (level: 'info' | 'warn' | 'error') => string[] } {
  const lines: { level: string; text: string }[] = []
  const write =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push({
        level,
        text: args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' '),
      })
  const log = Object.assign(Object.create(silentLog), {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }) as Log
  return { log, said: (level) => lines.filter((line) => line.level === level).map((line) => line.text) }
}
