import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { type DataFolder, openDataFolder } from '../../src/base/data-folder.ts'
import { openDatabase } from '../../src/base/database.ts'
import { boxKeysOf } from '../../src/consent/box-keys.ts'
import { openConsentFolder } from '../../src/consent/folder.ts'
import { issueReceipt } from '../../src/consent/receipt.ts'
import { packReceipt } from '../../src/consent/receipt-code.ts'
import { sourceOfRecord } from '../../src/consent/receipt-source.ts'
import { migrations } from '../../src/storage.ts'
import { aKey, aWish, controller, joined, noon, usualPurposes } from '../consent/shop.ts'
import { drempel } from '../support/process.ts'
import { least } from './example.ts'

const home = mkdtempSync(join(tmpdir(), 'drempel-consent-command-'))
const file = (name: string) => join(home, name)
const config = ['--config', file('drempel.yaml')]
const consent = (...args: string[]) => drempel(['consent', ...args])
let folder: DataFolder
let secret: Buffer
let record = ''
let keyId = ''

/** Opens the record as the service does, in this process. */
function open() {
  folder = openDataFolder(file('data'), 'run')
  const database = openDatabase(file('data/drempel.db'), migrations)
  const offer = { country: 'NL', languages: ['nl', 'en'], controller, purposes: usualPurposes }
  const place = { database, file: file('data/drempel.db'), key: folder.key, clock: manualClock(noon), offer }
  const consents = openConsentFolder(place)
  return {
    consents,
    close() {
      consents.close()
      database.close()
      folder.close()
    },
  }
}

beforeAll(() => {
  writeFileSync(file('drempel.yaml'), `${least}data: ${file('data')}\n`)
  const { consents, close } = open()
  const given = joined(consents, aWish(), aKey())
  joined(consents, aWish(), null)
  secret = given.secret
  record = given.record
  const { signer } = boxKeysOf(folder.key)
  keyId = signer.keyId
  const shop = { controller, purposes: usualPurposes, country: 'NL', service: 'Acme Spuistraat', policyUrl: '' }
  const text = issueReceipt(sourceOfRecord(consents.record(record)!, shop), secret, signer)
  writeFileSync(file('receipt.json'), text)
  writeFileSync(file('code.txt'), packReceipt(text))
  writeFileSync(file('changed.json'), text.replace('"NL"', '"SE"'))
  const foreign = boxKeysOf(Buffer.alloc(32, 1)).signer
  writeFileSync(file('foreign.json'), issueReceipt(sourceOfRecord(consents.record(record)!, shop), secret, foreign))
  close()
})
afterAll(() => rmSync(home, { recursive: true }))

