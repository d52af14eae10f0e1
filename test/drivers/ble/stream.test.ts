import { describe, expect, it } from 'vitest'
import { parseAd } from '../../../src/base/ad.ts'
import { ascii, createCursor } from '../../../src/drivers/ble/bus/cursor.ts'
import { createFramer } from '../../../src/drivers/ble/bus/framer.ts'
import { skipTypes } from '../../../src/drivers/ble/bus/skip.ts'
import { added, addressBytes, changed, marshal, removed } from '../../support/bluez/messages.ts'
import { needPythonDbus } from '../../support/bluez/service.ts'
import { trials } from '../../support/need.ts'
import { seededRandom } from '../../support/random.ts'
import { again, everything } from './adverts.ts'
import { watchBuffers } from './buffers.ts'
import { hearing } from './hearing.ts'

const isThere = needPythonDbus()
const long = {
  ...again,
  body: `('org.bluez.Device1', {'Name': <'${'n'.repeat(40_000)}'>, 'RSSI': <int16 -9>}, @as [])`,
}
const signals = [everything, again, { ...again, order: 'B' as const }, changed(`{'RSSI': <int16 -71>}`), long]
const messages = isThere ? marshal([...signals, removed(['org.bluez.Device1']), added(`{'RSSI': <int16 1>}`)]) : []
const removedMessage = messages[signals.length]!
const stream = Buffer.concat(messages.slice(0, signals.length))

describe.skipIf(!isThere)('a stream of messages', () => {
  it('is heard alike wherever it is split', () => {
    const whole = hearing()
    whole.push(stream)
    expect(whole.adverts.length).toBe(5)
    const short = stream.length - messages[4]!.length + 200
    for (let at = 1; at < short; at++) {
      const heard = hearing()
      for (const piece of [stream.subarray(0, at), stream.subarray(at)]) heard.push(piece)
      expect(heard.adverts, `split at ${at}`).toEqual(whole.adverts)
    }
    const bytewise = hearing()
    for (const byte of stream) bytewise.push(Uint8Array.of(byte))
    expect(bytewise.adverts).toEqual(whole.adverts)
  })

  it('in which a message is cut short at any byte is malformed there, and nothing is made up', () => {
    for (const message of messages) {
      const heard = hearing()
      heard.push(messages[0]!)
      const before = heard.adverts.length
      const shortest = Math.min(message.length, 3000)
      for (let length = 1; length < shortest; length++) heard.handle(message.slice(0, length), 0, length)
      expect(heard.counts.malformed).toBe(shortest - 1)
      expect(heard.adverts.length).toBe(before)
    }
  })

  it('that was damaged at random never throws or hangs, and no advert is out of shape', () => {
    const random = seededRandom(20261125)
    const pick = (below: number) => Math.floor(random() * below)
    const small = messages.filter(({ length }) => length < 2000)
    const heard = hearing()
    for (let trial = trials(200_000, 1_000_000); trial > 0; trial--) {
      if (trial % 16 === 0) heard.push(small[0]!)
      const bytes = small[pick(small.length)]!.slice()
      for (let changes = 1 + pick(4); changes > 0; changes--) bytes[pick(bytes.length)] = pick(256)
      heard.handle(bytes, 0, bytes.length)
    }
    expect(heard.counts.malformed).toBeGreaterThan(1000)
    expect(heard.adverts.length).toBeGreaterThan(1000)
    for (const { address, rssi, data } of heard.adverts) {
      const bytes = Buffer.from(data, 'hex')
      if (bytes.length > 1650 || parseAd(bytes).isTruncated) expect.fail('the data are out of shape')
      if (address.length !== 6 || rssi < -127 || rssi > 127) expect.fail('the advert is out of shape')
    }
  })

  it('with damage in its framing is followed or given up, and never throws or hangs', () => {
    const random = seededRandom(7)
    const small = Buffer.concat(messages.filter(({ length }) => length < 2000))
    let lost = 0
    for (let trial = trials(3000, 20_000); trial > 0; trial--) {
      const heard = hearing({ longest: 4096 })
      const bytes = Buffer.from(small)
      for (let changes = 0; changes < 3; changes++) bytes[Math.floor(random() * bytes.length)] = random() * 256
      for (let at = 0; at < bytes.length; at += 700) heard.push(bytes.subarray(at, at + 700))
      if (heard.framer.isLost) lost++
    }
    expect(lost).toBeGreaterThan(0)
  })

  it('passes over a message that is too long, whatever it holds, and goes on', () => {
    for (const size of [1, 17, 5000]) {
      const heard = hearing({ longest: 4096 })
      for (let at = 0; at < stream.length; at += size) heard.push(stream.subarray(at, at + size))
      heard.push(messages[1]!)
      expect([heard.framer.oversize, heard.adverts.length]).toEqual([1, 5])
    }
  })

  it.each([
    ['variants', (depth: number) => [...Array(depth).fill([1, 0x76, 0]).flat(), 1, 0x79, 0, 5]],
    ['arrays', (depth: number) => [depth + 1, ...Array(depth).fill(0x61), 0x79, 0, ...Array(8).fill(0)]],
    ['structures', (depth: number) => [2 * depth + 1, ...Array(depth).fill(0x28), 0x79, ...Array(depth).fill(0x29), 0]],
  ])('goes down into %s as far as D-Bus allows, and no further', (_kind, nested) => {
    const isBroken = (depth: number) => {
      const cursor = createCursor(Uint8Array.from([...nested(depth), ...Array(100).fill(0)]))
      skipTypes(cursor, ascii('v'))
      return cursor.isBroken
    }
    expect([1, 32, 70, 120].map(isBroken)).toEqual([false, false, true, true])
  })

  it.each(['', 'ss', 'a', '(', '()', 'a()', '{sv}', 'a{vs}', 'a{s}', 'a{sss}', '(s', 's)', 'z', '\u00e9'])(
    'takes no value of the type "%s"',
    (type) => {
      const cursor = createCursor(Uint8Array.from([type.length, ...ascii(type), ...Array(100).fill(0)]))
      skipTypes(cursor, ascii('v'))
      expect(cursor.isBroken).toBe(true)
    },
  )
})

describe.skipIf(!isThere)('what was handled', () => {
  it('is found in no buffer any more', () => {
    const buffers = watchBuffers()
    const heard = hearing()
    for (let at = 0; at < stream.length; at += 777) {
      const piece = new Uint8Array(stream.subarray(at, at + 777))
      heard.framer.push(piece, piece.length)
    }
    const known = buffers.holding(addressBytes).length
    heard.push(removedMessage)
    buffers.restore()
    expect(heard.adverts.length).toBe(signals.length)
    // In the table of devices, as long as the device is there.
    expect(known).toBe(1)
    expect(buffers.holding(addressBytes)).toEqual([])
    expect(buffers.count).toBeGreaterThan(8)
  })

  it('is overwritten in the chunk even when the message goes on in the next', () => {
    const framer = createFramer({ longest: 4096, handle: () => {} })
    const chunk = messages[0]!.slice(0, 300)
    framer.push(chunk, chunk.length)
    expect(chunk.every((byte) => byte === 0)).toBe(true)
  })
})
