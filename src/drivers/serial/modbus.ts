import type { Hear } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import { createFramer, type FrameDecoder, none } from './framer.ts'
import { exceptionLength, longestResponse, requestAt, responseAt, responseValue } from './modbus-frame.ts'
import { type Held, modulusOf, peopleSince } from './register-count.ts'

type Settings = Pick<SensorOf<'modbus-counter'>, 'id' | 'slave' | 'registers' | 'peoplePerSecond'>

export interface ModbusDecoder extends FrameDecoder {
  /** The register that was just asked for; undefined: nothing was, so what comes is too late and is dropped. */
  expect(register: number | undefined): void
  /** Responses and exceptions since start. */
  readonly answers: number
  /** The exception code of the last answer, undefined where it was a value. */
  readonly exception: number | undefined
}

/**
 * Decodes the responses of a Modbus RTU device into people. A recording holds responses only: there they belong to the
 * registers in order, and after a garbled one to the register that they fit best.
 */
export function createModbusDecoder(settings: Settings, hear: Hear): ModbusDecoder {
  const { id: sensor, slave, registers, peoplePerSecond } = settings
  const held: (Held | undefined)[] = registers.map(() => undefined)
  const turn = createTurn(registers.length)
  let answers = 0
  let refused = 0
  let exception: number | undefined

  function steps(bytes: Uint8Array, start: number, at: number): Step[] {
    return turn.candidates().flatMap((index) => {
      const register = registers[index]!
      if (register.fc !== bytes[start + 1] || 2 * register.words !== bytes[start + 2]) return []
      const now = { value: responseValue(bytes, start, register.wordOrder), at }
      if (now.value >= modulusOf(register)) return []
      const people = peopleSince(register, held[index], now, peoplePerSecond)
      return [{ index, now, people, doubt: held[index] ? (people ?? Infinity) : Infinity }]
    })
  }

  function takeValue(bytes: Uint8Array, start: number, at: number): void {
    const step = choose(steps(bytes, start, at), turn.isUnsure())
    if (!step) return refuse()
    const { index, now, people } = step
    turn.after(index)
    answers++
    exception = undefined
    held[index] = now
    if (people === undefined) return refuse()
    const isIn = registers[index]!.kind === 'total_in'
    if (people > 0) hear({ kind: 'counted', sensor, at, in: isIn ? people : 0, out: isIn ? 0 : people })
  }

  function takeException(code: number): void {
    const [index] = turn.candidates()
    if (index === undefined) return refuse()
    turn.after(index)
    answers++
    exception = code
  }

  function refuse(): void {
    refused++
  }

  const framer = createFramer({
    first: slave,
    longest: longestResponse,
    onJunk: turn.onJunk,
    frameAt(bytes, start, end, at) {
      const length = responseAt(bytes, start, end, slave)
      if (length === none) return requestAt(bytes, start, end, slave)
      if (length === exceptionLength) takeException(bytes[start + 2]!)
      else if (length > 0) takeValue(bytes, start, at)
      return length
    },
  })

  return {
    push: framer.push,
    expect: turn.expect,
    get dropped() {
      return framer.dropped + refused
    },
    get frames() {
      return framer.frames
    },
    get answers() {
      return answers
    },
    get exception() {
      return exception
    },
  }
}

/** Whose turn it is: the register that was asked for, or in a recording simply the next one. */
function createTurn(count: number) {
  let isAsking = false
  let isJunky = false
  let next: number | undefined = 0

  return {
    expect(register: number | undefined): void {
      isAsking = true
      next = register
    },
    /** The registers an answer may belong to, likeliest first. */
    candidates(): number[] {
      if (next === undefined) return []
      const first = next
      return isAsking ? [first] : Array.from({ length: count }, (_, i) => (first + i) % count)
    },
    after(register: number): void {
      next = isAsking ? undefined : (register + 1) % count
      isJunky = false
    },
    onJunk(): void {
      isJunky = true
    },
    /** Something was garbled, so an answer may be missing. */
    isUnsure: () => isJunky,
  }
}

interface Step {
  readonly index: number
  readonly now: Held
  readonly people: number | undefined
  /** People it would claim; Infinity where the register has no value yet to compare with. */
  readonly doubt: number
}

/** In order, unless the register whose turn it is cannot have risen so and another can. Unsure: the smallest rise. */
function choose(steps: readonly Step[], isUnsure: boolean): Step | undefined {
  const possible = steps.filter((step) => step.people !== undefined)
  const inOrder = possible[0] ?? steps[0]
  if (!isUnsure || !inOrder) return inOrder
  return possible.reduce((best, step) => (step.doubt < best.doubt ? step : best), inOrder)
}