describe('drempel consent', () => {
  test('looks at the record, also beside the service, and shows no secret', async () => {
    const { close } = open()
    const answers = await Promise.all([
      consent('status', ...config),
      consent('verify', ...config),
      consent('export', file('receipt.json'), ...config),
      consent('status', '--json', ...config),
      consent('verify', '--json', ...config),
    ])
    close()
    expect(answers.map(({ code, stderr }) => [code, stderr])).toEqual(answers.map(() => [0, '']))
    const [status, verify, exported, statusJson, verifyJson] = answers.map(({ stdout }) => stdout)
    expect(status).toContain('2 agreed and go on (1 with a tag or app, 0 restricted); 0 ended.')
    expect(status).toContain('offers: 2 given')
    expect(verify).toMatch(/^The consent record is whole: 6 entries; its end is [0-9a-f]{64}\.\n$/)
    expect(JSON.parse(exported!)).toMatchObject({
      record,
      keyIsErased: false,
      purposes: [{ purpose: 'offers', state: 'given' }, { state: 'refused' }],
    })
    expect(JSON.parse(exported!).entries.map(({ type }: { type: string }) => type)).toEqual([
      'opened',
      'given',
      'refused',
    ])
    expect(JSON.parse(statusJson!)).toMatchObject({
      state: 'sound',
      living: 2,
      withKey: 1,
      purposes: { offers: { given: 2 } },
    })
    expect(JSON.parse(verifyJson!)).toMatchObject({ state: 'sound', head: { seq: 6 } })
    for (const { stdout } of answers) expect(stdout).not.toContain(secret.toString('base64url'))
  })

  test('checks a receipt with nothing but itself', async () => {
    const valid = await consent('verify-receipt', file('receipt.json'))
    expect(valid).toMatchObject({ code: 0, stderr: '' })
    expect(valid.stdout).toContain(`signed by the box with the key ${keyId}`)
    expect((await consent('verify-receipt', file('code.txt'), '--key', keyId)).code).toBe(0)
    const json = await consent('verify-receipt', file('receipt.json'), '--json')
    expect(json.stdout).not.toContain(secret.toString('base64url'))
    const foreign = await consent('verify-receipt', file('foreign.json'), '--key', keyId)
    expect(foreign).toMatchObject({ code: 1, stdout: 'Not valid. Another box signed it.\n' })
    expect((await consent('verify-receipt', file('changed.json'))).code).toBe(1)
  })

  test('ends nothing while the service runs, and says so', async () => {
    const { consents, close } = open()
    const refused = await consent('withdraw', file('receipt.json'), ...config)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(
      'the service is running. Stop the service, withdraw, and start it again. [CONSENT_IN_USE]',
    )
    expect(consents.isGranted(record, 'offers')).toBe(true)
    close()
  })

  test.each([
    ['foreign.json', 'CONSENT_RECEIPT_INVALID'],
    ['changed.json', 'CONSENT_RECEIPT_INVALID'],
    ['drempel.yaml', 'CONSENT_RECEIPT_INVALID'],
    ['none.json', 'CONSENT_RECEIPT_UNREADABLE'],
  ])('ends nothing with %s', async (name, code) => {
    const refused = await consent('withdraw', file(name), ...config)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(code)
    expect(refused.stderr).not.toContain(secret.toString('base64url'))
  })

  test('ends a consent with the code of a receipt, once; the service then grants nothing and tells head office', async () => {
    const keys = readFileSync(file('data/consent.keys')).subarray(0, 64)
    const done = await consent('withdraw', file('code.txt'), ...config)
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toContain('Withdrawn')
    expect(readFileSync(file('data/consent.keys')).subarray(0, 64)).not.toEqual(keys)
    const again = await consent('withdraw', file('receipt.json'), '--json', ...config)
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, { state: 'ended-before' }])
    const { consents, close } = open()
    expect(consents.isGranted(record, 'offers')).toBe(false)
    const events: string[] = []
    consents.passOn((news) => events.push(...news.map(({ event }) => event)))
    expect(events).toEqual(['given', 'given', 'withdrawn'])
    close()
    expect(JSON.parse((await consent('export', file('receipt.json'), ...config)).stdout)).toMatchObject({
      keyIsErased: true,
    })
  })

  test('names the first broken entry and exits 1', async () => {
    const copy = file('broken')
    mkdirSync(copy)
    for (const name of ['drempel.db', 'key']) writeFileSync(join(copy, name), readFileSync(file(`data/${name}`)))
    const database = openDatabase(join(copy, 'drempel.db'), migrations)
    database.connection.exec('DROP TRIGGER consent_event_fixed')
    database.connection.exec("UPDATE consent_event SET body = replace(body, 'offers', 'orders') WHERE seq = 2")
    database.close()
    writeFileSync(file('broken.yaml'), `${least}data: ${copy}\n`)
    const found = await consent('verify', '--config', file('broken.yaml'))
    expect(found).toMatchObject({ code: 1, stdout: 'The consent record is broken: entry 2: its text was changed.\n' })
    expect((await consent('status', '--config', file('broken.yaml'))).code).toBe(1)
    expect((await consent('export', file('receipt.json'), '--config', file('broken.yaml'))).stderr).toContain(
      'CONSENT_RECORD_BROKEN',
    )
  })

  test('of a box that never ran says so and makes nothing', async () => {
    writeFileSync(file('new.yaml'), `${least}data: ${file('new')}\n`)
    for (const args of [['status'], ['withdraw', file('receipt.json')]]) {
      const found = await consent(...args, '--config', file('new.yaml'))
      expect(found.code).toBe(1)
      expect(found.stderr).toContain('holds no database')
    }
    expect(() => readFileSync(file('new'))).toThrow('ENOENT')
  })

  test.each([
    [[], 'It needs ACTION'],
    [['statsu'], 'Did you mean status?'],
    [['dance'], 'ACTION is one of'],
    [['withdraw'], 'withdraw needs a receipt'],
    [['status', 'x'], 'status takes no receipt'],
    [['export', 'a', 'b'], 'takes no more arguments'],
  ])('called as %j is wrong use', async (args, said) => {
    const wrong = await consent(...args)
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain(said)
  })
})
