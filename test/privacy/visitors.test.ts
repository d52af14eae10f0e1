import { describe, expect, it } from 'vitest'
import { loosens } from '../../src/privacy/policy.ts'
import { visitorsSentence } from '../../src/privacy/visitors.ts'
import { openShop, policyFor, type Shop, type ShopOptions, sentOf } from '../support/wall.ts'

const day = '2026-11-23'
const counted = { visitors: 'offers' } as const
const many = Array.from({ length: 5000 }, (_, i) => i)

function open(options: Partial<ShopOptions> = {}): Shop {
  return openShop({ start: `${day}T08:50:00Z`, privacy: counted, ...options })
}

/** Thousands, so that what is blurred can be told; never minus zero. */
const thousands = (shop: Shop) =>
  sentOf(shop, 'visitors').map(({ visitors }) => visitors && Math.round(visitors / 1000) + 0)
const missing = (shop: Shop) => sentOf(shop, 'visitors').map(({ missing: why }) => why)
const rows = (shop: Shop) => shop.database.connection.prepare('SELECT day FROM consent_today').pluck().all()
const kept = (shop: Shop) => shop.database.connection.prepare('SELECT day FROM running_visitors').pluck().all()

describe('a policy that counts visitors', () => {
  const [without, next] = [policyFor({}), policyFor({ privacy: counted })]

  it('declares one series of the whole shop, and a visit pays what it paid before', () => {
    expect(next.series.slice(without.series.length)).toEqual([
      {
        name: 'visitors',
        kind: 'visitors',
        zone: 'shop',
        windowSeconds: 86_400,
        unit: 'person-day',
        epsilon: 0.5,
        mechanism: 'discrete-laplace',
        noise95: 6,
      },
    ])
    expect(next.perVisitMilli).toBe(without.perVisitMilli)
    expect(next.guessIn100).toBe(without.guessIn100)
    expect(next.hash).not.toBe(without.hash)
    expect(next.hash).not.toBe(policyFor({ privacy: { visitors: 'presence' } }).hash)
  })

  // e^0.5 / (1 + e^0.5) = 0.6225 and e^1.5 / (1 + e^1.5) = 0.8176, rounded up.
  it('says what that pays, alone and with a visit', () => {
    expect(visitorsSentence(next)).toBe(
      'Who agreed to offers is counted once a day and pays 0.5 a day besides. Someone who watches guesses whether an enrolled shopper came on a day right at most 63 times in 100, with one visit added 82.',
    )
    expect(visitorsSentence(without)).toBeUndefined()
  })

  it('needs somebody at the box, as does another purpose, and to stop does not', () => {
    expect(loosens(without, next)).toEqual(['visitors would leave the shop too'])
    expect(loosens(next, policyFor({ privacy: { visitors: 'presence' } }))).toEqual([
      'who agreed to presence would be counted instead of who agreed to offers',
    ])
    expect(loosens(next, without)).toEqual([])
  })
})

