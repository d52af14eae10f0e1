import type { Clock } from '../../base/clock.ts'
import type { SensorOf } from '../settings.ts'
import type { ModbusDecoder } from './modbus.ts'
import { frameGap, modbusRequest } from './modbus-frame.ts'

/** Time a device has for an answer, in ms; slow ones need up to 300. */
export const answerTime = 500

export interface PollerParts {
  readonly settings: SensorOf<'modbus-counter'>
  readonly clock: Clock
  readonly decoder: ModbusDecoder
  /** Every register answered with a value. */
  readonly roundDone: () => void
}

export interface Poller {
  start(write: (bytes: Uint8Array) => void): void
  /** Bytes were pushed into the decoder. */
  heard(): void
  stop(): void
  /** The exception code with which a register was refused since the last complete round. */
  refusal(): number | undefined
}

/** Asks for the registers in turn, once every `pollSeconds`, one question at a time and with the silence between. */
export function createPoller({ settings, clock, decoder, roundDone }: PollerParts): Poller {
  const requests = settings.registers.map((register) => modbusRequest(settings.slave, register))
  const period = settings.pollSeconds * 1000
  // Timers of a busy box are early by up to a millisecond.
  const gap = Math.ceil(frameGap(settings.baud)) + 1
  let write: (bytes: Uint8Array) => void = () => {}
  let cancel = () => {}
  let asked: number | undefined
  let answers = 0
  let started = 0
  let isComplete = true
  let refusal: number | undefined

  function beginRound(): void {
    started = clock.monotonic()
    isComplete = true
    ask(0)
  }

  function ask(register: number): void {
    asked = register
    answers = decoder.answers
    decoder.expect(register)
    write(requests[register]!)
    cancel = clock.after(answerTime, giveUp)
  }

  /** A late answer could be taken for that of the next register, so the rest of the round is left out. */
  function giveUp(): void {
    asked = undefined
    decoder.expect(undefined)
    cancel = clock.after(Math.max(period, 2 * answerTime), beginRound)
  }

  function proceed(register: number): void {
    asked = undefined
    cancel()
    isComplete &&= decoder.exception === undefined
    refusal = decoder.exception ?? refusal
    if (register + 1 < requests.length) {
      cancel = clock.after(gap, () => ask(register + 1))
      return
    }
    cancel = clock.after(Math.max(gap, started + period - clock.monotonic()), beginRound)
    if (!isComplete) return
    refusal = undefined
    roundDone()
  }

  return {
    start(toWrite) {
      write = toWrite
      beginRound()
    },
    heard() {
      if (asked !== undefined && decoder.answers > answers) proceed(asked)
    },
    stop() {
      asked = undefined
      cancel()
      decoder.expect(undefined)
    },
    refusal: () => refusal,
  }
}
