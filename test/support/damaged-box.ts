import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ManualClock, manualClock } from '../../src/base/clock.ts'
import { boxKey } from '../../src/base/data-folder.ts'
import type { Log } from '../../src/base/log.ts'
import { chooseConfig, writeAccepted } from '../../src/commands/accepted.ts'
import { cryptoBits } from '../../src/privacy/mechanism.ts'
import { policyOf } from '../../src/privacy/policy.ts'
import type { Release } from '../../src/privacy/release.ts'
import { openWall, type Wall } from '../../src/privacy/wall.ts'
import { openStorage, type Storage } from '../../src/storage.ts'
import { encodeRelease, type Outgoing } from '../../src/uplink/feed.ts'
import { listeningLog } from './outbox.ts'
import { shopConfig } from './recordings.ts'
import { shop } from './releases.ts'

/** A box with everything in its data folder, and what is true of it. */
export interface Image {
  readonly files: ReadonlyMap<string, Buffer>
  readonly truth: Truth
}

export interface Truth {
  readonly key: string
  readonly window: string
  readonly now: number
  /** Every message by `seq`, as its bytes. */
  readonly sent: ReadonlyMap<number, string>
  /** Numbers that were drawn: id to bytes. */
  readonly drawn: ReadonlyMap<string, string>
  readonly lastSeq: number
  readonly served: ReadonlyMap<number, string>
  readonly gone: string
  readonly stored: string
  readonly session: number
  readonly payloads: ReadonlyMap<string, readonly string[]>
  readonly totals: ReadonlyMap<string, string>
}

const zones = [
  { id: 'entrance', name: 'Entrance' },
  { id: 'garden', name: 'Garden' },
]
const sensors = zones.map(({ id }, i) => {
  return { id: `door-${i}`, kind: 'beam-pair', zone: id, outer: `GPIO${4 + i}`, inner: `GPIO${14 + i}` }
})
export const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23']
const [first, today] = [days[0]!, days.at(-1)!]
const configText = (window: string) =>
  shopConfig({ broker: 'mqtt://127.0.0.1:1', data: 'data', sensors, zones, opening: '09:00-12:00', window })
const file = 'shop.yaml'

export interface Box {
  readonly storage: Storage
  readonly wall: Wall
  readonly clock: ManualClock
  readonly window: string
  readonly sent: { release: Release; outgoing: Outgoing }[]
  readonly errors: () => string[]
  until(time: string, step?: number): void
}

/** Opens the real code on a folder, as `run` does. `write` is called before each number is kept. */
export function openBox(folder: string, now: number, write: () => void = () => {}): Box {
  const clock = manualClock(now)
  const { log, said } = listeningLog()
  // A looser file than the accepted one lies there: it must never run.
  const config = chooseConfig({ text: configText('5m'), file }, folder, log as Log)
  const policy = policyOf(config)
  const storage = openStorage({ folder, key: boxKey(folder), version: 'test', policy, clock, log })
  const sent: Box['sent'] = []
  const wall = openWall({
    ...storage,
    clock,
    bits: cryptoBits(),
    origin: `${shop.store}/${shop.gateway}`,
    aliveShare: () => 1,
    visitors: { on: () => 0, forget() {}, forgetBefore() {} },
    keep(release, series, leavesAt) {
      write()
      const outgoing = encodeRelease(release, series, shop)
      storage.outbox.put(outgoing, leavesAt)
      sent.push({ release, outgoing })
      return outgoing.bytes
    },
    replaying: false,
    delay: 0,
  })
  return {
    storage,
    wall,
    clock,
    window: config.privacy.window,
    sent,
    // That the looser file does not run is said each time.
    errors: () => said('error').filter((line) => !line.includes('is less private')),
    until(time, step = 5 * 60_000) {
      const goal = Date.parse(time)
      while (clock.now() < goal) {
        clock.advanceTo(clock.monotonic() + Math.min(step, goal - clock.now()))
        wall.tick()
      }
    },
  }
}

