import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/base/canonical-json.ts'
import { boxKeysOf, keyIdOf } from '../../src/consent/box-keys.ts'
import { issueReceipt, type ReceiptSource, verifyReceipt } from '../../src/consent/receipt.ts'
import { packReceipt, unpackReceipt } from '../../src/consent/receipt-code.ts'
import { boxKey, noon } from './shop.ts'

const { signer } = boxKeysOf(boxKey)
const random = () => randomBytes(16).toString('base64url')

function source(purposes = ['offers']): ReceiptSource {
  return {
    id: '0f0d7c3e-0b6c-4f55-9a58-0a8d0b7f7f10',
    principal: random(),
    jurisdiction: 'NL',
    language: 'nl',
    agreedAt: noon,
    method: 'page',
    controller: { name: 'Acme Retail BV', contact: 'privacy@acme.example' },
    service: 'Acme Spuistraat',
    policyUrl: 'https://shop.acme.example/nl-0042',
    purposes: purposes.map((purpose) => ({
      purpose,
      handle: random(),
      notice: `sha256:${randomBytes(32).toString('hex')}`,
      until: noon + 1e10,
      recipient: purpose === 'offers' ? 'Acme Retail BV' : 'Ads Inc',
    })),
  }
}

const secret = randomBytes(16)
const text = issueReceipt(source(), secret, signer)
const changed = (change: (receipt: Record<string, unknown>) => void): string => {
  const receipt: Record<string, unknown> = JSON.parse(text)
  change(receipt)
  return canonicalJson(receipt)
}

describe('a receipt', () => {
  test('says what was agreed in the fields of Kantara, and holds the secret', () => {
    const check = verifyReceipt(text, signer.keyId)
    expect(check).toMatchObject({ state: 'valid', keyId: signer.keyId })
    expect(JSON.parse(text)).toMatchObject({
      version: 'KI-CR-v1.1.0',
      jurisdiction: 'NL',
      consentTimestamp: noon / 1000,
      collectionMethod: 'page',
      language: 'nl',
      piiControllers: [{ piiController: 'Acme Retail BV', contact: 'privacy@acme.example' }],
      services: [{ service: 'Acme Spuistraat', purposes: [{ purpose: 'offers', consentType: 'EXPLICIT' }] }],
      sensitive: false,
      spiCat: [],
      secret: secret.toString('base64url'),
    })
    expect(keyIdOf(Buffer.from(JSON.parse(text).publicKey, 'base64url'))).toBe(signer.keyId)
  })

  test('names a third party where there is one', () => {
    const { services } = JSON.parse(issueReceipt(source(['offers', 'ads']), secret, signer))
    expect(services[0].purposes).toMatchObject([
      { thirdPartyDisclosure: false, thirdPartyName: '' },
      { thirdPartyDisclosure: true, thirdPartyName: 'Ads Inc' },
    ])
  })

  test('holds with blanks around it, and of a box that has the same key after a restart', () => {
    expect(verifyReceipt(`\n${text}\n`, boxKeysOf(boxKey).signer.keyId).state).toBe('valid')
  })

  test.each([
    ['another purpose', changed((receipt) => Object.assign(receipt, { jurisdiction: 'SE' })), 'does not hold'],
    ['another secret', changed((receipt) => Object.assign(receipt, { secret: random() })), 'does not hold'],
    ['something more', changed((receipt) => Object.assign(receipt, { more: 1 })), 'no receipt'],
    ['something less', changed((receipt) => void Reflect.deleteProperty(receipt, 'secret')), 'no receipt'],
    ['no signature', changed((receipt) => void Reflect.deleteProperty(receipt, 'signature')), 'do not fit'],
    ['half a signature', changed((receipt) => Object.assign(receipt, { signature: 'AAAA' })), 'do not fit'],
    ['a signature that is a number', changed((receipt) => Object.assign(receipt, { signature: 1 })), 'do not fit'],
    [
      'another key',
      changed((receipt) => Object.assign(receipt, { publicKey: randomBytes(32).toString('base64url') })),
      'do not fit',
    ],
    ['a field twice', text.replace('{', '{"language":"en",'), 'no receipt'],
    ['blanks inside', JSON.stringify(JSON.parse(text), null, 1), 'no receipt'],
    ['its end missing', text.slice(0, -10), 'no receipt'],
    ['nothing', '', 'no receipt'],
    ['a list', '[]', 'no receipt'],
    ['a number', '1', 'no receipt'],
    ['too much', `${text}${' '.repeat(20_000)}`, 'no receipt'],
  ])('with %s is none', (_, forged, why) => {
    expect(verifyReceipt(forged)).toMatchObject({ state: 'invalid', why: expect.stringContaining(why) })
  })

  test('that somebody else signed is valid by itself, and not of this box', () => {
    const forged = issueReceipt(source(), secret, boxKeysOf(randomBytes(32)).signer)
    expect(verifyReceipt(forged).state).toBe('valid')
    expect(verifyReceipt(forged, signer.keyId)).toMatchObject({ state: 'invalid', why: 'Another box signed it.' })
  })

  test('whose every letter is changed in turn never holds', () => {
    for (let at = 0; at < text.length; at++) {
      const other = text.charAt(at) === 'A' ? 'B' : 'A'
      expect(verifyReceipt(text.slice(0, at) + other + text.slice(at + 1)).state, String(at)).toBe('invalid')
    }
  })
})

describe('a receipt in a QR code', () => {
  // QR code, alphanumeric, error correction M: version 16 holds 656 signs, version 20 970 (ISO/IEC 18004, table 7).
  test.each([
    [['offers'], 656],
    [['offers', 'ads', 'presence'], 970],
  ])('of %j fits %i signs and holds', (purposes, most) => {
    const code = packReceipt(issueReceipt(source(purposes), secret, signer))
    expect(code).toMatch(/^[0-9A-Z $%*+\-./:]+$/)
    expect(code.length).toBeLessThanOrEqual(most)
    expect(verifyReceipt(code, signer.keyId).state).toBe('valid')
  })

  test('is the same receipt', () => {
    expect(unpackReceipt(packReceipt(text))).toBe(text)
    expect(unpackReceipt(text)).toBeUndefined()
  })

  test('that is damaged or blown up is none', () => {
    const code = packReceipt(text)
    for (const bad of [code.slice(0, -4), `${code.slice(0, 50)}${code.slice(53)}`, 'DREMPEL1:', 'DREMPEL1:€€€']) {
      expect(verifyReceipt(bad).state).toBe('invalid')
    }
    expect(unpackReceipt(packReceipt(' '.repeat(1_000_000)))).toBeUndefined()
  })
})
