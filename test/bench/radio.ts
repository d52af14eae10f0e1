import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Message, sessionBus } from 'dbus-next'
import { systemClock } from '../../src/base/clock.ts'
import { createAdvertEar } from '../../src/drivers/ble/bus/advert-ear.ts'
import { createFramer } from '../../src/drivers/ble/bus/framer.ts'
import { createMessage, leave, readHeader } from '../../src/drivers/ble/bus/message.ts'
import { openBusReader } from '../../src/drivers/ble/bus/reader.ts'
import { matchRules } from '../../src/drivers/ble/bus/requests.ts'
import { type Bus, startBus } from '../support/bluez/bus.ts'
import { added, changed, devicePath, marshal, type SignalText } from '../support/bluez/messages.ts'
import { type BenchRow, cpuOf, median, row } from './table.ts'

/** Adverts of 31 bytes back to back on the air: what one radio can hear at the very most, a second. */
const oneRadio = 2660
const devices = 1000
const runs = 7
const ears = {
  adapterAdded() {},
  adapterRemoved() {},
  adapterChanged() {},
  ownerChanged() {},
  monitorActivated() {},
  monitorReleased() {},
  closed() {},
}

/** CPU of an advert from the bytes of D-Bus until it is heard, without and with a real bus. */
export async function radioRows(): Promise<BenchRow[]> {
  const messages = marshal(streamOf(devices))
  const stream = Buffer.concat(messages)
  const each = Math.round(stream.length / messages.length)
  const inProcess = await median(runs, () => decodeCost(stream, messages.length))
  const real = await overBus(stream, messages.length)
  return [
    row('adverts from D-Bus bytes', inProcess, 'CPU µs/advert', `${times(inProcess)}, ${each} bytes each`),
    row('adverts over a real dbus-daemon', real.ours, 'CPU µs/advert', times(real.ours)),
    row('the same with dbus-next', real.peer, 'CPU µs/advert', `${times(real.peer)}; not yet made an advert`),
  ]
}

function times(micros: number): string {
  return `${Math.round(1e6 / micros / oneRadio).toLocaleString('en')} times what one radio can hear (2,660/s)`
}

/** Each device is found once and heard again nine times, all mixed as in a shop. */
function streamOf(count: number): SignalText[] {
  const bytes = (value: number) => (0x1000_0000 + value).toString(16).toUpperCase().match(/../g)!
  const pathOf = (i: number) => devicePath(['C0', ...bytes(i * 40_503), '0A'].join(':'))
  const payload = (i: number) => `[${Array.from({ length: 23 }, (_, at) => (i * 7 + at) % 256).map(hexByte)}]`
  const told = (i: number) =>
    `'RSSI': <int16 -${40 + (i % 50)}>, 'ManufacturerData': <@a{qv} {76: <@ay ${payload(i)}>}>`
  const found = Array.from({ length: count }, (_, i) =>
    added(
      `{'Address': <'00:00:00:00:00:00'>, 'AddressType': <'random'>, 'Alias': <'x'>, 'Paired': <false>, ${told(i)}}`,
      {},
      pathOf(i),
    ),
  )
  const again = Array.from({ length: 9 * count }, (_, i) =>
    changed(`{${told(i)}}`, { path: pathOf((i * 389) % count) }),
  )
  return [...found, ...again]
}

function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

/** In reads of 64 KiB, as they come from a socket that is busy. */
async function decodeCost(stream: Uint8Array, count: number): Promise<number> {
  let heard = 0
  const message = createMessage()
  const on = { ...ears, advert: () => heard++ }
  const ear = createAdvertEar({ adapter: 'hci0', on, now: () => performance.now(), connection: () => undefined })
  const framer = createFramer({
    longest: 2 ** 20,
    handle(bytes, start, length) {
      if (readHeader(message, bytes, start, length)) ear.signalled(message)
      leave(message)
    },
  })
  const buffer = new Uint8Array(65_536)
  const rounds = 10
  const cpu = await cpuOf(() => {
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < stream.length; at += buffer.length) {
        const length = Math.min(buffer.length, stream.length - at)
        buffer.set(stream.subarray(at, at + length))
        framer.push(buffer, length)
      }
    }
  })
  if (heard !== rounds * count) throw new Error(`${heard} adverts heard`)
  return cpu / heard
}

async function overBus(stream: Uint8Array, count: number): Promise<{ ours: number; peer: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-radio-'))
  const file = join(folder, 'messages')
  writeFileSync(file, stream)
  const bus = await startBus()
  const sender = await startSender(bus, file)
  const rounds = 4
  const costs = { ours: [] as number[], peer: [] as number[] }
  for (let run = 0; run < 5; run++) {
    costs.ours.push(await ourCost(bus, sender, rounds, count))
    costs.peer.push(await peerCost(bus, sender, rounds, count))
  }
  const exited = once(sender, 'exit')
  sender.kill('SIGKILL')
  await exited
  await bus.stop()
  rmSync(folder, { recursive: true, force: true })
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[2]!
  return { ours: middle(costs.ours), peer: middle(costs.peer) }
}

async function startSender(bus: Bus, file: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['test/bench/radio-sender.ts', file], {
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bus.address },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(createInterface(child.stdout!), 'line')
  return child
}

/** CPU of this process while the sender sends, until `isDone`. */
function costOf(sender: ChildProcess, rounds: number, count: number, done: Promise<void>): Promise<number> {
  return cpuOf(async () => {
    sender.stdin!.write(`${rounds}\n`)
    await done
  }).then((cpu) => cpu / (rounds * count))
}

async function ourCost(bus: Bus, sender: ChildProcess, rounds: number, count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = rounds * count
  const on = {
    ...ears,
    advert() {
      if (--left === 0) resolve()
    },
  }
  const reader = await openBusReader({ paths: [bus.path], adapter: 'hci0', clock: systemClock(() => true), on })
  const cost = await costOf(sender, rounds, count, promise)
  reader.close()
  return cost
}

async function peerCost(bus: Bus, sender: ChildProcess, rounds: number, count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = rounds * count
  const client = sessionBus({ busAddress: bus.address })
  for (const rule of matchRules('hci0')) {
    const target = {
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
    }
    await client.call(new Message({ ...target, member: 'AddMatch', signature: 's', body: [rule] }))
  }
  client.on('message', ({ member }: Message) => {
    if ((member === 'PropertiesChanged' || member === 'InterfacesAdded') && --left === 0) resolve()
  })
  const cost = await costOf(sender, rounds, count, promise)
  client.disconnect()
  return cost
}
