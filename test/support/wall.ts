import { type ManualClock, manualClock } from '../../src/base/clock.ts'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { type Sealed, seal } from '../../src/base/sealed.ts'
import { consentMigrations } from '../../src/consent/chain.ts'
import { openToday } from '../../src/consent/today.ts'
import type { Advert } from '../../src/drivers/reading.ts'
import { type Journal, journalMigrations, openJournal } from '../../src/privacy/journal.ts'
import { type Bits, cryptoBits } from '../../src/privacy/mechanism.ts'
import { openPlan, planMigrations } from '../../src/privacy/plan.ts'
import { type Policy, policyOf } from '../../src/privacy/policy.ts'
import type { Release } from '../../src/privacy/release.ts'
import { openRunningDay, runningDayMigrations } from '../../src/privacy/running-day.ts'
import type { Opening, PrivacySettings, Zone } from '../../src/privacy/settings.ts'
import { openWall, type Wall, type WallParts } from '../../src/privacy/wall.ts'

export const migrations = [...journalMigrations, ...runningDayMigrations, ...planMigrations, ...consentMigrations]
const key = Buffer.alloc(32, 7)

export interface Shop {
  readonly wall: Wall
  readonly clock: ManualClock
  readonly database: Database
  readonly journal: Journal
  /** What was handed over for sending, in order, with the moment it leaves. */
  readonly sent: { release: Release; leavesAt: number; bytes: Buffer }[]
  /** Moves on to a wall time, ticking every second of it (or every `step` ms). */
  until(time: string, step?: number): void
  pass(direction: 'in' | 'out', people: number, zone?: string): void
  /** Stays of so many minutes are over now. */
  stay(minutes: number, people: number, zone: string): void
  /** Phones are heard now: one advert of each, of addresses that are numbered. */
  phones(numbers: Iterable<number>, zone?: string): void
  /** Shoppers who agreed to be counted are seen now, by their numbers. */
  visit(numbers: Iterable<number>): void
  /** Changes the configuration, as the gateway does at its next start. */
  adopt(change: Partial<ShopOptions>): string
}

export interface ShopOptions {
  readonly start: string
  readonly trusted?: boolean
  readonly database?: Database
  readonly opening?: Opening
  readonly timezone?: string
  readonly zones?: readonly Zone[]
  /** Zones of the radar's areas. */
  readonly areas?: readonly string[]
  /** Zones with a radio. */
  readonly radios?: readonly string[]
  readonly privacy?: Partial<PrivacySettings>
  readonly aliveShare?: (feed: string, from: number, to: number) => number
  /** In place of those who were noted. */
  readonly visitors?: WallParts['visitors']
  readonly replaying?: boolean
  /** Called in the second commit, to make storage fail. */
  readonly onKeep?: (release: Release) => void
  /** What head office is sent, and the journal keeps, in place of the release as JSON. */
  readonly encode?: (release: Release) => object
  readonly bits?: Bits
}

type Kind = Release['kind']

/** What a shop has sent of one kind, in order. */
export function sentOf<K extends Kind>(shop: Shop, kind: K): Extract<Release, { kind: K }>[] {
  const isOf = (release: Release): release is Extract<Release, { kind: K }> => release.kind === kind
  return shop.sent.map((one) => one.release).filter(isOf)
}

const door: Zone = { id: 'entrance', name: 'Entrance', kind: 'door' }

/** The whole wall over a real database in memory and a clock moved by hand. */
export function openShop(options: ShopOptions): Shop {
  const database = options.database ?? openDatabase(':memory:', migrations)
  const clock = manualClock(Date.parse(options.start), options.trusted ?? true)
  const journal = openJournal(database, key, 'test')
  const plan = openPlan(database, key)
  plan.begin(policyFor(options))
  const today = openToday(database, key)
  const sent: Shop['sent'] = []
  const wall = openWall({
    database,
    clock,
    plan,
    journal,
    runningDay: openRunningDay(database, key),
    bits: options.bits ?? cryptoBits(),
    origin: 'shop/gw',
    aliveShare: options.aliveShare ?? (() => 1),
    visitors: options.visitors ?? { on: today.count, forget: today.forgetDay, forgetBefore: today.forgetBefore },
    keep(release, _series, leavesAt) {
      options.onKeep?.(release)
      const bytes = Buffer.from(JSON.stringify(options.encode?.(release) ?? release))
      sent.push({ release, leavesAt, bytes })
      return bytes
    },
    replaying: options.replaying ?? false,
    delay: 7000,
  })
  return {
    wall,
    clock,
    database,
    journal,
    sent,
    until(time, step = 1000) {
      const goal = Date.parse(time)
      while (clock.now() < goal) {
        clock.advanceTo(clock.monotonic() + Math.min(step, goal - clock.now()))
        wall.tick()
      }
    },
    adopt: (change) => wall.adopt(policyFor({ ...options, ...change })),
    pass: (direction, people, zone = 'entrance') => wall.count(clock.monotonic(), { zone, direction, people }),
    stay: (minutes, people, zone) => wall.count(clock.monotonic(), { zone, lasted: minutes * 60_000, people }),
    phones(numbers, zone = 'entrance') {
      for (const number of numbers) wall.hear(clock.monotonic(), { zone, advert: advertOf(number) })
    },
    visit(numbers) {
      const now = wall.counting()
      for (const number of now ? numbers : []) today.note(`shopper-${number}`, now!.day, now!.purpose)
    },
  }
}

/** An advert as recognition lets it through, from the address with that number. */
export function advertOf(number: number): Sealed<Advert> {
  const address = Buffer.from('c00000000000', 'hex')
  address.writeUInt32BE(number, 2)
  return seal({ address, type: 'random', rssi: -60, data: Buffer.alloc(0) })
}

/** What the profile phones needs beside a radio. */
export const phonesSettings: NonNullable<PrivacySettings['phones']> = {
  assessment: 'assessment.txt',
  legalBasis: 'Art. 6(1)(f) GDPR',
  signage: true,
  optOutUrl: 'https://shop.example/no',
  rssiMin: -75,
}

export function policyFor({ timezone, opening, zones, areas, radios, privacy }: Partial<ShopOptions>): Policy {
  const radar = areas ? [{ kind: 'ld2450', zone: 'entrance', areas: areas.map((zone) => ({ zone })) }] : []
  return policyOf({
    store: { timezone: timezone ?? 'UTC', opening: opening ?? '09:00-18:00' },
    zones: zones ?? [door],
    sensors: [...(radios ?? []).map((zone) => ({ kind: 'ble', zone })), ...radar],
    privacy: { profile: 'footfall', window: '15m', precision: 'standard', ...privacy },
  })
}
