import type { Release } from '../../src/privacy/release.ts'
import type { Zone } from '../../src/privacy/settings.ts'
import type { Snapshot } from '../../src/privacy/snapshot.ts'
import { seededRandom } from './random.ts'
import { openShop, phonesSettings, policyFor, type Shop, type ShopOptions } from './wall.ts'

const hour = 3_600_000
const tables = ['release', 'journal_state', 'running_day', 'plan']

/** What head office and the journal of a box saw in one life. */
export interface Life {
  /** Kept by a commit that went through, in order. */
  readonly kept: readonly Release[]
  /** Everything that was handed over for keeping, also what no commit kept. */
  readonly handedOver: readonly Release[]
  /** Numbers that a process had charged and not drawn when it died. */
  readonly charged: ReadonlySet<number>
  /** Numbers that are charged and not drawn at the end. */
  readonly unfinished: readonly number[]
  /** Each fall of what the journal says was spent. */
  readonly refunds: readonly string[]
  /** Did an old image of its disk come back? */
  readonly isRestored: boolean
}

/** Ways to live dangerously: what a box does with its journal that it must not. */
export interface Recklessness {
  /** A charge without a number is forgotten when the process comes back. */
  readonly forgetsCharges?: boolean
  /** After an old image nobody listens to head office. */
  readonly ignoresHeadOffice?: boolean
}

const door = (id: string): Zone => ({ id, name: id, kind: 'door' })

/** What can be put in a box's configuration between two starts: windows, a renamed door, a split one, phones. */
const changes: readonly Partial<ShopOptions>[] = [
  { privacy: { window: '60m' } },
  { privacy: { window: '30m' } },
  { zones: [door('renamed')], privacy: { window: '60m' } },
  { zones: [door('entrance'), door('renamed')], privacy: { window: '60m' } },
  { radios: ['entrance'], privacy: { profile: 'phones', window: '60m', phones: phonesSettings } },
]

/**
 * One seeded life of a box in a few steps: people, time, clock steps, loss of trust, crashes at every point of the two
 * commits with and without snapshot, a full disk, changed policies, an old image. The noise is real.
 * @param used an empty box whose files are used again, since making new ones takes longer than a life
 */
export function live(seed: number, steps: number, used: Shop, reckless: Recklessness = {}): Life {
  const random = seededRandom(seed)
  const { database } = used
  const sql = database.connection
  const kept: Release[] = []
  const handedOver: Release[] = []
  const charged = new Set<number>()
  const refunds: string[] = []
  let refusals = 0
  let image: Row[][] | undefined
  let isRestored = false
  let spent = 0
  let real = Date.parse('2026-11-23T08:30:00Z')

  for (const table of tables) sql.exec(`DELETE FROM ${table}`)
  const isKept = sql.prepare<[number], number>('SELECT 1 FROM release WHERE seq = ? AND payload IS NOT NULL').pluck()
  const sumOfSpent = sql.prepare<[], number | null>('SELECT sum(spent_milli) FROM release').pluck()

  function start(options: Partial<ShopOptions> = {}): Shop {
    const now = new Date(real).toISOString()
    return openShop({ start: now, database, trusted: random() < 0.8, opening, privacy, onKeep, ...options })
  }

  function onKeep(release: Release): void {
    handedOver.push(release)
    if (refusals > 0 && random() < 0.7 && refusals-- > 0)
      throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
  }

  function tick(mayClose = true): void {
    try {
      shop.wall.tick(mayClose)
    } catch (error) {
      if (!/^full$|readonly/.test((error as Error).message)) throw error
    }
    // What a commit refused was handed over but not kept.
    for (const { release } of shop.sent.splice(0)) if (isKept.get(release.seq)) kept.push(release)
    const now = sumOfSpent.get() ?? 0
    if (now < spent) refunds.push(`${spent} to ${now}`)
    spent = now
  }

  /** A new process; the old one was killed, or its power was cut. */
  function crash(options: Partial<ShopOptions> = {}): void {
    const snapshot: Snapshot | undefined = random() < 0.5 ? shop.wall.snapshot() : undefined
    sql.pragma('query_only = 0')
    refusals = 0
    for (const { seq } of shop.journal.unfinished()) charged.add(seq)
    if (reckless.forgetsCharges) sql.exec('DELETE FROM release WHERE payload IS NULL')
    real += random() * 0.3 * hour
    shop = start(options)
    if (snapshot) shop.wall.restore(snapshot)
  }

  function restoreImage(): void {
    if (!image) return
    sql.pragma('query_only = 0')
    refusals = 0
    for (const [i, table] of tables.entries()) {
      sql.exec(`DELETE FROM ${table}`)
      for (const row of image[i]!) {
        const names = Object.keys(row)
        sql.prepare(`INSERT INTO ${table} VALUES (${names.map((name) => `@${name}`).join()})`).run(row)
      }
    }
    isRestored = true
    spent = 0
    charged.clear()
    shop = start()
    tick(false)
    if (!reckless.ignoresHeadOffice) shop.wall.restoredFromImage(Math.max(0, ...kept.map(({ seq }) => seq)))
  }

  function copyImage(): void {
    image = tables.map((table) => sql.prepare<[], Row>(`SELECT * FROM ${table}`).all())
  }

  function act(): void {
    const dice = random()
    if (dice < 0.1) shop.clock.step((random() - 0.5) * 6 * hour)
    else if (dice < 0.2) shop.clock.setTrusted(random() < 0.8)
    else if (dice < 0.35) crash()
    else if (dice < 0.5) refusals = 1 + Math.floor(random() * 3)
    else if (dice < 0.55) sql.pragma(`query_only = ${random() < 0.5 ? 1 : 0}`)
    else if (dice < 0.65) crashAndAdopt(changes[Math.floor(random() * changes.length)]!)
    else if (dice < 0.7) copyImage()
    else if (dice < 0.74) restoreImage()
    else if (dice < 0.85) shop.phones([1, 2, 3])
    else shop.pass(random() < 0.5 ? 'in' : 'out', 1 + Math.floor(random() * 5))
  }

  function crashAndAdopt(change: Partial<ShopOptions>): void {
    crash(change)
    tick(false)
    if (shop.wall.policy()) shop.wall.adopt(policyFor({ opening, ...change }))
  }

  let shop = start()
  for (let step = 0; step < steps; step++) {
    act()
    const pass = random() < 0.1 ? 20 * hour : random() * 1.2 * hour
    shop.clock.advanceTo(shop.clock.monotonic() + pass)
    real += pass
    tick()
  }
  sql.pragma('query_only = 0')
  const unfinished = shop.journal.unfinished().map(({ seq }) => seq)
  return { kept, handedOver, charged, unfinished, refunds, isRestored }
}

const opening = '09:00-12:00'
const privacy = { window: '60m' } as const

type Row = Record<string, unknown>
