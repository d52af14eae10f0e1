import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, every, manualClock, systemClock } from '../base/clock.ts'
import { openDataFolder } from '../base/data-folder.ts'
import { parseDuration } from '../base/duration.ts'
import { describeError, GatewayError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { version } from '../base/version.ts'
import { type Gateway, openGateway } from '../gateway.ts'
import { policyOf } from '../privacy/policy.ts'
import { openShopperPage, type ShopperPage } from '../shoppers/page.ts'
import { createAudience } from '../web/audience.ts'
import { readPageFiles } from '../web/page-files.ts'
import { openPageServer } from '../web/server.ts'
import { demoConfig, demoOrganisation } from './demo/config.ts'
import { openOffice } from './demo/office.ts'
import { createDemoShop, demoStart } from './demo/shop.ts'
import { createDemoView, premisesOf } from './demo/view.ts'
import { createWords, farewell } from './demo/words.ts'
import { parseCommand } from './help.ts'
import { openTerminalLog } from './terminal-log.ts'
import { makeUsable } from './working-folder.ts'

const usual = { speed: 60, port: 8080, brokerPort: 1883 }
const fastest = 600
const host = '127.0.0.1'
const stepEvery = 40

const momentEvery = 100

/** Virtual seconds: until the shop opens, its first window, and the minute in which its release leaves. */
const longestToFirst = 30 + 300 + 61

/** `drempel demo`: the whole product with nothing attached. Resolves to the exit code when it is told to stop. */
export async function run(args: readonly string[]): Promise<number> {
  const wishes = parse(args)
  const closing: Closing = []
  const stopped = stopSignal()
  try {
    const releases = await open({ ...wishes, closing, fail: stopped.fail })
    if (wishes.lasts !== undefined) closing.push(systemClock(() => true).after(wishes.lasts, stopped.stop))
    const code = await stopped.code
    process.stdout.write(farewell(releases()))
    return code
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

type Closing = (() => void | Promise<void>)[]

interface Wishes {
  readonly speed: number
  readonly port: number
  /** Real ms after which it ends by itself. */
  readonly lasts: number | undefined
}

interface Opening extends Wishes {
  readonly closing: Closing
  readonly fail: (error: unknown) => void
}

/** Opens everything, first what must be closed last. Tells how many releases reached head office so far. */
async function open({ speed, port, closing, fail }: Opening): Promise<() => number> {
  const log = openTerminalLog('error')
  const realClock = systemClock(() => true)
  const clock = manualClock(demoStart(realClock.now()))
  const data = temporaryFolder(closing)
  let releases = 0

  // what is outside: nothing arrives before the box is open
  const office = await openOffice({
    host,
    port: usual.brokerPort,
    organisation: demoOrganisation,
    onRelease(topic, text) {
      releases++
      process.stdout.write(words.release(view.received(topic, text)))
    },
    onSignal: (signal) => void process.stdout.write(words.signal(signal, clock.now())),
    onLink: (change) => view.link(change),
  })
  closing.push(() => office.close())

  // the box
  const config = demoConfig(office.port, data)
  const policy = policyOf(config)
  const folder = openDataFolder(data, 'demo')
  closing.push(() => folder.close())
  const gateway = openGateway({ config, mode: 'demo', folder, clock, realClock, log, version, onFatal: fail })

  // the people at its sills
  const windowMs = policy.windowSeconds * 1000
  const shop = createDemoShop({ config, clock, hear: gateway.hear, speed, windowMs, seed: randomInt(2 ** 32) })
  gateway.onObservation(shop.observed)

  // those who watch
  const listen = `mosquitto_sub -h ${host} -p ${office.port} -t 'drempel/v1/#' -v`
  const audience = createAudience()
  const view = createDemoView({ premises: premisesOf(config, policy, { speed, listen }), audience, truth: shop.truth })
  const page = await openPageServer({ files: readPageFiles('index.html'), audience, first: view.snapshot }, port)
  closing.push(() => page.close())
  const words = createWords(config)
  const shoppers = await openDemoPage(gateway, page.port + 1, realClock, log)
  closing.push(async () => shoppers?.close())

  await gateway.open()
  closing.push(() => gateway.close())
  process.stdout.write(
    words.welcome({
      page: page.port,
      asked: port,
      shoppers: shoppers?.port,
      host,
      listen,
      firstWithin: Math.ceil(longestToFirst / speed),
    }),
  )
  let last = realClock.monotonic()
  const steps = every(realClock, stepEvery, () => {
    const now = realClock.monotonic()
    const wasOpen = shop.isOpen()
    shop.pass(now - last)
    last = now
    if (wasOpen && !shop.isOpen()) process.stdout.write(words.night(clock.now()))
  })
  const moments = every(realClock, momentEvery, () => {
    if (audience.size > 0) audience.tell(shop.moment())
  })
  closing.push(steps, moments)
  return () => releases
}

/** The shopper's page beside the page of the demo, or on any port that is free. */
async function openDemoPage(
  gateway: Gateway,
  port: number,
  realClock: Clock,
  log: Log,
): Promise<ShopperPage | undefined> {
  const { shoppers } = gateway
  if (!shoppers) return undefined
  const at = (port: number) => ({ web: { public: `${host}:${port}`, staff: '' }, shoppers, realClock, log })
  return (await openShopperPage({ ...at(port), isQuiet: true })) ?? openShopperPage(at(0))
}

/** A fresh folder that is gone afterwards, also when the process ends in an unusual way. */
function temporaryFolder(closing: Closing): string {
  const parent = tmpdir()
  makeUsable(parent, 'Set TMPDIR to a folder that this user may write in.')
  const path = mkdtempSync(join(parent, 'drempel-demo-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  process.once('exit', remove)
  closing.push(remove)
  return path
}

function parse(args: readonly string[]): Wishes {
  const wishes = parseCommand('demo', args)
  return {
    speed: wholeNumber('speed', wishes.text('speed') ?? `${usual.speed}`, 1, fastest),
    port: wholeNumber('port', wishes.text('port') ?? `${usual.port}`, 0, 65_535),
    lasts: durationOf(wishes.text('for')),
  }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  const fix = `--${option} is a whole number from ${least} to ${most}.`
  throw new GatewayError('COMMAND_WRONG_USE', undefined, { fix })
}

function durationOf(text: string | undefined): number | undefined {
  try {
    return text === undefined ? undefined : parseDuration(text)
  } catch (error) {
    throw new GatewayError('COMMAND_WRONG_USE', undefined, { fix: `--for: ${describeError(error)}` })
  }
}

interface StopSignal {
  readonly code: Promise<number>
  stop(): void
  fail(error: unknown): void
}

/** Ctrl-C, or the end of the terminal. */
function stopSignal(): StopSignal {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const stop = () => resolve(0)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  return { code: promise, stop, fail: reject }
}
