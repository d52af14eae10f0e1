import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Page } from 'playwright-core'
import { openChromium } from '../support/chromium.ts'
import { openDoor } from '../support/door.ts'
import * as flow from '../support/shopper-flow.ts'

/**
 * Somebody's phone, with a browser, in a network namespace of its own: its only way out is a door to the relay. It does what
 * it is told on its standard input, a line of JSON each, and says on its standard output what came of it.
 */
const [door = '', port = '', ...others] = process.argv.slice(2)

const relay = await openDoor(Number(port), door)

const browser = await openChromium()
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, ignoreHTTPSErrors: true }
const page = await (await browser.newContext(phone)).newPage()
const url = `https://127.0.0.1:${port}/s/nl-0042/gw-1/`

const acts: Record<string, (shopping: flow.Shopping) => Promise<unknown>> = {
  refuse: (shopping) => inAnother((other) => flow.refuse({ ...shopping, page: other })),
  'check-in': (shopping) => flow.checkIn(shopping),
  join: (shopping) => flow.joinLonger(shopping),
  see: (shopping) => flow.seeMine(shopping),
  leave: (shopping) => flow.leaveNow(shopping),
  async 'leave-box-off'() {
    await flow.press(page, 'leave-now')
    await page.locator('#leave-kept').waitFor({ timeout: 30_000 })
    return 'kept'
  },
  reach: () => Promise.all(others.map(reach)),
}

for await (const line of createInterface(process.stdin)) {
  const { act, token = '' } = JSON.parse(line) as { act: string; token?: string }
  const shopping = { page, url, language: 'nl', token: () => token, purposes: ['offers'] }
  const done = await acts[act]!(shopping).then(
    (result) => ({ done: result ?? true }),
    (error: Error) => ({ failed: error.message }),
  )
  process.stdout.write(`${JSON.stringify(done)}\n`)
}
await browser.close()
relay.close()

async function inAnother(act: (other: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext(phone)
  await act(await context.newPage())
  await context.close()
}

async function reach(other: string): Promise<string> {
  const socket = connect(Number(other), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return 'reached'
  } catch {
    return 'no route'
  } finally {
    socket.destroy()
  }
}
