import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Known } from '../../src/box/digests.ts'
import { type Findings, joinFindings, type Look } from '../../src/box/findings.ts'
import { createMatcher } from '../../src/box/matcher.ts'
import { searchMemory, whileStopped } from '../../src/box/memory.ts'
import { needlesOf } from '../../src/box/needles.ts'
import { searchBytes, searchFolder } from '../../src/box/places.ts'
import { type Bluez, type BluezOptions, canRunBluez } from '../support/bluez/bluez.ts'
import { openClient } from '../support/bluez/client.ts'
import { discover } from '../support/bluez/rig.ts'
import { canaries } from '../support/canaries.ts'
import { need } from '../support/need.ts'
import { boxKey, fileOf, openRadioShop, type RadioShop, type Running } from '../support/radio-shop.ts'

const speed = 20
const began = Date.parse('2026-11-23T10:00:00Z')
const minute = 60_000

let shop: RadioShop | undefined
afterEach(async () => {
  await shop?.stop()
  shop = undefined
})

async function openShop(options: BluezOptions, countsPhones: boolean): Promise<RadioShop> {
  shop = await openRadioShop(options, countsPhones)
  return shop
}

/** All canaries once. Each time louder or weaker than before: a monitor says nothing of what has not changed. */
async function pass(bluez: Bluez, turn: number): Promise<void> {
  const louder = turn % 2 ? 10 : 0
  await bluez.adverts(canaries.flatMap(({ adverts }) => adverts.map((one) => ({ ...one, rssi: one.rssi! + louder }))))
}

/** The gateway on a clock that runs faster, and what it last said of itself. */
function startFast({ file, start }: RadioShop, ...more: readonly string[]) {
  const running = start([fileOf('test/support/radio-gateway.ts'), file, String(began), String(speed), ...more])
  const told = () => {
    const [last] = [...running.output().matchAll(/^\{"now".*\}$/gm)].slice(-1)
    return last ? JSON.parse(last[0]) : { now: 0, state: 'down', adverts: 0 }
  }
  const untilMinute = (minutes: number) =>
    running.until(() => told().now >= began + minutes * minute, `minute ${minutes}`)
  return { ...running, told, untilMinute }
}

/** What a thief of the box knows too, so that salting with it hides nothing. */
const words = ['acme', 'nl-0042', 'gw-1', 'entrance', 'radio', boxKey].map((value, i) => ({ name: `word ${i}`, value }))
const known: readonly Known[] = [...words, { name: 'key', value: Buffer.from(boxKey, 'hex') }]
const identifiers = canaries.flatMap((canary) => canary.identifiers)
let look: Look = () => []
beforeAll(() => {
  look = createMatcher(needlesOf(identifiers, known))
}, 300_000)

function inMemory({ pid }: Running): Findings {
  return whileStopped(pid, () => searchMemory(look, pid))
}

/**
 * Canaries pass until the process was seen to hold all of these: a busy machine takes its time. The table of devices holds an
 * address in two parts, which no search finds; what lies beside it, the payload, is found, and goes with it.
 */
async function passUntilHeld(bluez: Bluez, running: Running, names: readonly string[]): Promise<void> {
  for (let turn = 0, seen = new Set(['']); !names.every((name) => seen.has(name)); turn++) {
    await pass(bluez, turn)
    // It stands still while it is searched: it must have time to hear, too.
    await pause(300)
    seen = new Set(inMemory(running).found.map(({ label }) => label.split(':')[0]!))
  }
}

/** Nothing in files (database, free pages, log; snapshot; whatever a crash left), in what was printed and in what was sent. */
function expectNothingOutside({ home, messages }: RadioShop, { output }: Running): void {
  expectNothing({
    files: searchFolder(look, home),
    output: searchBytes(look, 'output', Buffer.from(output())),
    messages: joinFindings(messages.map((bytes) => searchBytes(look, 'message', bytes))),
  })
}

