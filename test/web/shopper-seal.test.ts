import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { packReceipt } from '../../src/consent/receipt-code.ts'
import { createAskBox } from '../support/ask-box.ts'

// Browser files are no part of the type check; what they export is said here.
interface Sealing {
  sealQuestion(question: object, askKey: string): Promise<{ sealed: string; open(answer: string): Promise<unknown> }>
  keyIdOf(askKey: string): Promise<string>
}
interface Reading {
  readReceipt(text: string): Promise<{ secret: string; receipt: string | null; handles: string[] } | null>
}
const pages = '../../src/web/pages/shopper'
const { sealQuestion, keyIdOf }: Sealing = await import(`${pages}/seal.js`)
const { readReceipt }: Reading = await import(`${pages}/receipt.js`)

describe('what the browser seals', () => {
  const box = createAskBox()
  const question = { ask: 'see', secret: 'x'.repeat(22), word: 'één' }

  test('is opened by a box written from the specification alone, and so is the way back', async () => {
    const { sealed, open } = await sealQuestion(question, box.askKey)
    let heard: unknown
    const answer = box.answer(sealed, (asked) => {
      heard = asked
      return { state: 'seen', word: 'två' }
    })
    expect(heard).toEqual(question)
    expect(await open(answer)).toEqual({ state: 'seen', word: 'två' })
  })

  test('has one length for short and long questions, and never the same bytes', async () => {
    const one = await sealQuestion({ ask: 'leave' }, box.askKey)
    const other = await sealQuestion({ ask: 'join', choices: 'x'.repeat(900) }, box.askKey)
    expect(one.sealed.length).toBe(other.sealed.length)
    expect((await sealQuestion({ ask: 'leave' }, box.askKey)).sealed).not.toBe(one.sealed)
  })

  test.each([0, 1, 40, 70, 200, -1])('is refused by the box when its byte %i was changed', async (at) => {
    const { sealed } = await sealQuestion(question, box.askKey)
    const bytes = Buffer.from(sealed, 'base64url')
    const place = at < 0 ? bytes.length + at : at
    bytes[place] = bytes[place]! ^ 1
    expect(() => box.answer(bytes.toString('base64url'), () => ({}))).toThrow()
  })

  test('opens no answer that was changed, that answers another question, or that another box gave', async () => {
    const { sealed, open } = await sealQuestion(question, box.askKey)
    const answer = Buffer.from(
      box.answer(sealed, () => ({ state: 'left' })),
      'base64url',
    )
    answer[100] = answer[100]! ^ 1
    await expect(open(answer.toString('base64url'))).rejects.toThrow()
    const other = await sealQuestion(question, box.askKey)
    await expect(open(box.answer(other.sealed, () => ({ state: 'left' })))).rejects.toThrow()
    expect(() => createAskBox().answer(sealed, () => ({}))).toThrow()
  })

  test('names a key as the QR code does', async () => {
    expect(await keyIdOf(box.askKey)).toBe(box.askKeyId)
  })
})

describe('what the browser reads of a receipt', () => {
  const secret = randomBytes(16).toString('base64url')
  const handle = randomBytes(16).toString('base64url')
  const receipt = JSON.stringify({
    secret,
    services: [{ purposes: [{ handle, purpose: 'offers' }] }],
    text: 'é'.repeat(300),
  })

  test.each([
    ['as saved', receipt],
    ['with spaces round it', `\n ${receipt} \n`],
    ['as the code that consent/ packs', packReceipt(receipt)],
  ])('is its secret and handles, %s', async (_how, text) => {
    expect(await readReceipt(text)).toEqual({ secret, receipt, handles: [handle] })
  })

  // One letter less in common and a code that was printed years ago cannot be read by one of the two.
  test('is unpacked with the dictionary that consent/ packs it with, to the letter', () => {
    const dictionaryOf = (path: string) => /'\.000Z.*?collectionMethod":"',/s.exec(readFileSync(path, 'utf8'))![0]
    const ours = dictionaryOf('src/web/pages/shopper/receipt.js')
    expect(ours).toBe(dictionaryOf('src/consent/receipt-code.ts'))
    expect(ours.length).toBeGreaterThan(800)
  })

  test('is the secret alone when that was typed', async () => {
    expect(await readReceipt(` ${secret} `)).toEqual({ secret, receipt: null, handles: [] })
  })

  test.each([
    '',
    'hello',
    '{}',
    '{"secret":"short","services":[]}',
    'DREMPEL1:',
    'DREMPEL1:%%%',
    packReceipt(receipt).slice(0, -9),
  ])('is nothing for "%s"', async (text) => {
    expect(await readReceipt(text)).toBeNull()
  })
})