/** Some days of a shop: delivered, stored, refused, gone and waiting rows, a day half over, a log not yet written back. */
export function makeImage(scratch: string): Image {
  const folder = join(scratch, 'original')
  mkdirSync(folder, { recursive: true })
  writeAccepted(folder, { text: configText('15m'), file })
  let isCut = false
  const box = openBox(folder, Date.parse(`${first}T08:00:00Z`), () => {
    if (isCut) throw Object.assign(new Error('cut'), { code: 'SQLITE_FULL' })
  })
  const { storage, wall, sent } = box
  for (const day of days) {
    for (const time of ['09:10', '09:40', '10:20', '11:05']) {
      if (day === today && time > '10:00') break
      box.until(`${day}T${time}:00Z`)
      for (const { id } of zones) wall.count(box.clock.monotonic(), { zone: id, direction: 'in', people: 37 })
    }
    if (day !== today) box.until(`${day}T13:00:00Z`)
    if (day === days[1]) deliver(storage)
  }
  // From here on nothing is written back: it lies in the log only, as after a power cut.
  Object.assign(storage.database, { forgetOldVersions: () => {} })
  storage.database.connection.pragma('wal_autocheckpoint = 0')
  box.until(`${today}T10:20:00Z`)
  deliverSome(storage)
  const totals = totalsOf(storage)
  const drawn = sent.map(({ release, outgoing }) => [release.id, outgoing.bytes.toString()] as const)
  const bySeq = sent.map(({ release, outgoing }) => [release.seq, outgoing.bytes.toString()] as const)
  // Charged, and then the power goes.
  isCut = true
  try {
    box.until(`${today}T10:31:00Z`)
  } catch {
    // As planned.
  }
  const truth: Truth = {
    key: boxKey(folder).toString('hex'),
    window: box.window,
    now: box.clock.now(),
    sent: new Map(bySeq),
    drawn: new Map(drawn),
    lastSeq: storage.journal.lastSeq(),
    served: servedBy(storage),
    gone: JSON.stringify(storage.outbox.stats().shed),
    stored: JSON.stringify(storage.outbox.stored('aggregates')),
    session: storage.session(),
    payloads: payloadsOf(storage),
    totals: new Map([...totals].map(([key]) => [key, totalsOf(storage).get(key)!])),
  }
  const names = readdirSync(folder).filter((name) => name !== 'drempel.db-shm')
  const files = new Map(names.map((name) => [name, readFileSync(join(folder, name))]))
  storage.database.close()
  return { files, truth }
}

/** The consumer has the first day but for two numbers; some are gone for good. */
function deliver({ outbox }: Storage): void {
  const seqs = Array.from({ length: 40 }, (_, i) => i + 1)
  outbox.acknowledged('aggregates', seqs)
  outbox.trim('aggregates', { upTo: 30, missing: [[5, 6]] })
  outbox.neverComes([3, 4, 9])
}

function deliverSome({ outbox }: Storage): void {
  outbox.acknowledged('aggregates', [45, 46, 47])
  outbox.refused('aggregates', [50])
  outbox.packed('aggregates', [60, 61, 62])
}

export function servedBy({ outbox }: Storage): Map<number, string> {
  const [due, again] = [outbox.due('aggregates', 0, 10_000, Infinity), outbox.again('aggregates', 0, 10_000)]
  // A row that was put back under its own number is there the next time.
  const late = outbox.due('aggregates', 0, 10_000, Infinity)
  return new Map([...due.rows, ...again.rows, ...late.rows].map((row) => [row.seq, row.outgoing.bytes.toString()]))
}

export function payloadsOf({ journal }: Storage): Map<string, string[]> {
  const names = zones.flatMap(({ id }) => [`footfall/${id}`, `day/${id}`])
  const keys = names.flatMap((name) => days.map((day) => [name, day] as const))
  return new Map(keys.map(([name, day]) => [`${name} ${day}`, journal.payloads(name, day).map(String)]))
}

export function totalsOf({ runningDay }: Storage): Map<string, string> {
  return new Map(zones.map(({ id }) => [id, JSON.stringify(runningDay.total(today, id) ?? null)]))
}

/** A folder with this content, on a disk of memory where there is one. */
export function layOut(scratch: string, files: ReadonlyMap<string, Buffer>): string {
  const folder = join(scratch, 'copy')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
  return folder
}

export function makeScratch(): string {
  try {
    return mkdtempSync('/dev/shm/drempel-flips-')
  } catch {
    return mkdtempSync(join(tmpdir(), 'drempel-flips-'))
  }
}
