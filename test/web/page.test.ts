import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needChromium, openChromium } from '../support/chromium.ts'
import { type DemoProcess, startDemo } from './demo-process.ts'

const audit = readFileSync(join(import.meta.dirname, 'page-audit.js'), 'utf8')
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
const desktop = { viewport: { width: 1280, height: 800 } }

describe.skipIf(!needChromium())('the page of the demo', { timeout: 60_000 }, () => {
  let demo: DemoProcess
  let browser: Browser
  let url: string
  const sent = new Map<string, string>()

  beforeAll(async () => {
    demo = startDemo(['--port', '0', '--for', '5m'])
    url = (await demo.until(/http:\S+/))[0]
    const [, port] = await demo.until(/-p (\d+)/)
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 })
    client.on('message', (topic, payload) =>
      sent.set(`${topic} ${JSON.parse(payload.toString()).seq}`, payload.toString()),
    )
    await client.subscribeAsync(['drempel/v1/+/+/+/footfall/#', 'drempel/v1/+/+/+/day/#'], { qos: 1 })
    browser = await openChromium()
    await demo.until(/Side door +in/)
  })

  afterAll(async () => {
    await browser?.close()
    demo?.process.kill('SIGINT')
    await demo?.ended()
  })

  /** Opens the page and notes whatever should not happen. */
  async function look(options: BrowserContextOptions): Promise<{ page: Page; faults: string[] }> {
    const page = await (await browser.newContext(options)).newPage()
    const faults: string[] = []
    page.on('console', (message) => faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('requestfailed', (request) => faults.push(`failed: ${request.url()}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) faults.push(`left the origin: ${request.url()}`)
    })
    await page.goto(url)
    await page.locator('#newest').waitFor()
    return { page, faults }
  }

  const places = (page: Page) =>
    page.evaluate<string[]>(
      `[...document.querySelectorAll('.figure')].map((figure) => figure.getAttribute('transform') ?? '')`,
    )

  test('no word of a chart is cut off at its edge', async () => {
    const { page } = await look(phone)
    const cut = await page.evaluate<string[]>(`[...document.querySelectorAll('.chart svg')].flatMap((picture) => {
      const { right } = picture.getBoundingClientRect()
      return [...picture.querySelectorAll('text')]
        .filter((text) => text.getBoundingClientRect().right > right + 1)
        .map((text) => text.textContent)
    })`)
    expect(cut).toEqual([])
    await page.context().close()
  })

  describe.each([
    ['a phone', phone],
    ['a desktop', desktop],
    ['a desktop at night', { ...desktop, colorScheme: 'dark' as const }],
    ['a narrow window with large text', { viewport: { width: 320, height: 640 } }],
  ])('on %s', (_name, options) => {
    test('passes every check of names, roles, sizes and contrast, and talks to nobody else', async () => {
      const { page, faults } = await look(options)
      await page.locator('summary').first().click()
      await page.locator('#rows tr').first().waitFor()
      expect(await page.evaluate<string[]>(audit)).toEqual([])
      expect(faults).toEqual([])
      await page.context().close()
    })
  })

  test('shows figures that move, and sensors that light up', async () => {
    const { page } = await look(desktop)
    await page.locator('.figure[visibility="visible"]').first().waitFor({ state: 'attached' })
    const before = await places(page)
    await expect
      .poll(async () => (await places(page)).some((place, index) => before[index] && place !== before[index]))
      .toBe(true)
    await page.locator('.sensor.lit').first().waitFor({ state: 'attached', timeout: 10_000 })
    await page.context().close()
  })

  test('shows a release byte for byte as it went over MQTT', async () => {
    const { page } = await look(desktop)
    const newest = await page.evaluate<[string, string]>(
      `['newest-topic', 'newest-text'].map((id) => document.getElementById(id).textContent)`,
    )
    const [topic, text] = newest
    expect(sent.get(`${topic} ${JSON.parse(text).seq}`)).toBe(text)
    expect(text.endsWith(' ')).toBe(true)
    const size = await page.locator('#newest-size').textContent()
    expect(size).toContain(`${Buffer.byteLength(text)} bytes`)
    await page.context().close()
  })

  test('goes on when the next release arrives, and draws the truth beside each number', async () => {
    const { page } = await look(desktop)
    const seq = Number(await page.locator('#seq').textContent())
    await expect
      .poll(async () => Number(await page.locator('#seq').textContent()), { timeout: 15_000 })
      .toBeGreaterThan(seq)
    const [rows, truths, bands, verdict] = await page.evaluate<[number, number, number, string]>(
      `[...['#rows tr', '.chart .truth', '.chart .band'].map((each) => document.querySelectorAll(each).length),
        document.getElementById('verdict').textContent]`,
    )
    expect([truths, bands]).toEqual([rows * 2, rows * 2])
    expect(verdict).toContain(`of ${rows * 2}`)
    await page.context().close()
  })

  test('can be used with the keyboard alone, in the order of the page', async () => {
    const { page } = await look(desktop)
    const focused: string[] = []
    for (let tab = 0; tab < 5; tab++) {
      await page.keyboard.press('Tab')
      focused.push(
        await page.evaluate<string>(
          `(({ id, textContent }) => id || textContent)(document.activeElement) + (getComputedStyle(document.activeElement).outlineStyle === 'none' ? ' without a ring' : '')`,
        ),
      )
    }
    expect(focused.slice(0, 4)).toEqual(['pause', 'newest-text', 'The chart as a table', 'Earlier messages, as sent'])
    await page.context().close()
  })

  test('stands still while it is paused, and then catches up', async () => {
    const { page } = await look(desktop)
    await page.locator('#pause').press('Enter')
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true')
    const seq = await page.locator('#seq').textContent()
    const time = await page.locator('#time').textContent()
    const standing = await places(page)
    const before = sent.size
    await expect.poll(() => sent.size, { timeout: 15_000 }).toBeGreaterThan(before)
    expect(await page.locator('#time').textContent()).toBe(time)
    expect(await page.locator('#seq').textContent()).toBe(seq)
    expect(await places(page)).toEqual(standing)
    await page.locator('#pause').press('Enter')
    await expect.poll(async () => Number(await page.locator('#seq').textContent())).toBeGreaterThan(Number(seq))
    await page.context().close()
  })

  test('moves nothing for somebody who asks for less motion', async () => {
    const { page, faults } = await look({ ...desktop, reducedMotion: 'reduce' })
    const time = await page.locator('#time').textContent()
    await expect.poll(() => page.locator('#time').textContent(), { timeout: 8000 }).not.toBe(time)
    expect(await page.locator('.figure').count()).toBe(0)
    expect(await page.evaluate(`document.getAnimations().length`)).toBe(0)
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('says so when the demo has ended', async () => {
    const other = startDemo(['--port', '0', '--for', '1m'])
    const [address] = await other.until(/http:\S+/)
    const page = await browser.newPage()
    await page.goto(address)
    await expect.poll(() => page.locator('#clock').textContent()).toContain('60 ×')
    other.process.kill('SIGINT')
    await other.ended()
    await expect.poll(() => page.locator('#standing').textContent()).toContain('does not answer')
    await page.close()
  })
})
