import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { languages } from '../../src/web/languages/languages.ts'
import { createShopperServer } from '../../src/web/shopper/server.ts'
import { needChromium, openChromium } from '../support/chromium.ts'
import { createFakeDesk, type FakeDesk } from '../support/fake-desk.ts'
import { readQr } from '../support/qr-reader.ts'
import * as flow from '../support/shopper-flow.ts'

const audit = readFileSync(join(import.meta.dirname, 'page-audit.js'), 'utf8')
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
const shots = process.env.SHOTS

describe.skipIf(!needChromium())("the shopper's page", { timeout: 60_000 }, () => {
  let browser: Browser
  let server: FastifyInstance
  let desk: FakeDesk
  let url: string

  beforeAll(async () => {
    browser = await openChromium()
  })
  beforeEach(async () => {
    desk = createFakeDesk()
    const screen = () => ({ shown: desk.token, seconds: 25 })
    server = createShopperServer({
      shop: { desk, screen, pageUrl: 'https://shop.example/s/gouda/1/' },
      isSecure: false,
      hosts: (host) => host.startsWith('127.0.0.1:'),
      clock: systemClock(() => true),
    })
    url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/`
    return () => server.close()
  })
  afterAll(() => browser?.close())

  /** Opens a browser of its own and notes whatever should not happen. */
  async function visit(
    options: BrowserContextOptions = phone,
  ): Promise<{ page: Page; faults: string[]; asked: string[] }> {
    const page = await (await browser.newContext(options)).newPage()
    const [faults, asked]: [string[], string[]] = [[], []]
    page.on('console', (message) => faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('request', (request) => {
      asked.push(`${request.url()} ${request.headers().referer ?? ''}`)
      if (!/^(blob:)?http:\/\/127\.0\.0\.1:/.test(request.url())) faults.push(`left the origin: ${request.url()}`)
    })
    return { page, faults, asked }
  }

  async function look(page: Page, name: string): Promise<void> {
    expect(await page.evaluate<string[]>(audit), name).toEqual([])
    if (!shots) return
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  }

  const shopping = (page: Page, language: string): flow.Shopping => ({
    page,
    url,
    language,
    token: () => desk.token,
    purposes: ['offers', 'queues'],
  })

  describe.each(Object.keys(languages))('in %s, on a phone, with the keyboard alone', (language) => {
    test('reads, refuses and changes their mind', async () => {
      const { page, faults } = await visit()
      await flow.openPage(shopping(page, language))
      await look(page, `${language}-start`)
      expect(await page.locator('#measured').textContent()).toContain('74')
      await flow.refuse(shopping(page, language))
      await look(page, `${language}-changed-mind`)
      expect(desk.asked).toEqual([])
      expect(faults).toEqual([])
      await page.context().close()
    })

    test('checks in for the visit, sees their data and leaves', async () => {
      const { page, faults } = await visit()
      await flow.checkIn(shopping(page, language))
      expect(desk.asked).toMatchObject([{ ask: 'check-in', purposes: ['offers', 'queues'], age: 44, language }])
      await flow.seeMine(shopping(page, language))
      await look(page, `${language}-visit`)
      expect(await flow.leaveNow(shopping(page, language))).toBe('asked')
      await look(page, `${language}-left`)
      desk.erasure = 'confirmed'
      await flow.press(page, 'look-again')
      await page.locator('#erasure-confirmed').waitFor()
      expect(await page.evaluate<number>('localStorage.length + sessionStorage.length')).toBe(0)
      expect(faults).toEqual([])
      await page.context().close()
    })

    test('joins for longer, changes one purpose, pauses, uses a tag and leaves', async () => {
      const { page, faults } = await visit({ ...phone, colorScheme: 'dark' })
      await flow.joinLonger(shopping(page, language))
      expect(desk.asked[0]).toMatchObject({
        ask: 'join',
        choices: [
          { purpose: 'offers', days: 7 },
          { purpose: 'queues', days: 7 },
        ],
      })
      await flow.seeMine(shopping(page, language))
      await look(page, `${language}-record`)
      await flow.changeOne(shopping(page, language), 'queues')
      expect(desk.asked.filter(({ ask }) => ask === 'change')).toMatchObject([{ days: 60 }, { days: null }])
      await flow.pauseAndResume(shopping(page, language))
      await flow.press(page, 'tag')
      await page.locator('.tag-code', { hasText: '8XK2M0QT' }).waitFor()
      await look(page, `${language}-tag`)
      expect(await flow.leaveNow(shopping(page, language))).toBe('asked')
      expect(faults).toEqual([])
      await page.context().close()
    })
  })

  test("the screen's QR code checks in by scanning it, and no server hears the token but sealed", async () => {
    const screen = await visit({ viewport: { width: 1280, height: 800 } })
    await screen.page.goto(`${url}screen`)
    const scanned = await readQr(screen.page, '#code svg')
    expect(scanned).toBe(`https://shop.example/s/gouda/1/#t=${desk.token}&k=${desk.box.askKeyId}`)
    const { page, faults, asked } = await visit()
    await flow.checkInScanned(shopping(page, 'nl'), new URL(scanned).hash)
    expect(asked.join('\n')).not.toContain(desk.token)
    expect(faults).toEqual([])
    await page.context().close()
    await screen.page.context().close()
  })

  test('the screen passes every check in any shape, and fits', async () => {
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 1920, height: 1080 },
      { width: 600, height: 1024 },
    ]) {
      const { page, faults } = await visit({ viewport })
      await page.goto(`${url}screen`)
      await look(page, `screen-${viewport.width}`)
      expect(await page.evaluate<number>('document.documentElement.scrollHeight')).toBeLessThanOrEqual(viewport.height)
      expect(faults).toEqual([])
      await page.context().close()
    }
  })

  test('the screen shows no code that is too old when the box is gone', async () => {
    await server.close()
    server = createShopperServer({
      shop: { desk, screen: () => ({ shown: desk.token, seconds: 1 }) },
      isSecure: false,
      hosts: () => true,
      clock: systemClock(() => true),
    })
    const { page } = await visit()
    await page.goto(`${await server.listen({ host: '127.0.0.1', port: 0 })}/screen`)
    await page.locator('#token').waitFor()
    await server.close()
    await page.locator('#lost').waitFor({ timeout: 10_000 })
    expect(await page.locator('#token').count()).toBe(0)
    await page.context().close()
  })

  test('who joined for longer says on the next visit that they are here, typing the code or scanning it', async () => {
    const { page, faults } = await visit()
    await flow.joinLonger(shopping(page, 'nl'))
    await flow.openPage(shopping(page, 'nl'))
    await flow.press(page, 'arrive-open')
    await look(page, 'nl-arrive')
    await flow.type(page, 'arrive-token', '0123-4567 89abc')
    await flow.press(page, 'arrive')
    await expect.poll(() => page.locator('#mine-said').textContent()).toBe(languages.nl!.arrived)
    await page.goto('about:blank')
    await flow.openPage(shopping(page, 'nl'), `#t=${desk.token}`)
    await flow.press(page, 'arrive')
    await expect.poll(() => page.locator('#mine-said').textContent()).toBe(languages.nl!.arrived)
    expect(desk.asked.filter(({ ask }) => ask === 'arrive')).toMatchObject([
      { token: '0123456789abc' },
      { token: desk.token },
    ])
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('a QR code of another key sends nothing and says so', async () => {
    const { page } = await visit()
    await flow.openPage(shopping(page, 'en'), `#t=${desk.token}&k=AAAAAAAAAAAAAAAA`)
    await page.locator('#purpose-offers').check()
    await flow.type(page, 'age', '44')
    await flow.press(page, 'join')
    await expect.poll(() => page.locator('#said').textContent()).toBe(languages.en!.wrongKey)
    expect(desk.asked).toEqual([])
    await page.context().close()
  })

  test('who is too young hears a friendly no, and nothing is sent', async () => {
    const { page, asked } = await visit()
    await flow.openPage(shopping(page, 'sv'), `#t=${desk.token}`)
    await page.locator('#purpose-offers').check()
    await flow.type(page, 'age', '15')
    const before = asked.length
    await flow.press(page, 'join')
    await expect.poll(() => page.locator('#said').textContent()).toContain('16')
    expect(asked.length).toBe(before)
    await page.context().close()
  })

  test('the receipt can be saved, kept and read back from its QR code, and stops everything on another phone', async () => {
    const { page } = await visit()
    await flow.checkIn(shopping(page, 'en'))
    const receipt = (await page.locator('#receipt-text').textContent())!
    const saving = page.waitForEvent('download')
    await flow.press(page, 'save')
    expect(readFileSync(await (await saving).path(), 'utf8')).toBe(receipt)
    await flow.press(page, 'keep')
    await page.locator('#forget').waitFor()
    await page.locator('#as-picture').press('Enter')
    await page.locator('.receipt-card svg').waitFor()
    const code = await readQr(page, '.receipt-card svg')
    expect(code).toMatch(/^DREMPEL1:/)

    const other = await visit()
    await other.page.goto(`${url}leave?language=en`)
    await look(other.page, 'en-receipt')
    await flow.type(other.page, 'receipt', code)
    await flow.press(other.page, 'open')
    await other.page.locator('.standing').first().waitFor()
    await look(other.page, 'en-receipt-open')
    await flow.leaveNow(shopping(other.page, 'en'))
    expect(desk.asked.at(-1)).toEqual({ ask: 'leave', secret: JSON.parse(receipt).secret })
    expect(desk.left).toEqual([])
    const secrets = [...other.asked].filter((line) => line.includes(JSON.parse(receipt).secret))
    expect(secrets).toEqual([])
    await other.page.context().close()
    await page.context().close()
  })

  test('a leave by pasting the receipt is sealed, and this browser forgets the receipt that it kept', async () => {
    const { page, asked } = await visit()
    await flow.checkIn(shopping(page, 'sv'))
    const receipt = (await page.locator('#receipt-text').textContent())!
    await flow.press(page, 'keep')
    await page.goto(`${url}leave?language=sv`)
    await flow.type(page, 'receipt', receipt)
    await flow.press(page, 'leave')
    await expect.poll(() => page.locator('#said').textContent()).toContain(languages.sv!['erasure-asked'])
    expect([desk.left, desk.asked.at(-1)]).toEqual([[], { ask: 'leave', secret: JSON.parse(receipt).secret }])
    expect(await page.evaluate<number>('localStorage.length + sessionStorage.length')).toBe(0)
    expect(asked.join('\n')).not.toContain(JSON.parse(receipt).secret)
    await page.context().close()
  })

  test('with the box off a leave is kept for it, and head office gets the handles to erase', async () => {
    const { page } = await visit()
    await flow.checkIn(shopping(page, 'de'))
    const { services } = JSON.parse((await page.locator('#receipt-text').textContent())!)
    desk.isOn = false
    await flow.press(page, 'leave-now')
    await page.locator('#leave-kept').waitFor()
    expect(desk.erased).toEqual(services[0].purposes.map(({ handle }: { handle: string }) => handle))
    await page.context().close()
  })

  test('without JavaScript: reads, refuses, changes their mind and leaves', async () => {
    const joined = await visit()
    await flow.checkIn(shopping(joined.page, 'nl'))
    const receipt = (await joined.page.locator('#receipt-text').textContent())!
    const { page, asked } = await visit({ ...phone, javaScriptEnabled: false })
    await page.goto(`${url}?language=nl`)
    expect(await page.locator('#no-script').isVisible()).toBe(true)
    expect(await page.locator('#join').isVisible()).toBe(false)
    await page.locator('#refuse').press('Enter')
    await page.locator('#quiet a').press('Enter')
    await page.locator('#choices').waitFor()
    await page.locator('footer .button').press('Enter')
    await page.locator('#receipt').fill(receipt)
    await page.locator('#leave').press('Enter')
    expect(await page.locator('#outcome').textContent()).toBe(languages.nl!['leave-left'])
    expect(desk.left).toEqual([receipt])
    expect(asked.join('\n')).not.toContain(JSON.parse(receipt).secret)
    await page.context().close()
    await joined.page.context().close()
  })

  test.each([
    ['a desktop', { viewport: { width: 1280, height: 800 } }],
    ['a desktop at night', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' as const }],
    ['a very narrow phone', { ...phone, viewport: { width: 320, height: 640 } }],
    ['a phone whose owner wants less motion', { ...phone, reducedMotion: 'reduce' as const }],
  ])('passes every check on %s', async (name, options) => {
    const { page, faults } = await visit(options)
    for (const language of Object.keys(languages)) {
      await page.goto(`${url}?language=${language}`)
      await page.locator('summary').press('Enter')
      await look(page, `${language}-${name.replaceAll(' ', '-')}`)
    }
    await page.goto(`${url}leave?language=de`)
    await look(page, `leave-${name.replaceAll(' ', '-')}`)
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('holds at twice the size of text', async () => {
    const { page } = await visit()
    await page.goto(`${url}?language=de`)
    await page.evaluate(`document.documentElement.style.fontSize = '200%'`)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    await page.context().close()
  })
})