function expectNothing(places: Readonly<Record<string, Findings>>): void {
  for (const [place, { bytes, found, unsearched }] of Object.entries(places)) {
    expect(bytes, place).toBeGreaterThan(0)
    expect({ found, unsearched }, place).toEqual({ found: [], unsearched: [] })
  }
}

const scans = [
  ['monitor', { experimental: true }],
  ['discovery', {}],
] as const

describe.skipIf(!need('mosquitto') || !canRunBluez())('whoever was heard by the radio', { timeout: 300_000 }, () => {
  const cases = scans.flatMap(([scan, options]) => [true, false].map((phones) => ({ scan, options, phones })))

  it.each(cases)(
    'is nowhere, memory included, a minute after: $scan, phones $phones',
    async ({ scan, options, phones }) => {
      const opened = await openShop(options, phones)
      const { bluez, messages } = opened
      // BlueZ knew them before we began, because another program scans.
      const other = await openClient(bluez.address)
      await discover(other)
      await pass(bluez, 0)
      const gateway = startFast(opened)
      const untilUp = () => gateway.until(() => gateway.told().state === 'up', 'up')
      await untilUp()
      expect(gateway.told().scan).toBe(scan)
      await pass(bluez, 1)
      await bluez.restart()
      await gateway.until(() => gateway.told().state === 'down', 'down')
      await untilUp()
      const before = gateway.told().adverts
      for (let turn = 0; turn < 20 || gateway.told().adverts - before < 20; turn++) {
        await pass(bluez, turn)
        await pause(100)
      }
      other.close()
      // What is on its way still may be heard a little later.
      const heardUntil = (gateway.told().now - began) / minute + 0.3
      await gateway.untilMinute(Math.ceil(heardUntil / 5) * 5 + 1.2)
      const memory = inMemory(gateway)
      const told = gateway.told()
      if (phones) expect(Math.min(told.phones, told.refused, told.dropped['too weak'])).toBeGreaterThan(10)
      expectNothing({ memory })
      const heard = () => messages.some((bytes) => bytes.includes(phones ? '"devices":' : '"in":'))
      await gateway.until(heard, 'a release')
      expectNothingOutside(opened, gateway)
    },
  )

  it('would be found: it is while it is held for its window, and where the process keeps it as one text', async () => {
    const opened = await openShop({}, true)
    const gateway = startFast(opened, 'leak')
    await gateway.until(() => gateway.told().state === 'up', 'up')
    const kinds = ['resolvable', 'not resolvable', 'static', 'public'].map((kind) => `${kind} payload`)
    await passUntilHeld(opened.bluez, gateway, kinds)
    await gateway.until(() => gateway.told().kept === 1, 'a phone was heard')
    await gateway.untilMinute(Math.ceil((gateway.told().now - began) / minute) + 6)
    const labels = inMemory(gateway).found.map(({ label }) => label)
    expect(labels).toContain("resolvable address: lower hex with ''")
    // The copy of its bytes from which the text was made may be there too, and nothing of anybody else.
    expect(labels.filter((label) => !label.startsWith('resolvable address: '))).toEqual([])
  })

  const planted = "process.on('SIGUSR2', () => { throw new Error('planted') })"
  it.each([
    ['killed', 'SIGKILL', ''],
    ['aborted', 'SIGABRT', ''],
    ['ended by an error that nobody caught', 'SIGUSR2', /unexpected ended it/],
  ] as const)('is in nothing that the service leaves when it is %s while it hears', async (_, signal, said) => {
    const opened = await openShop({}, true)
    const preload = `--import=data:text/javascript,${encodeURIComponent(planted)}`
    const service = opened.start([preload, fileOf('src/main.ts'), 'run', '--config', opened.file])
    await service.until(() => service.output().includes('"running"'), 'it runs')
    while ((await opened.bluez.state()).adapters.hci0!.discovering.length === 0) await pause(50)
    await passUntilHeld(opened.bluez, service, ['resolvable payload', 'static payload'])
    process.kill(service.pid, signal)
    await service.exited
    expect(service.output()).toMatch(said)
    expectNothingOutside(opened, service)
  })
})
