import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Message, sessionBus } from 'dbus-next'
import { systemClock } from '../../src/base/clock.ts'
import { createAdvertEar, type HearAdvert } from '../../src/drivers/ble/bus/advert-ear.ts'
import { createFramer } from '../../src/drivers/ble/bus/framer.ts'
import { createMessage, leave, readHeader } from '../../src/drivers/ble/bus/message.ts'
import { openBusReader } from '../../src/drivers/ble/bus/reader.ts'
import { matchRules } from '../../src/drivers/ble/bus/requests.ts'
import { type Bus, startBus } from '../support/bluez/bus.ts'
import { idleEars } from '../support/bluez/idle-ears.ts'
import { added, changed, devicePath, marshal, type SignalText } from '../support/bluez/messages.ts'
import { memoryRows, pathCost, radioPath } from './radio-path.ts'
import { type BenchRow, cpuOf, median, row } from './table.ts'

/** Adverts of 31 bytes back to back on the air: what one radio can hear at the very most, a second. */
const oneRadio = 2660
const devices = 1000
const runs = 7

/** CPU of an advert from the bytes of D-Bus until it is heard, without and with a real bus. */
export async function radioRows(): Promise<BenchRow[]> {
  const messages = marshal(streamOf(devices))
  const stream = Buffer.concat(messages)
  const each = Math.round(stream.length / messages.length)
  const inProcess = await median(runs, () => decodeCost(stream, messages.length))
  const path = await median(runs, () => pathCost(stream))
  const real = await overBus(stream, messages.length)
  return [
    row('adverts from D-Bus bytes', inProcess, 'CPU µs/advert', `${times(inProcess)}, ${each} bytes each`),
    row('adverts from D-Bus bytes to the open window', path, 'CPU µs/advert', times(path)),
    ...memoryRows(),
    row('adverts over a real dbus-daemon', real.ours, 'CPU µs/advert', times(real.ours)),
    row('adverts over a real dbus-daemon to the open window', real.whole, 'CPU µs/advert', times(real.whole)),
    row('the same with dbus-next', real.peer, 'CPU µs/advert', `${times(real.peer)}; not made an advert`),
  ]
}

export function times(micros: number): string {
  return `${Math.round(1e6 / micros / oneRadio).toLocaleString('en')} times what one radio can hear (2,660/s)`
}

/** Each device is found once and heard again nine times, all mixed as in a shop. Their addresses are resolvable ones. */
export function streamOf(count: number): SignalText[] {
  const bytes = (value: number) => (0x1000_0000 + value).toString(16).toUpperCase().match(/../g)!
  const pathOf = (i: number) => devicePath(['4A', ...bytes(i * 40_503), '0A'].join(':'))
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

async function decodeCost(stream: Uint8Array, count: number): Promise<number> {
  let heard = 0
  const push = decoderOf(() => heard++)
  const rounds = 10
  const cpu = await cpuOf(() => {
    for (let round = 0; round < rounds; round++) push(stream)
  })
  if (heard !== rounds * count) throw new Error(`${heard} adverts heard`)
  return cpu / heard
}

/** The reader without its socket: takes the bytes in reads of 64 KiB, as they come from a socket that is busy. */
export function decoderOf(advert: HearAdvert): (stream: Uint8Array) => void {
  const message = createMessage()
  const on = { ...idleEars, advert }
  const ear = createAdvertEar({ adapter: 'hci0', on, now: () => performance.now(), connection: () => undefined })
  const framer = createFramer({
    longest: 2 ** 20,
    handle(bytes, start, length) {
      if (readHeader(message, bytes, start, length)) ear.signalled(message)
      leave(message)
    },
  })
  const buffer = new Uint8Array(65_536)
  return (stream) => {
    for (let at = 0; at < stream.length; at += buffer.length) {
      const length = Math.min(buffer.length, stream.length - at)
      buffer.set(stream.subarray(at, at + length))
      framer.push(buffer, length)
    }
  }
}

async function overBus(stream: Uint8Array, count: number): Promise<{ ours: number; whole: number; peer: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-radio-'))
  const file = join(folder, 'messages')
  writeFileSync(file, stream)
  const bus = await startBus()
  const sender = await startSender(bus, file)
  const rounds = 4
  const whole = radioPath()
  const costs = { ours: [] as number[], whole: [] as number[], peer: [] as number[] }
  for (let run = 0; run < 5; run++) {
    costs.ours.push(await ourCost(bus, sender, rounds, count))
    costs.whole.push(await ourCost(bus, sender, rounds, count, whole.hear))
    costs.peer.push(await peerCost(bus, sender, rounds, count))
  }
  if (whole.counted() < count) throw new Error('phones were not counted')
  const exited = once(sender, 'exit')
  sender.kill('SIGKILL')
  await exited
  await bus.stop()
  rmSync(folder, { recursive: true, force: true })
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[2]!
  return { ours: middle(costs.ours), whole: middle(costs.whole), peer: middle(costs.peer) }
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

/** CPU an advert that comes through the bus and goes to `hear`. */
async function ourCost(
  bus: Bus,
  sender: ChildProcess,
  rounds: number,
  count: number,
  hear?: HearAdvert,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = rounds * count
  const on = {
    ...idleEars,
    advert: ((advert, about) => {
      hear?.(advert, about)
      if (--left === 0) resolve()
    }) satisfies HearAdvert,
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
