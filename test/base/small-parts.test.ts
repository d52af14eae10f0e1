import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { day, hour, minute, parseDuration, second } from '../../src/base/duration.ts'
import { describeError, errorTable, GatewayError, isStorageFull, systemCode } from '../../src/base/errors.ts'
import { holds, macOf } from '../../src/base/mac.ts'
import { seal, unseal } from '../../src/base/sealed.ts'

describe('a duration', () => {
  test.each([
    ['30s', 30 * second],
    ['15m', 15 * minute],
    ['12h', 12 * hour],
    ['400d', 400 * day],
    ['5y', 5 * 365 * day],
    ['0s', 0],
  ])('of %s is understood', (text, length) => {
    expect(parseDuration(text)).toBe(length)
  })

  test.each(['', '15', 'm', '1.5h', '-1d', '15 m', '15M', '1234567s', '1w', '1m\n'])('of %j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(errorTable.BASE_DURATION_INVALID)
  })
})

describe('an error', () => {
  test('says what happened, to which part, and what to do', () => {
    const error = new GatewayError('CONFIG_MISSING', 'Looked here.', { fix: 'Write one.' })
    expect(describeError(error)).toBe('No configuration file was found. Looked here. Write one.')
  })

  test('of somebody else gives its code or class, never its text', () => {
    expect(describeError(new RangeError('C0:FF:EE:00:00:01 is out of range'))).toBe('RangeError')
    expect(describeError(Object.assign(new Error('open /home/anna'), { code: 'ENOENT' }))).toBe('ENOENT')
    expect(describeError('C0:FF:EE:00:00:01')).toBe('unknown error')
  })

  test('tells when there is no room left', () => {
    expect(isStorageFull({ code: 'SQLITE_FULL' })).toBe(true)
    expect(isStorageFull({ code: 'ENOSPC' })).toBe(true)
    expect(isStorageFull(new GatewayError('BASE_STORAGE_FULL'))).toBe(true)
    expect(isStorageFull(new Error('ENOSPC'))).toBe(false)
    expect(systemCode({ code: 7 })).toBeUndefined()
  })

  test.each(Object.entries(errorTable))('%s is one sentence', (code, sentence) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/)
    expect(sentence).toMatch(/^[A-Z].*\.$/)
  })
})

describe('a MAC', () => {
  const key = Buffer.alloc(32, 1)

  test('holds for the same parts and key only', () => {
    const mac = macOf(key, 'a', 1, Buffer.from('b'))
    expect(holds(mac, macOf(key, 'a', 1, Buffer.from('b')))).toBe(true)
    expect(holds(mac, macOf(key, 'a', 2, Buffer.from('b')))).toBe(false)
    expect(holds(mac, macOf(Buffer.alloc(32, 2), 'a', 1, Buffer.from('b')))).toBe(false)
    expect(holds(mac.subarray(1), mac)).toBe(false)
  })

  test('tells apart lists whose texts read the same in a row', () => {
    expect(holds(macOf(key, 'ab', 'c'), macOf(key, 'a', 'bc'))).toBe(false)
    expect(holds(macOf(key, ''), macOf(key))).toBe(false)
  })

  test('is HMAC-SHA256 of each part after its length in four bytes', () => {
    const expected = createHmac('sha256', key).update('\0\0\0\x02ab').update('\0\0\0\x017').digest()
    expect(macOf(key, 'ab', 7).equals(expected)).toBe(true)
  })
})

describe('what is sealed', () => {
  const address = 'C0:11:22:33:44:55'
  const sealed = seal({ address })

  test.each([
    ['printed', () => String(sealed)],
    ['put in a text', () => `${sealed}`],
    ['serialised', () => JSON.stringify({ sealed })],
    ['inspected', () => inspect(sealed, { depth: 9, showHidden: true })],
    ['spread', () => JSON.stringify({ ...sealed })],
    ['cloned', () => inspect(structuredClone(sealed))],
    ['listed', () => JSON.stringify(Reflect.ownKeys(sealed).map((key) => Reflect.get(sealed, key)))],
  ])('says nothing when %s', (_, look) => {
    expect(look()).not.toContain('C0')
  })

  test('opens for unseal, and only the very object that was made', () => {
    expect(unseal(sealed)).toEqual({ address })
    expect(() => unseal(Object.create(sealed))).toThrow('nothing was sealed here')
  })

  test('cannot be given something more', () => {
    expect(() => Object.assign(sealed, { address })).toThrow()
  })
})
