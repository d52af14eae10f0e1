import type { Hear } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import { agrees, createFramer, type FrameDecoder, more, none, word } from './framer.ts'

// HLK-LD2410 serial protocol: F4 F3 F2 F1 | length LE2 | 02 basic or 01 engineering | AA | ... | 55 00 | F8 F7 F6 F5.
export const ld2410Header = [0xf4, 0xf3, 0xf2, 0xf1]
const footer = [0xf8, 0xf7, 0xf6, 0xf5]
const overhead = 10
const shortestBody = 13
const longestBody = 48
const padding = 1

/** Decodes HLK-LD2410 frames: somebody is there, or nobody. */
export function createLd2410Decoder(settings: Pick<SensorOf<'ld2410'>, 'id'>, hear: Hear): FrameDecoder {
  const sensor = settings.id
  return createFramer({
    first: ld2410Header[0]!,
    longest: longestBody + overhead + padding,
    frameAt(bytes, start, end, at) {
      const length = ld2410FrameAt(bytes, start, end)
      const state = length > 0 ? bytes[start + 8]! : lastState + 1
      // Above 3 the radar is calibrating itself and says nothing of people.
      if (state <= lastState) hear({ kind: 'presence', sensor, at, present: state !== 0 })
      return length
    },
  })
}

const lastState = 3

/** Length of the LD2410 frame at `start`, or `none` or `more`. */
export function ld2410FrameAt(bytes: Uint8Array, start: number, end: number): number {
  if (!agrees(bytes, start, end, ld2410Header)) return none
  if (end - start < 8) return more
  const body = word(bytes, start + 4)
  const type = bytes[start + 6]!
  if (body < shortestBody || body > longestBody || type < 1 || type > 2 || bytes[start + 7] !== 0xaa) return none
  const exact = closesAt(bytes, start + 6 + body, end)
  if (exact !== none) return exact === more ? more : body + overhead
  // Some firmware pads a basic frame by one byte and does not count it in the length.
  const padded = closesAt(bytes, start + 6 + body + padding, end)
  return padded === none || padded === more ? padded : body + overhead + padding
}

/** Does a frame's body end before `at`, with 55 00 before and the footer behind? */
function closesAt(bytes: Uint8Array, at: number, end: number): number {
  if (end < at) return more
  if (bytes[at - 2] !== 0x55 || bytes[at - 1] !== 0x00 || !agrees(bytes, at, end, footer)) return none
  return end - at < footer.length ? more : footer.length
}

export interface Ld2410Frame {
  /** 0 nobody, 1 moving, 2 still, 3 both. */
  readonly state: number
  /** cm. */
  readonly movingDistance: number
  /** 0 to 100. */
  readonly movingEnergy: number
  /** cm. */
  readonly stillDistance: number
  readonly stillEnergy: number
  /** cm. */
  readonly detectionDistance: number
  /** Engineering frames only: energies per gate, the light sensor (0 to 255) and the level of the output pin. */
  readonly movingGates?: readonly number[]
  readonly stillGates?: readonly number[]
  readonly light?: number
  readonly output?: number
}

/** All fields of the whole frame at the start of `bytes`. */
export function readLd2410(bytes: Uint8Array): Ld2410Frame {
  const basic = {
    state: bytes[8]!,
    movingDistance: word(bytes, 9),
    movingEnergy: bytes[11]!,
    stillDistance: word(bytes, 12),
    stillEnergy: bytes[14]!,
    detectionDistance: word(bytes, 15),
  }
  return bytes[6] === 1 ? { ...basic, ...engineering(bytes) } : basic
}

function engineering(bytes: Uint8Array): Partial<Ld2410Frame> {
  const moving = bytes[17]! + 1
  const still = bytes[18]! + 1
  const gates = 19
  const after = gates + moving + still
  if (after + 4 > 6 + word(bytes, 4)) return {}
  return {
    movingGates: [...bytes.subarray(gates, gates + moving)],
    stillGates: [...bytes.subarray(gates + moving, after)],
    light: bytes[after]!,
    output: bytes[after + 1]!,
  }
}
