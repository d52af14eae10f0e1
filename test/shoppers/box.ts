import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ManualClock, manualClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { type Config, readConfig } from '../../src/config.ts'
import type { Answer } from '../../src/consent/desk-answers.ts'
import { cryptoBits } from '../../src/privacy/mechanism.ts'
import { policyOf } from '../../src/privacy/policy.ts'
import { openWall, type Wall } from '../../src/privacy/wall.ts'
import { openShoppers } from '../../src/shoppers/shoppers.ts'
import type { Shoppers } from '../../src/shoppers/words.ts'
import { openStorage, type Storage } from '../../src/storage.ts'
import { encodeRelease } from '../../src/uplink/feed.ts'
import { shop } from '../support/releases.ts'

export const boxKey = Buffer.alloc(32, 9)
/** Noon in the shop's winter. */
export const noon = Date.parse('2026-11-23T11:00:00Z')

const text = (purpose: string) => `{ nl: "Tekst van ${purpose}.", en: "Text of ${purpose}." }`

export function configOf(
  changes: { purposes?: string; opening?: string; broker?: string; data?: string; privacy?: string } = {},
): Config {
  const usual = `
  - { id: offers, texts: ${text('offers')}, benefit: "A coffee.", recipient: Acme Retail BV, retention: 30d }
  - { id: presence, texts: ${text('presence')}, benefit: "A chair.", recipient: Acme Retail BV, retention: 30d, caps: { perDay: 4, perVisit: 2 } }`
  const yaml = `
organisation: ${shop.organisation}
store: { id: ${shop.store}, name: Acme Spuistraat, country: NL, timezone: Europe/Amsterdam, opening: "${changes.opening ?? '09:00-18:00'}", languages: [nl, en] }
controller: { name: Acme Retail BV, contact: privacy@acme.example }
gateway: ${shop.gateway}
zones: [{ id: entrance, name: Entrance }, { id: shoes, name: Shoes, kind: area }]
sensors:
  - { id: radio, kind: ble, zone: entrance, adapter: hci0 }
  - { id: radio-2, kind: ble, zone: shoes, adapter: hci1 }
purposes: ${changes.purposes ?? usual}
privacy: ${changes.privacy ?? '{}'}
upstream: { url: "${changes.broker ?? 'mqtt://127.0.0.1:1'}" }
data: ${changes.data ?? 'data'}
`
  const read = readConfig(yaml, '/drempel.yaml')
  if ('problems' in read) throw new Error(JSON.stringify(read.problems))
  return read.config
}

/** A box whose shoppers' side is opened on a folder, again and again, as after a restart. */
export interface Box {
  readonly folder: string
  readonly clock: ManualClock
  readonly shoppers: Shoppers
  readonly storage: Storage
  readonly wall: Wall
  /** Everything that would be sent about shoppers, in order, as parsed messages. */
  sent(): Record<string, unknown>[]
  /** All bytes of the folder. */
  bytes(): string
  /** @param startsAnew whether it is started again at once where what shoppers agreed to was changed on the disk */
  open(config?: Config, startsAnew?: boolean): void
  /** As when the power is cut: nothing is closed in peace. */
  close(): void
  remove(): void
  ask(question: object, from?: string): Answer
  /** With what the offer and the screen say now. */
  inTheShop(question: object): Answer
  /** Moves time on, tick by tick. */
  pass(ms: number, step?: number): void
}

export function aBox(
  first = configOf(),
  clock = manualClock(noon),
  folder = mkdtempSync(join(tmpdir(), 'drempel-shoppers-')),
): Box {
  let shoppers: Shoppers
  let storage: Storage
  let wall: Wall

  function open(config = first, startsAnew = true): void {
    const policy = policyOf(config)
    storage = openStorage({ folder, key: boxKey, version: 'test', policy, clock, log: silentLog })
    const { database, file, outbox } = storage
    wall = openWall({
      ...storage,
      clock,
      bits: cryptoBits(),
      origin: `${shop.store}/${shop.gateway}`,
      aliveShare: () => 1,
      visitors: {
        on: (day) => shoppers.visitors.on(day),
        forget: (day) => shoppers.visitors.forget(day),
        forgetBefore: (day) => shoppers.visitors.forgetBefore(day),
      },
      keep(release, series, leavesAt) {
        const outgoing = encodeRelease(release, series, shop)
        storage.outbox.put(outgoing, leavesAt)
        return outgoing.bytes
      },
      replaying: false,
      delay: 0,
    })
    const parts = {
      config,
      database,
      file,
      key: boxKey,
      clock,
      realClock: clock,
      outbox,
      identity: shop,
      log: silentLog,
    }
    let isDamaged = false
    const onDamage = () => {
      isDamaged = true
      storage.condemn()
    }
    shoppers = openShoppers({ ...parts, policy: () => policy, counting: wall.counting, wake() {}, onDamage })!
    if (!isDamaged || !startsAnew) return
    // As the service, which starts anew.
    close()
    open(config)
  }

  function close(): void {
    shoppers?.close()
    storage.database.close()
  }

  const ask = (question: object, from = 'here') => shoppers.answer(question, from)
  open()
  return {
    folder,
    clock,
    get shoppers() {
      return shoppers
    },
    get storage() {
      return storage
    },
    get wall() {
      return wall
    },
    sent() {
      const rows = storage.outbox.due('signals', 0, 10_000, Number.MAX_SAFE_INTEGER).rows
      return rows.map(({ outgoing }) => JSON.parse(outgoing.bytes.toString()))
    },
    bytes: () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('\n'),
    open,
    close,
    remove() {
      close()
      rmSync(folder, { recursive: true })
    },
    ask,
    inTheShop(question) {
      const offer = ask({ ask: 'offer', language: 'nl' })
      const fresh = offer.state === 'offer' ? offer.fresh : 'A'.repeat(22)
      return ask({ fresh, token: shoppers.optIn()?.shown ?? 'none', ...question })
    },
    pass(ms, step = 1000) {
      const end = clock.monotonic() + ms
      while (clock.monotonic() < end) {
        clock.advanceTo(Math.min(end, clock.monotonic() + step))
        // Only where it counts shoppers; elsewhere its releases are in the way.
        if (first.privacy.visitors) wall.tick()
        shoppers.tick()
      }
    },
  }
}

export const checkIn = { ask: 'check-in', age: 34, language: 'nl', purposes: ['offers'] }
export const join30 = { ask: 'join', age: 34, language: 'nl', choices: [{ purpose: 'offers', days: 30 }] }

/** The receipt of an answer that gave one, read. */
export function receiptOf(answer: Answer): { secret: string; handles: string[]; text: string; id: string } {
  if (answer.state !== 'given' && answer.state !== 'changed') throw new Error(JSON.stringify(answer))
  const receipt = JSON.parse(answer.receipt)
  const handles = receipt.services[0].purposes.map(({ handle }: { handle: string }) => handle)
  return { secret: receipt.secret, handles, text: answer.receipt, id: receipt.consentReceiptID }
}
