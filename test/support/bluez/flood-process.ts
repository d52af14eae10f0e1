// Owns org.bluez on the bus at argv[2] and sends ready-made signals as fast as told. Commands: lines of JSON (flood.ts).
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Flow } from './flood.ts'
import { answerTo, removedSignals, signalsOf } from './flood-messages.ts'
import { kinds, messageOf, text, uint32 } from './marshal.ts'
import { callOf, createSplitter } from './unmarshal.ts'

// Signals in one write, and the shortest pause of a steady rate.
const batch = 64
const tickMs = 5
const bus = 'org.freedesktop.DBus'
const driver = { path: '/org/freedesktop/DBus', interface: bus, destination: bus }

const socket = connect(process.argv[2]!.replace('unix:path=', ''))
await once(socket, 'connect')
await authenticate(socket)
let serial = 0
socket.on('error', () => process.exit(1)).on('close', () => process.exit(0))
const split = createSplitter()
const named = Promise.withResolvers<void>()
let answers = 0
socket.on('data', (chunk) => {
  for (const message of split(chunk)) {
    const call = callOf(message)
    if (call.kind === kinds.call && call.wantsReply) socket.write(answerTo(call, ++serial))
    // The second answer is that to RequestName; 1: the name is ours.
    if (call.kind === kinds.answer && ++answers === 2) {
      if (message.readUInt32LE(message.length - 4) === 1) named.resolve()
      else named.reject(new Error('org.bluez has an owner already'))
    }
  }
})
socket.write(messageOf(kinds.call, ++serial, { ...driver, member: 'Hello' }))
// 4: do not queue for the name.
socket.write(messageOf(kinds.call, ++serial, { ...driver, member: 'RequestName' }, [text('org.bluez'), uint32(4)]))
await named.promise
say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) say(await flow(JSON.parse(line)))
process.exit(0)

async function flow(wanted: Flow): Promise<{ sent: number; seconds: number }> {
  const ready = signalsOf(wanted)
  const started = performance.now()
  let sent = 0
  while (sent < wanted.count) {
    const due = wanted.perSecond ? Math.floor(((performance.now() - started) * wanted.perSecond) / 1000) : wanted.count
    for (; sent < Math.min(due, wanted.count); ) sent += await send(ready, sent, Math.min(due, wanted.count) - sent)
    if (wanted.perSecond && sent < wanted.count) await pause(tickMs)
  }
  const seconds = (performance.now() - started) / 1000
  if (wanted.kind === 'added') await write(Buffer.concat(removedSignals(wanted).map(numbered)))
  return { sent, seconds }
}

async function send(ready: readonly Buffer[], from: number, most: number): Promise<number> {
  const size = Math.min(batch, most)
  const chosen = Array.from({ length: size }, (_, at) => numbered(ready[(from + at) % ready.length]!))
  await write(Buffer.concat(chosen))
  return size
}

function numbered(message: Buffer): Buffer {
  serial = (serial + 1) % 0xffffffff || 1
  message.writeUInt32LE(serial, 8)
  return message
}

async function write(bytes: Buffer): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain')
}

async function authenticate(to: Socket): Promise<void> {
  const user = Buffer.from(String(process.getuid!())).toString('hex')
  to.write(`\0AUTH EXTERNAL ${user}\r\n`)
  const [answer] = await once(to, 'data')
  if (!String(answer).startsWith('OK')) throw new Error('the bus does not take us')
  to.write('BEGIN\r\n')
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
