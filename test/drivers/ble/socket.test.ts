import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../src/base/clock.ts'
import { openSocket } from '../../../src/drivers/ble/bus/socket.ts'
import {
  createWriter,
  finish,
  putText,
  startAnswer,
  startCall,
  startError,
} from '../../../src/drivers/ble/bus/writer.ts'
import { answersTo, type LooseBus, startLooseBus } from '../../support/bluez/loose-bus.ts'
import { address, marshal } from '../../support/bluez/messages.ts'
import { needPythonDbus, until } from '../../support/bluez/service.ts'
import { trials } from '../../support/need.ts'
import { seededRandom } from '../../support/random.ts'
import { again, everything } from './adverts.ts'
import { listening } from './listening.ts'

function connecting(...paths: string[]) {
  const clock = manualClock(0)
  const ended: string[] = []
  const heard: number[] = []
  const socket = openSocket({
    paths,
    clock,
    heard: (bytes, length) => heard.push(...bytes.subarray(0, length)),
    ended: (reason) => ended.push(reason),
  })
  return { clock, ended, heard, socket }
}

/** Greets as a bus does, then answers every call with nothing. */
const polite = (bytes: Buffer, say: LooseBus['say']) => {
  if (bytes.includes('AUTH')) say('DATA\r\n')
  else if (bytes.includes('DATA')) say('OK 1234\r\n')
  else say(answersTo(bytes.subarray(bytes.indexOf('BEGIN\r\n') < 0 ? 0 : 'BEGIN\r\n'.length)))
}

describe('the greeting of the bus', () => {
  it('is understood in whatever pieces it comes', async () => {
    let said = ''
    const bus = await startLooseBus((bytes, say) => {
      said += bytes.toString('latin1')
      if (said.endsWith('EXTERNAL\r\n')) for (const letter of 'DATA\r\n') say(letter)
      else if (said.endsWith('DATA\r\n')) for (const letter of ['O', 'K 12', '34\r', '\n']) say(letter)
    })
    const { socket } = connecting('/not/there', bus.path)
    const open = await socket
    await until(() => said.endsWith('BEGIN\r\n'))
    expect(said).toBe('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n')
    open.close()
    await bus.stop()
  })

  it.each(['REJECTED EXTERNAL\r\n', 'ERROR\r\n', '\r\n', 'x'.repeat(2000), 'DATA'.repeat(300)])(
    'that is no welcome ends it with its error: %j',
    async (answer) => {
      const bus = await startLooseBus((_bytes, say) => say(answer))
      const { socket, ended } = connecting(bus.path)
      await expect(socket).rejects.toMatchObject({ code: 'DRIVER_BLUETOOTH_BUS' })
      expect(ended).toEqual([])
      await bus.stop()
    },
  )

  it('that never comes is not waited for longer than ten seconds', async () => {
    let isAsked = false
    const bus = await startLooseBus(() => {
      isAsked = true
    })
    const { socket, clock } = connecting(bus.path)
    await until(() => isAsked)
    clock.advanceTo(10_000)
    await expect(socket).rejects.toMatchObject({ code: 'DRIVER_BLUETOOTH_BUS' })
    await bus.stop()
  })
})

describe.skipIf(!needPythonDbus())('the reader, when the bus talks nonsense', () => {
  it('goes on after messages that are damaged, of whatever type', async () => {
    const bus = await startLooseBus(polite)
    const { reader, adverts, events } = await listening(bus.path)
    const owner = "('org.bluez', '', ':1.1')"
    const came = { path: '/', interface: 'org.freedesktop.DBus', member: 'NameOwnerChanged', body: owner }
    const [ownerChange, ...signals] = marshal([{ ...came, sender: 'org.freedesktop.DBus' }, everything, again])
    bus.say(ownerChange!)
    const random = seededRandom(99)
    const pick = (below: number) => Math.floor(random() * below)
    const all = [...signals, ownerChange!, ...ownMessages()]
    for (let trial = trials(30_000, 300_000); trial > 0; trial--) {
      const bytes = Buffer.from(all[pick(all.length)]!)
      // The first 16 bytes say where the next message starts.
      for (let changes = 1 + pick(3); changes > 0; changes--) bytes[16 + pick(bytes.length - 16)] = pick(256)
      bus.say(bytes)
      if (trial % 1000 === 0) await new Promise(setImmediate)
    }
    const { adverts: before } = reader.stats()
    for (const bytes of [ownerChange!, ...signals]) bus.say(bytes)
    await until(() => (adverts.at(-1)?.data ?? '').startsWith('06ff4c00100501') && reader.stats().adverts > before)
    expect(reader.stats().malformed).toBeGreaterThan(1000)
    expect(events.filter((event) => String(event).startsWith('closed'))).toEqual([])
    reader.close()
    await bus.stop()
  })

  it('ends with its reason when it cannot tell where a message starts', async () => {
    const bus = await startLooseBus(polite)
    const { events, reader } = await listening(bus.path)
    bus.say('GET / HTTP/1.1\r\n\r\n')
    await until(() => events.length > 1)
    expect(events).toEqual(['BlueZ is away', 'closed: lost'])
    expect(await reader.getBoolean('Powered')).toMatchObject({ isOk: false })
    await bus.stop()
  })

  it.each([0, 1, 4])('is not there when the bus hangs up after %i answers', async (answers) => {
    let left = answers
    const bus: LooseBus = await startLooseBus((bytes, say) => {
      if (bytes.includes('BEGIN') || (left < answers && !bytes.includes('AUTH'))) {
        if (left === 0) return bus.hangUp()
        left--
      }
      polite(bytes, say)
    })
    await expect(listening(bus.path)).rejects.toMatchObject({ code: 'DRIVER_BLUETOOTH_BUS' })
    expect(left).toBe(0)
    await bus.stop()
  })
})

/** Calls, answers and errors as they may come to us. */
function ownMessages(): Uint8Array[] {
  const to = { bytes: Buffer.from(':1.9'), senderAt: 0, senderLength: 4 }
  const call = { destination: ':1.9', path: '/drempel', interface: 'org.freedesktop.DBus.Properties', member: 'GetAll' }
  const made = (write: (writer: ReturnType<typeof createWriter>) => void) => {
    const writer = createWriter(1024)
    write(writer)
    return finish(writer).slice()
  }
  return [
    made((writer) => {
      startCall(writer, 7, call, { signature: 's' })
      putText(writer, 'org.bluez.AdvertisementMonitor1')
    }),
    made((writer) => {
      startAnswer(writer, 8, { ...to, serial: 3 }, 's')
      putText(writer, address)
    }),
    made((writer) => startError(writer, 9, { ...to, serial: 4 }, 'org.freedesktop.DBus.Error.Failed')),
  ]
}
