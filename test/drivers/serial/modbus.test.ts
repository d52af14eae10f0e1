import { describe, expect, it } from 'vitest'
import { createModbusDecoder } from '../../../src/drivers/serial/modbus.ts'
import { crc16, frameGap, modbusRequest } from '../../../src/drivers/serial/modbus-frame.ts'
import { createRandom } from '../../../src/simulator/random.ts'
import { trials } from '../../support/need.ts'
import { joined, modbusException, modbusResponse } from './frames.ts'
import { counting, fromHex, hearing, modbusSettings, peopleIn } from './hearing.ts'

const register = { fc: 3, addr: 0, words: 1, wordOrder: 'high-first', kind: 'total_in', resetOnRead: false } as const

/** Values of one register, one a second unless `at` (s) says otherwise; returns the people counted and the refusals. */
function valuesOf(changes: object, ...values: readonly (number | { at: number; value: number })[]) {
  const settings = modbusSettings({ registers: [{ ...register, ...changes }] })
  const { decoder, readings } = hearing(settings)
  for (const [index, entry] of values.entries()) {
    const { at, value } = typeof entry === 'number' ? { at: index, value: entry } : entry
    const words = settings.registers[0]!.words === 1 ? [value] : [Math.floor(value / 65_536), value % 65_536]
    decoder.push(modbusResponse(words), at * 1000)
  }
  return [peopleIn(readings).in, decoder.dropped]
}

describe('Modbus frames', () => {
  it('have the CRC of the standard', () => {
    expect(crc16(fromHex('01030000000a'), 0, 6)).toBe(0xcdc5)
    expect(crc16(new TextEncoder().encode('123456789'), 0, 9)).toBe(0x4b37)
  })

  it('ask for one register', () => {
    expect(modbusRequest(1, { fc: 3, addr: 3, words: 1 })).toEqual(fromHex('010300030001740a'))
    expect(modbusRequest(1, { fc: 3, addr: 0, words: 2 }).subarray(0, 6)).toEqual(fromHex('010300000002'))
  })

  it('stand 3.5 characters apart, and never less than 1.75 ms', () => {
    expect(frameGap(9600)).toBeCloseTo(4.01, 2)
    expect(frameGap(115_200)).toBe(1.75)
  })
})

describe('a register that counts', () => {
  it('starts at its first value', () => {
    expect(valuesOf({}, 259)).toEqual([0, 0])
  })

  it('counts what it rose by', () => {
    expect(valuesOf({}, 259, 259, 260, 263)).toEqual([4, 0])
  })

  it('reads bytes above 127 as they are', () => {
    expect(valuesOf({}, 0x80fe, 0x80ff, 0x8101)).toEqual([3, 0])
  })

  it('wraps at 65536', () => {
    expect(valuesOf({}, 65_534, 65_535, 2)).toEqual([4, 0])
  })

  it('wraps at its own modulus', () => {
    expect(valuesOf({ modulus: 10_000 }, 9998, 1)).toEqual([3, 0])
  })

  it('may be two words wide, in either order', () => {
    expect(valuesOf({ words: 2 }, 65_535, 65_537)).toEqual([2, 0])
    const settings = modbusSettings({ registers: [{ ...register, words: 2, wordOrder: 'low-first' }] })
    const { decoder, readings } = hearing(settings)
    decoder.push(modbusResponse([0xffff, 0]), 0)
    decoder.push(modbusResponse([0x0001, 1]), 1000)
    expect(peopleIn(readings).in).toBe(2)
  })

  it('counts each value whole when reading resets it, but not the first', () => {
    expect(valuesOf({ resetOnRead: true }, 500, 3, 0, 2)).toEqual([5, 0])
  })

  it('counts from zero after the device restarted', () => {
    expect(valuesOf({}, 5000, 5001, 2, 3)).toEqual([4, 0])
  })

  it('counts who passed in a silence of ten minutes', () => {
    expect(valuesOf({}, 100, { at: 600, value: 180 })).toEqual([80, 0])
  })

  it('takes a fall after a silence for a restart rather than a wrap', () => {
    expect(valuesOf({}, 65_000, { at: 3600, value: 3 })).toEqual([3, 0])
  })

  it('does not believe more people than can pass, and counts on from there', () => {
    expect(valuesOf({}, 100, 5000, 5001)).toEqual([1, 1])
    expect(valuesOf({}, 5000, 4000, 4002)).toEqual([2, 1])
    expect(valuesOf({ modulus: 1000 }, 10, 5000, 11)).toEqual([1, 1])
  })
})