describe('visitors', () => {
  it('leave once a day, each once, and nothing of them stays on the disk', () => {
    const shop = open()
    shop.until(`${day}T09:30:00Z`, 30_000)
    shop.visit(many)
    shop.until(`${day}T15:00:00Z`, 30_000)
    shop.visit(many.slice(2000))
    shop.until(`${day}T17:59:00Z`, 30_000)
    expect(sentOf(shop, 'visitors')).toEqual([])
    expect(rows(shop)).toHaveLength(5000)
    shop.until(`${day}T18:00:05Z`)
    expect(thousands(shop)).toEqual([5])
    const [told] = sentOf(shop, 'visitors')
    const window = { start: `${day}T00:00:00Z`, seconds: 86_400 }
    expect(told).toMatchObject({ id: `shop/gw/visitors/${day}`, window, noise95: 6, coverage: 1, missing: null })
    expect([rows(shop), kept(shop)]).toEqual([[], []])
  })

  it('are charged once a day, whoever came', () => {
    const shop = open()
    shop.until('2026-11-25T18:00:05Z', 60_000)
    const { connection } = shop.database
    const spent = connection.prepare("SELECT spent_milli FROM release WHERE series = 'visitors'").pluck().all()
    expect(spent).toEqual([500, 500, 500])
    expect(missing(shop)).toEqual([null, null, null])
  })

  it('are counted in opening hours only, and not after the number of the day is drawn', () => {
    const shop = open()
    shop.until(`${day}T08:59:00Z`, 30_000)
    expect(shop.wall.counting()).toBeUndefined()
    shop.until(`${day}T09:00:00Z`)
    expect(shop.wall.counting()).toEqual({ day, purpose: 'offers' })
    shop.until(`${day}T18:00:05Z`, 30_000)
    shop.clock.step(-3 * 3_600_000)
    expect(shop.wall.counting()).toBeUndefined()
  })

  it('need a clock that is trusted: nobody is noted before', () => {
    const shop = open({ trusted: false, start: `${day}T09:00:00Z` })
    shop.until(`${day}T12:00:00Z`, 30_000)
    expect(shop.wall.counting()).toBeUndefined()
    shop.clock.setTrusted(true)
    shop.until(`${day}T18:00:05Z`, 30_000)
    expect(sentOf(shop, 'visitors')).toMatchObject([{ coverage: 0.65, missing: null }])
  })

  it.each([
    [0.4, 'sensor-down', null],
    [0.6, null, 5],
  ] as const)('follow the radios: with %f of the day the reason is %s', (share, why, number) => {
    const shop = open({ aliveShare: (feed) => (feed === 'visitors/shop' ? share : 1) })
    shop.until(`${day}T10:00:00Z`, 30_000)
    shop.visit(many)
    shop.until(`${day}T18:00:05Z`, 30_000)
    expect(sentOf(shop, 'visitors')).toMatchObject([{ coverage: share, missing: why }])
    expect(thousands(shop)).toEqual([number])
    expect(sentOf(shop, 'day')).toMatchObject([{ coverage: 1, missing: null }])
    expect(rows(shop)).toEqual([])
  })

  it('say lost where it cannot be said who came', () => {
    const shop = open({ visitors: { on: () => undefined, forget() {}, forgetBefore() {} } })
    shop.until(`${day}T18:00:05Z`, 30_000)
    expect(sentOf(shop, 'visitors')).toMatchObject([{ visitors: null, missing: 'lost', coverage: 0 }])
  })

  it('sit out the day of a box that was restored from an old image', () => {
    const shop = open()
    shop.until(`${day}T10:00:00Z`, 30_000)
    shop.visit(many)
    shop.wall.restoredFromImage(500)
    shop.until('2026-11-24T10:00:00Z', 60_000)
    shop.visit(many.slice(0, 3000))
    shop.until('2026-11-24T18:00:05Z', 60_000)
    expect(missing(shop)).toEqual(['restored', null])
    expect(thousands(shop)).toEqual([null, 3])
  })
})

describe('a process that dies', () => {
  it('loses nobody it had seen: its successor draws the day, also the next morning', () => {
    const cut = open()
    cut.until(`${day}T10:00:00Z`, 30_000)
    cut.visit(many)
    cut.until(`${day}T17:59:00Z`, 30_000)
    const next = open({ start: '2026-11-24T08:50:00Z', database: cut.database })
    next.until('2026-11-24T08:51:00Z')
    expect(thousands(next)).toEqual([5])
    expect(rows(next)).toEqual([])
  })

  it('between the two commits loses the number, says so, and keeps nobody', () => {
    const onKeep: NonNullable<ShopOptions['onKeep']> = ({ kind }) => {
      if (kind === 'visitors') throw new Error('killed')
    }
    const dead = open({ onKeep })
    dead.until(`${day}T10:00:00Z`, 30_000)
    dead.visit(many)
    expect(() => dead.until(`${day}T18:00:05Z`, 30_000)).toThrow('killed')
    expect(rows(dead)).toHaveLength(5000)
    const next = open({ start: `${day}T18:01:00Z`, database: dead.database })
    next.until(`${day}T18:01:05Z`)
    expect(missing(next)).toEqual(['lost'])
    expect([rows(next), kept(next)]).toEqual([[], []])
  })

  it('and is away for 90 days leaves nobody on the disk', () => {
    const dead = open({ start: '2026-07-23T08:50:00Z' })
    dead.until('2026-07-23T12:00:05Z', 30_000)
    dead.visit(many.slice(0, 10))
    const next = open({ database: dead.database })
    next.until(`${day}T09:15:05Z`, 5000)
    expect([rows(next), kept(next)]).toEqual([[], [day]])
  })
})

describe('a change of the policy', () => {
  it('waits for midnight, and nobody is noted before or by another purpose', () => {
    const shop = open({ privacy: {} })
    shop.until(`${day}T10:00:00Z`, 30_000)
    expect(shop.adopt({ privacy: counted })).toBe('2026-11-24')
    expect(shop.wall.counting()).toBeUndefined()
    shop.until('2026-11-24T10:00:00Z', 60_000)
    shop.adopt({ privacy: { visitors: 'presence' } })
    expect(shop.wall.counting()).toEqual({ day: '2026-11-24', purpose: 'offers' })
    shop.until('2026-11-25T10:00:00Z', 60_000)
    expect(shop.wall.counting()).toEqual({ day: '2026-11-25', purpose: 'presence' })
    shop.adopt({ privacy: {} })
    shop.until('2026-11-26T18:00:05Z', 60_000)
    expect(sentOf(shop, 'visitors').map(({ id }) => id.slice(-10))).toEqual(['2026-11-24', '2026-11-25'])
  })
})
