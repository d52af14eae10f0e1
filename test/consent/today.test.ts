import { beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../src/base/database.ts'
import { consentMigrations } from '../../src/consent/chain.ts'
import { openToday, type Today } from '../../src/consent/today.ts'
import { aShop, aWish, boxKey, joined, noon } from './shop.ts'

const monday = '2026-11-23'
const tuesday = '2026-11-24'
let database: Database
let today: Today

beforeEach(() => {
  database = openDatabase(':memory:', consentMigrations)
  today = openToday(database, boxKey)
  for (const who of ['a', 'b', 'c']) today.note(who, monday, 'offers')
  today.note('a', tuesday, 'offers')
})

describe('who was here today', () => {
  it('is there once a day, however often they come, and after a restart', () => {
    today.note('a', monday, 'offers')
    openToday(database, boxKey).note('a', monday, 'presence')
    expect([monday, tuesday].map(openToday(database, boxKey).count)).toEqual([3, 1])
  })

  it('goes with its day, and with the days before another', () => {
    today.forgetDay(monday)
    expect([monday, tuesday].map(today.count)).toEqual([0, 1])
    today.note('b', monday, 'offers')
    today.forgetBefore(tuesday)
    expect([monday, tuesday].map(today.count)).toEqual([0, 1])
  })

  it.each<[string, string]>([
    ['who it was', "UPDATE consent_today SET record = 'x' WHERE record = 'b'"],
    ['the day', `UPDATE consent_today SET day = '${tuesday}' WHERE record = 'b'`],
    ['the purpose', "UPDATE consent_today SET purpose = 'offert' WHERE record = 'b'"],
    ['the tag', "UPDATE consent_today SET tag = zeroblob(16) WHERE record = 'b'"],
    ['the type of the tag', "UPDATE consent_today SET tag = 'x' WHERE record = 'b'"],
  ])(
    'is not there where the disk changed %s, adds nobody elsewhere, and is there again when they are seen',
    (_, sql) => {
      database.connection.exec(sql)
      expect([monday, tuesday].map(today.count)).toEqual([2, 1])
      today.note('b', monday, 'offers')
      expect([monday, tuesday].map(today.count)).toEqual([3, 1])
    },
  )

  it('cannot be made up without the key', () => {
    openToday(database, Buffer.alloc(32, 8)).note('d', monday, 'offers')
    expect(today.count(monday)).toBe(3)
  })
})

describe('whoever takes back what they were counted by', () => {
  it.each([
    ['offers', 0],
    ['all', 0],
    ['presence', 1],
  ] as const)('was not here: %s', (purpose, left) => {
    const shop = aShop()
    const consents = shop.open()
    const both = ['offers', 'presence'].map((id) => ({ purpose: id, until: noon + 30 * 86_400_000 }))
    const { record } = joined(consents, aWish({ choices: both }))
    const here = openToday(shop.database(), boxKey)
    const kept = () => shop.database().connection.prepare('SELECT count(*) FROM consent_today').pluck().get()
    here.note(record, monday, 'offers')
    consents.withdraw(record, purpose, 'page')
    expect(kept()).toBe(left)
    consents.restoredFromImage()
    expect(kept()).toBe(0)
    shop.remove()
  })
})