describe('the responses in a recording', () => {
  const settings = modbusSettings({})
  const people = () => counting(settings)

  it('belong to the registers in order', () => {
    const { decoder, people: told } = people()
    for (const [at, value] of [10, 20, 11, 20, 11, 23].entries()) decoder.push(modbusResponse([value]), at * 500)
    expect(told).toEqual({ in: 1, out: 3 })
  })

  it('belong to the register they fit after one was garbled', () => {
    const { decoder, people: told } = people()
    const values = [10, 20, 11, 20, 12, 21, 12, 22]
    for (const [at, value] of values.entries()) {
      const frame = modbusResponse([value])
      decoder.push(at === 3 ? frame.with(4, 0x55) : frame, at * 500)
    }
    expect(told).toEqual({ in: 2, out: 2 })
  })

  it('belong to the register that rose least after one was garbled', () => {
    const { decoder, people: told } = people()
    for (const [at, value] of [100, 90, 100, 90, 101, 91, 101, 92].entries()) {
      const frame = modbusResponse([value])
      decoder.push(at === 3 ? frame.with(4, 0x55) : frame, at * 500)
    }
    expect(told).toEqual({ in: 1, out: 2 })
  })

  it('belong to the register of their function and length', () => {
    const other = { ...register, fc: 4, words: 2, kind: 'total_out' } as const
    const { decoder, people: told } = counting(modbusSettings({ registers: [register, other] }))
    const frames = [[10], [0, 20], [11], [12], [0, 24]].map((words) =>
      modbusResponse(words, { fc: words.length === 1 ? 3 : 4 }),
    )
    for (const [at, frame] of frames.entries()) decoder.push(frame, at * 500)
    expect(told).toEqual({ in: 2, out: 4 })
  })

  it('may be exceptions, which take their turn', () => {
    const { decoder, people: told } = people()
    const frames = [[10], [20], 2, [21], [12], [22]].map((entry) =>
      typeof entry === 'number' ? modbusException(entry) : modbusResponse(entry),
    )
    for (const [at, frame] of frames.entries()) decoder.push(frame, at * 500)
    expect(told).toEqual({ in: 2, out: 2 })
  })

  it('may stand between the questions that they answer', () => {
    const { decoder, people: told } = people()
    const request = modbusRequest(1, register)
    for (const [at, value] of [10, 11, 12, 11, 12, 12].entries()) {
      decoder.push(joined(request, modbusResponse([value])), at * 500)
    }
    expect([told, decoder.dropped]).toEqual([{ in: 2, out: 1 }, 0])
  })

  it('of other slaves are passed over', () => {
    const { decoder, people: told } = people()
    for (const [at, value] of [10, 5000, 11, 5001].entries()) {
      decoder.push(joined(modbusResponse([999], { slave: 2 }), modbusResponse([value])), at * 500)
    }
    expect(told).toEqual({ in: 1, out: 1 })
  })
})

describe('the responses to questions', () => {
  it('belong to the register that was asked for, and to none when nothing was', () => {
    const people = { in: 0, out: 0 }
    const decoder = createModbusDecoder(modbusSettings({}), (reading) => {
      if (reading.kind === 'counted') people[reading.in > 0 ? 'in' : 'out'] += reading.in + reading.out
    })
    const answer = (asked: number | undefined, value: number, at: number) => {
      decoder.expect(asked)
      decoder.push(modbusResponse([value]), at)
    }
    answer(0, 10, 0)
    answer(1, 20, 100)
    answer(undefined, 15, 900)
    answer(1, 22, 1000)
    answer(0, 11, 1100)
    decoder.push(modbusResponse([14]), 1200)
    expect([people, decoder.answers, decoder.dropped]).toEqual([{ in: 1, out: 2 }, 4, 2])
  })
})

describe('a device with two counters', () => {
  it('is counted to the last person while a tenth of its answers is garbled', () => {
    for (let seed = 0; seed < trials(200, 10_000); seed++) expectExact(seed)
  })
})

function expectExact(seed: number): void {
  const random = createRandom('modbus', seed)
  const settings = modbusSettings({})
  const people = { in: 0, out: 0 }
  const decoder = createModbusDecoder(settings, (reading) => {
    if (reading.kind !== 'counted') return
    people.in += reading.in
    people.out += reading.out
  })
  const first = [random.below(65_536), random.below(65_536)] as const
  const passed = [0, 0]
  const seen = [0, 0]
  for (let at = 0; at < 600_000; at += 1000) {
    for (const index of [0, 1] as const) {
      if (at > 0 && random.chance(0.3)) passed[index]! += 1 + random.below(3)
      const frame = modbusResponse([(first[index] + passed[index]!) % 65_536])
      decoder.expect(index)
      // The baseline always arrives; later a byte of one frame in ten is wrong.
      const isGarbled = at > 0 && random.chance(0.1)
      const place = random.below(frame.length)
      decoder.push(isGarbled ? frame.with(place, frame[place]! ^ (1 + random.below(255))) : frame, at)
      if (!isGarbled) seen[index] = passed[index]!
    }
    if (people.in !== seen[0] || people.out !== seen[1]) {
      expect.fail(`seed ${seed}, ${at} ms: told ${people.in} and ${people.out}, passed ${seen[0]} and ${seen[1]}`)
    }
  }
}
