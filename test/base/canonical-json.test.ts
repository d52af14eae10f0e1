import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fromBase45, fromBase64url, fromReadable, toBase45, toReadable } from '../../src/base/base-codes.ts'
import { canonicalJson } from '../../src/base/canonical-json.ts'

describe('canonical JSON', () => {
  test('is the sample of RFC 8785 §3.2.3', () => {
    const input = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    )
    expect(canonicalJson(input)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('orders keys by their UTF-16 units (RFC 8785 §3.2.3)', () => {
    const input = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 }
    const order = [...canonicalJson(input).matchAll(/:(\d)/g)].map(([, digit]) => Number(digit))
    expect(order).toEqual([2, 4, 6, 7, 1, 5, 3])
  })

  // Appendix B.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555553', '333333333.3333332'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number of the bits %s as %s', (bits, text) => {
    expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text)
  })

  test.each([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['nothing', { a: undefined }],
    ['half a character', '\ud83d'],
    ['half a character in a key', { '\udead': 1 }],
    ['a date', new Date(0)],
    ['a big integer', 1n],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })
})

describe('bytes as text', () => {
  test.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
  ])('of %s in Base45 is that of RFC 9285 §4.3', (plain, text) => {
    expect(toBase45(Buffer.from(plain))).toBe(text)
    expect(fromBase45(text)?.toString()).toBe(plain)
  })

  test.each(['GGW', ':::', '::', 'A', 'ABCD', 'a00', '€00'])('%j is no Base45', (text) => {
    expect(fromBase45(text)).toBeUndefined()
  })

  test('comes back whole from each', () => {
    for (let length = 0; length < 40; length++) {
      const bytes = randomBytes(length)
      expect(fromBase45(toBase45(bytes))).toEqual(bytes)
      expect(fromBase64url(bytes.toString('base64url'), length)).toEqual(bytes)
      expect(fromReadable(toReadable(bytes), length)).toEqual(bytes)
    }
  })

  test.each(['AA==', 'AB', 'A', 'AA+', 'AA ', 'Ā', 'AA\n'])(
    '%j is no base64url, or not the only way to say it',
    (text) => {
      expect(fromBase64url(text)).toBeUndefined()
    },
  )

  test('has its length checked', () => {
    expect(fromBase64url('AAAA', 3)).toEqual(Buffer.alloc(3))
    expect(fromBase64url('AAAA', 4)).toBeUndefined()
    expect(fromReadable('00000', 4)).toBeUndefined()
  })

  test('is read as people type it', () => {
    expect(fromReadable('o1il-oiil o0', 6)).toEqual(fromReadable('0111011100', 6))
    expect(fromReadable('0111011100', 6)).toHaveLength(6)
    expect(fromReadable('U111011100', 6)).toBeUndefined()
    expect(fromReadable('0'.repeat(1000), 6)).toBeUndefined()
  })
})
