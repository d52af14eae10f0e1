import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Reader, type Received, startReader } from '../../src/headoffice/reader.ts'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { needChromium, openChromium } from '../support/chromium.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { need } from '../support/need.ts'
import { startDrempel } from '../support/process.ts'
import { readQr } from '../support/qr-reader.ts'
import * as flow from '../support/shopper-flow.ts'

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }
const languages = ['nl', 'sv', 'de', 'en']
const purposes = ['offers', 'queues']
const address = /https:\/\/127\.0\.0\.1:\d+\//
const texts = `{ ${languages.map((code) => `${code}: "We tell it."`).join(', ')} }`

function configText(broker: string, home: string, { broker: pair }: Certificates): string {
  return `
organisation: acme
store: { id: nl-0042, name: Acme Spuistraat, country: NL, timezone: UTC, opening: "00:00-24:00", languages: [${languages}] }
controller: { name: Acme Retail BV, contact: privacy@acme.example }
gateway: gw-1
zones: [{ id: entrance, name: Entrance }]
sensors: []
purposes:
${purposes.map((id) => `  - { id: ${id}, texts: ${texts}, benefit: "A coffee.", recipient: Acme Retail BV, retention: 30d, quiet: "03:00-03:01" }`).join('\n')}
upstream: { url: "${broker}" }
web: { public: "127.0.0.1:0", certificate: { cert: ${pair.cert}, key: ${pair.key} } }
data: ${join(home, 'data')}
clock: trusted
`
}

