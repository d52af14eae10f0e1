import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeCertificates } from '../support/certificates.ts'
import { needChromium } from '../support/chromium.ts'
import { openDoor } from '../support/door.ts'
import { searchMemory } from '../support/memory.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { missing, need } from '../support/need.ts'
import { startDrempel } from '../support/process.ts'
import { scratchFolder, send } from '../support/relay.ts'
import { type RelayProcess, searchAround, startRelay } from '../support/relay-process.ts'
import { type Listener, listenTo } from '../support/uplink.ts'

const canRun =
  needChromium() &&
  need('mosquitto') &&
  need('openssl') &&
  need('ip') &&
  (spawnSync('unshare', ['-n', 'true']).status === 0 || missing('the right to unshare'))
const address = /http:\/\/127\.0\.0\.1:(\d+)\//

/** A real box, a real relay, a real broker, and a browser that has no way to box and broker but the relay. */
describe.skipIf(!canRun)('a shopper outside the shop', { timeout: 120_000 }, () => {
  const { file, remove } = scratchFolder()
  let mosquitto: Mosquitto
  let heard: Listener
  let relay: RelayProcess
  let box: ChildProcess
  let boxUrl: string
  let phone: ChildProcess
  let answers: Interface
  let door: Server
  const tokens: string[] = []

  beforeAll(async () => {
    const certificates = makeCertificates()
    mosquitto = await startMosquitto({ persistence: true })
    heard = await listenTo(mosquitto.url)
    await startBox()
    relay = await startRelay({ file, broker: mosquitto.url, certificate: certificates.broker })
    door = await openDoor(file('door'), relay.port)
    const inside = 'ip link set lo up && exec "$0" test/headoffice/browser-in-namespace.ts "$@"'
    const ports = [new URL(boxUrl).port, String(mosquitto.port)]
    phone = spawn('unshare', ['-n', 'sh', '-c', inside, process.execPath, file('door'), '8443', ...ports], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    answers = createInterface(phone.stdout!)
  }, 60_000)

  afterAll(async () => {
    if (phone) {
      phone.stdin!.end()
      await once(phone, 'exit')
    }
    await stopBox()
    await relay?.end('SIGTERM')
    await heard?.close()
    await mosquitto?.stop()
    door?.close()
    remove()
  })

  async function startBox(): Promise<void> {
    if (!existsSync(file('shop.yaml')))
      writeFileSync(
        file('shop.yaml'),
        `
organisation: acme
store: { id: nl-0042, name: Acme Spuistraat, country: NL, timezone: UTC, opening: "00:00-24:00", languages: [nl] }
controller: { name: Acme Retail BV, contact: privacy@acme.example }
gateway: gw-1
sensors: []
purposes: [{ id: offers, texts: { nl: "Aanbiedingen." }, benefit: "Koffie.", recipient: Acme Retail BV, retention: 30d, quiet: "03:00-03:01" }]
upstream: { url: "${mosquitto.url}" }
web: { public: "127.0.0.1:0" }
data: ${join(file('box-data'))}
clock: trusted
`,
      )
    let log = ''
    box = startDrempel(['run', '--config', file('shop.yaml')], { DREMPEL_LOG: 'info', RUNTIME_DIRECTORY: file('.') })
    for (const stream of [box.stdout!, box.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (log += text))
    await vi.waitFor(() => expect(log).toMatch(address), { timeout: 20_000 })
    boxUrl = address.exec(log)![0]
    await vi.waitFor(() => expect(log).toContain('Connected to the broker'), { timeout: 10_000 })
  }

  async function stopBox(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (box.exitCode !== null || box.signalCode !== null) return
    const ended = once(box, 'exit')
    box.kill(signal)
    await ended
  }

  async function does(act: string, token = ''): Promise<unknown> {
    phone.stdin!.write(`${JSON.stringify({ act, token })}\n`)
    const [line] = (await once(answers, 'line')) as [string]
    return JSON.parse(line)
  }

  /** As somebody in the shop reads it from the screen and says it by telephone, say. */
  async function tokenNow(): Promise<string> {
    const { text } = await send(`${boxUrl}screen`)
    const token = /id="token"[^>]*>(.*?)<\/p>/s.exec(text)![1]!.replace(/<[^>]*>|\s/g, '')
    tokens.push(token)
    return token
  }

  const aboutShoppers = () =>
    heard.heard
      .filter(({ topic }) => /\/(consent|signal\/offers)$/.test(topic))
      .map(({ text }) => JSON.parse(text) as { event?: string; handle?: string; void?: string })

  it('reaches neither box nor broker', async () => {
    expect(await does('reach')).toEqual({ done: ['no route', 'no route'] })
  })

  it('reads, refuses, checks in with what the screen shows, sees and leaves, through the relay', async () => {
    expect(await does('refuse')).toEqual({ done: true })
    expect(await does('check-in', await tokenNow())).toEqual({ done: true })
    await vi.waitFor(() => expect(aboutShoppers().map(({ event }) => event)).toEqual(['given', 'arrived']), {
      timeout: 5000,
    })
    expect(await does('see')).toEqual({ done: true })
    expect(await does('leave')).toEqual({ done: 'asked' })
    await vi.waitFor(() => expect(aboutShoppers().at(-1)).toMatchObject({ event: 'withdrawn' }), { timeout: 5000 })
  })

  it('leaves while the box is off: head office is to erase at once, and the box is silent from its first moment', async () => {
    expect(await does('join', await tokenNow())).toEqual({ done: true })
    await vi.waitFor(() => expect(aboutShoppers().at(-1)).toMatchObject({ event: 'arrived' }), { timeout: 5000 })
    const { handle } = aboutShoppers().at(-1)!
    await stopBox('SIGKILL')
    await vi.waitFor(() => expect(heard.on('/status').at(-1)!.text).toContain('offline'), { timeout: 60_000 })
    expect(await does('leave-box-off')).toEqual({ done: 'kept' })
    const erased = () => heard.on('/request').some(({ text }) => JSON.parse(text).erase?.includes(handle))
    await vi.waitFor(() => expect(erased()).toBe(true), { timeout: 5000 })
    const before = aboutShoppers().length
    await startBox()
    await vi.waitFor(() => expect(aboutShoppers().at(-1)).toMatchObject({ event: 'withdrawn', handle }), {
      timeout: 15_000,
    })
    // Nothing of that shopper but the end: what was sent before and is sent again came as a void.
    const after = aboutShoppers().slice(before)
    expect(after.filter((one) => one.handle === handle).map(({ event }) => event)).toEqual(['withdrawn'])
  })

  it('leaves no word with the relay: not in its memory, log or files, nor on the broker', () => {
    expect(tokens).toHaveLength(2)
    const handles = [...new Set(aboutShoppers().flatMap((one) => one.handle ?? []))]
    expect(handles).toHaveLength(2)
    const canaries = tokens.map((text, i) => ({ name: `token ${i}`, text }))
    const found = searchAround({ relay, mosquitto, heard, folder: file('relay-data') }, canaries)
    expect(found.flatMap((one) => one.found)).toEqual([])
    expect(searchMemory(box.pid!, [{ name: 'its own name', text: 'Acme Spuistraat' }]).found.length).toBeGreaterThan(0)
  })
})
