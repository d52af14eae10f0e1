import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { manualClock } from '../../src/base/clock.ts'
import { openDataFolder } from '../../src/base/data-folder.ts'
import { silentLog } from '../../src/base/log.ts'
import { type Sealed, seal } from '../../src/base/sealed.ts'
import { readUnsigned } from '../../src/config.ts'
import type { Advert } from '../../src/drivers/reading.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import { startBroker } from '../../src/simulator/broker.ts'
import { shopConfig } from './recordings.ts'
import { phonesSettings } from './wall.ts'

const minute = 60_000

/** A message as the broker got it, in the minute of the shop's time in which it came. */
export interface Heard {
  readonly minute: number
  readonly topic: string
  readonly bytes: Buffer
}

/** Faults that no shopper causes: sensors that go and come back, and a restart of the box; minutes since 08:58. */
export interface Faults {
  readonly outages: readonly { readonly sensor: string; readonly from: number; readonly to: number }[]
  readonly restartAt: number
}

/** Two and a half hours of a whole box and its broker, with so many people of whom some stand in the beam for a while. */
export async function transcriptOf(people: number, { outages, restartAt }: Faults): Promise<Heard[]> {
  const data = mkdtempSync(join(tmpdir(), 'drempel-silence-'))
  const heard: Heard[] = []
  let now = 0
  const onPublish = (topic: string, bytes: Buffer) => void heard.push({ minute: now, topic, bytes })
  const broker = await startBroker({ host: '127.0.0.1', port: 0, onPublish })
  const box = openBox(broker.url, data)
  await box.start()
  for (; now < 150; now++) {
    for (const { sensor, from, to } of outages) {
      if (now === from || now === to) box.say(sensor, now === from ? 'down' : 'up')
    }
    if (now === restartAt) await box.restart()
    box.pass(now, people)
    await box.settled()
  }
  await box.stop()
  await broker.close()
  rmSync(data, { recursive: true })
  return heard
}

function openBox(url: string, data: string) {
  const clock = manualClock(Date.parse('2026-11-23T08:58:00Z'))
  const config = configOf(url, data)
  let memory: string | undefined
  let folder = openDataFolder(data, 'demo')
  let gateway = open()

  function open(): Gateway {
    const write = (text: string) => {
      memory = text
    }
    const runtimeFile = { write, read: () => memory, remove() {} }
    const onFatal = (error: unknown) => {
      throw error
    }
    const shared = { config, folder, clock, realClock: clock, log: silentLog, runtimeFile, onFatal }
    return openGateway({ ...shared, mode: 'demo', version: '0.0.0' })
  }

  async function stop(): Promise<void> {
    await gateway.close()
    folder.close()
  }

  async function start(): Promise<void> {
    await gateway.open()
    while (!gateway.uplink.state().isConnected) await turn()
    await settled()
  }

  /** Everything that was to be sent has been taken. */
  async function settled(): Promise<void> {
    for (let quiet = 0; quiet < 20; ) {
      await turn()
      quiet = gateway.uplink.state().inFlight === 0 ? quiet + 1 : 0
    }
  }

  const edge = (line: 'outer' | 'inner', level: 0 | 1, later = 0) => {
    clock.advanceTo(clock.monotonic() + later)
    gateway.hear({ kind: 'edge', sensor: 'front', at: clock.monotonic(), line, level })
  }

  function cross(): void {
    edge('outer', 1)
    edge('inner', 1, 120)
    edge('outer', 0, 180)
    edge('inner', 0, 120)
  }

  return {
    start,
    stop,
    settled,
    async restart() {
      await stop()
      folder = openDataFolder(data, 'demo')
      gateway = open()
      await start()
    },
    say: (sensor: string, state: 'up' | 'down') =>
      gateway.hear({ kind: 'state', sensor, at: clock.monotonic(), state }),
    /** One minute: somebody crosses, the counter counts, phones are heard; for nine minutes somebody stands in the beam. */
    pass(now: number, people: number) {
      const end = (now + 1) * minute
      if (people > 0) {
        if (now % 3 === 0 && (now < 40 || now > 49)) cross()
        if (now === 40) edge('outer', 1)
        if (now === 49) edge('outer', 0)
        gateway.hear({ kind: 'counted', sensor: 'side', at: clock.monotonic(), in: people, out: 1 })
        for (let phone = 0; phone < people; phone++) {
          gateway.hear({ kind: 'advert', sensor: 'radio', at: clock.monotonic(), advert: phoneOf(phone + now) })
        }
      }
      clock.advanceTo(end)
    },
  }
}

/** What a phone with a changing address sends. */
function phoneOf(number: number): Sealed<Advert> {
  const address = Buffer.from('400000000000', 'hex')
  address.writeUInt32BE(number, 2)
  return seal({ address, type: 'random', rssi: -60, data: Buffer.alloc(0) })
}

function configOf(broker: string, data: string) {
  const text = shopConfig({
    broker,
    data,
    zones: [
      { id: 'entrance', name: 'Entrance' },
      { id: 'side', name: 'Side door' },
    ],
    sensors: [
      { id: 'front', kind: 'beam-pair', zone: 'entrance', outer: 'GPIO17', inner: 'GPIO27' },
      { id: 'side', kind: 'json-lines', zone: 'side', port: '/dev/counter/side' },
      { id: 'radio', kind: 'ble', zone: 'entrance' },
    ],
    opening: '09:00-11:00',
    privacy: { profile: 'phones', phones: phonesSettings },
  })
  const reading = readUnsigned(text, 'shop.yaml')
  if ('config' in reading) return reading.config
  throw new Error(reading.problems.map(({ path, reason }) => `${path}: ${reason}`).join(' '))
}