describe.skipIf(!needChromium() || !need('mosquitto'))(
  'a shopper before a real box, over TLS',
  { timeout: 120_000 },
  () => {
    let browser: Browser
    let box: ChildProcess
    let reader: Reader
    let url: string
    let home: string
    let log = ''
    const received: Received[] = []
    const endings: (() => unknown)[] = []

    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'drempel-browser-'))
      const broker = await startMosquitto()
      endings.push(() => broker.stop())
      reader = startReader({
        url: broker.url,
        root: 'drempel/v1/acme',
        stored: true,
        erases: true,
        storedEvery: 100,
        onRelease: (one) => void received.push(one),
      })
      await reader.ready
      endings.push(() => reader.close())
      const file = join(home, 'shop.yaml')
      writeFileSync(file, configText(broker.url, home, makeCertificates()))
      box = startDrempel(['run', '--config', file], { DREMPEL_LOG: 'info', RUNTIME_DIRECTORY: home })
      box.stdout!.setEncoding('utf8').on('data', (text: string) => (log += text))
      box.stderr!.setEncoding('utf8').on('data', (text: string) => (log += text))
      await vi.waitFor(() => expect(log).toMatch(address), { timeout: 20_000 })
      url = address.exec(log)![0]
      browser = await openChromium()
      endings.push(() => browser.close())
    }, 60_000)

    afterAll(async () => {
      const ended = box && once(box, 'exit')
      box?.kill('SIGTERM')
      await ended
      for (const end of endings.reverse()) await end()
      rmSync(home, { recursive: true })
    })

    /** What stands on the screen, as somebody reads it there. */
    async function tokenNow(): Promise<string> {
      const page = await new Promise<string>((resolve, reject) => {
        const asked = request(`${url}screen`, { rejectUnauthorized: false }, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => (text += part))
          response.on('end', () => resolve(text))
        })
        asked.on('error', reject).end()
      })
      return /id="token"[^>]*>(.*?)<\/p>/s.exec(page)![1]!.replace(/<[^>]*>|\s/g, '')
    }

    async function visit(options: object = phone): Promise<Page> {
      return (await browser.newContext({ ...options, ignoreHTTPSErrors: true })).newPage()
    }

    async function shopping(page: Page, language: string): Promise<flow.Shopping> {
      const token = await tokenNow()
      return { page, url, language, token: () => token, purposes }
    }

    const told = (from: number) =>
      received
        .slice(from)
        .filter(({ kind }) => kind === 'signal' || kind === 'consent')
        .map(({ kind, message: { event, purpose, void: gone } }) => (gone ? 'void' : `${kind} ${event} ${purpose}`))

    it.each(languages)('reads, refuses, checks in, sees and leaves with the keyboard alone: %s', async (language) => {
      const page = await visit()
      const from = received.length
      const other = await visit()
      await flow.refuse(await shopping(other, language))
      await other.context().close()
      await flow.checkIn(await shopping(page, language))
      await flow.seeMine(await shopping(page, language))
      await expect
        .poll(() => told(from).sort())
        .toEqual(['consent given offers', 'consent given queues', 'signal arrived offers', 'signal arrived queues'])
      expect(await flow.leaveNow(await shopping(page, language))).toBe('asked')
      await expect
        .poll(() => told(from).slice(4).sort())
        .toEqual(['consent withdrawn offers', 'consent withdrawn queues'])
      // Head office says that it has erased, and the page shows it.
      await expect
        .poll(
          async () => {
            if ((await page.locator('#erasure-confirmed').count()) === 0) await flow.press(page, 'look-again')
            await page.waitForTimeout(200)
            return page.locator('#erasure-confirmed').count()
          },
          { timeout: 20_000 },
        )
        .toBe(1)
      await page.context().close()
    })

    it('joins for longer, sees, changes, pauses, goes on, and leaves', async () => {
      const page = await visit()
      await flow.joinLonger(await shopping(page, 'nl'))
      await flow.seeMine(await shopping(page, 'nl'))
      await flow.changeOne(await shopping(page, 'nl'), 'queues')
      await flow.pauseAndResume(await shopping(page, 'nl'))
      expect(await flow.leaveNow(await shopping(page, 'nl'))).toBe('asked')
      await page.context().close()
    })

    it('checks in with the code on the screen, as a phone scans it', async () => {
      const screen = await visit({ viewport: { width: 1280, height: 800 } })
      await screen.goto(`${url}screen`)
      const scanned = await readQr(screen, '#code svg')
      expect(scanned.startsWith(`${url}#t=`)).toBe(true)
      const page = await visit()
      await flow.checkInScanned(await shopping(page, 'sv'), new URL(scanned).hash)
      expect(await flow.leaveNow(await shopping(page, 'sv'))).toBe('asked')
      await page.context().close()
      await screen.context().close()
    })

    it('leaves without JavaScript, with the receipt that it saved', async () => {
      const joined = await visit()
      await flow.joinLonger(await shopping(joined, 'en'))
      const receipt = (await joined.locator('#receipt-text').textContent())!
      const page = await visit({ ...phone, javaScriptEnabled: false })
      await page.goto(`${url}leave?language=en`)
      await page.locator('#receipt').fill(receipt)
      await page.locator('#leave').press('Enter')
      await page.locator('#outcome').waitFor()
      await flow.press(joined, 'see')
      await joined.locator('[id^="erasure-"]').waitFor()
      expect(await joined.locator('#leave-now').count()).toBe(0)
      await page.context().close()
      await joined.context().close()
    })

    it('is in no log, and no visit of it is on the disk', () => {
      const secrets = received.flatMap(({ message }) => (typeof message.handle === 'string' ? [message.handle] : []))
      expect(secrets.length).toBeGreaterThan(10)
      for (const secret of secrets) expect(log).not.toContain(secret)
      const visits = new Set(
        received.filter(({ message }) => message.event === 'given').map(({ message }) => String(message.handle)),
      )
      const data = join(home, 'data')
      const bytes = readdirSync(data)
        .map((name) => readFileSync(join(data, name), 'latin1'))
        .join('')
      // Two of them agreed for longer, with two purposes each.
      expect([...visits].filter((handle) => bytes.includes(handle)).length).toBe(4)
    })
  },
)
