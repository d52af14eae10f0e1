import type { Hear, Target } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import type { FrameDecoder } from './framer.ts'
import { word } from './framer.ts'
import { createRadarFramer, signed } from './ld2450.ts'

type Order = 'resolution-first' | 'speed-first'

/**
 * Decodes Ai-Thinker RD-03D frames: the LD2450's but for the order of the last two fields of a target, in which
 * units and the table of the vendor differ. Unless configured, the order is learnt from what the fields do.
 */
export function createRd03dDecoder(settings: Pick<SensorOf<'rd03d'>, 'id' | 'fields'>, hear: Hear): FrameDecoder {
  const { fields } = settings
  if (fields !== 'auto') return createRadarFramer(settings.id, hear, (bytes, slot) => readTarget(bytes, slot, fields))
  const learner = createOrderLearner()
  return createRadarFramer(settings.id, hear, (bytes, slot) =>
    readTarget(bytes, slot, learner.learn(word(bytes, slot + 4), word(bytes, slot + 6))),
  )
}

/** One slot of an RD-03D whose last two fields stand in `order`. */
export function readTarget(bytes: Uint8Array, slot: number, order: Order): Target {
  const isSpeedFirst = order === 'speed-first'
  return {
    x: signed(word(bytes, slot)),
    y: signed(word(bytes, slot + 2)),
    speed: doppler(signed(word(bytes, slot + (isSpeedFirst ? 4 : 6)))),
    resolution: word(bytes, slot + (isSpeedFirst ? 6 : 4)),
  }
}

// Seen on real units: these two magnitudes stand for "no Doppler measured", not for a speed.
function doppler(speed: number): number {
  const magnitude = Math.abs(speed)
  return magnitude === 248 || magnitude === 256 ? 0 : speed
}

// Enough to outvote some corrupted frames, not so much that a wrong start lasts.
const mostEvidence = 64

/**
 * Tells which of two fields is the speed. A gate size is a constant below 2^15 and never 0; a speed varies, is
 * sometimes 0, and has bit 15 set whenever somebody walks away. Real units were seen to send the resolution first.
 */
function createOrderLearner() {
  let evidence = 0
  let lastFirst = 0
  let lastSecond = 0

  function weigh(first: number, second: number): number {
    const byBit = (second >> 15) - (first >> 15)
    const byZero = Number(second === 0) - Number(first === 0)
    const byChange = lastSecond === 0 ? 0 : Number(second !== lastSecond) - Number(first !== lastFirst)
    return 4 * byBit + byZero + 2 * byChange
  }

  return {
    /** Takes the two raw fields of a slot; returns the order they most probably stand in. */
    learn(first: number, second: number): Order {
      if (first !== 0 || second !== 0) {
        evidence = Math.max(-mostEvidence, Math.min(mostEvidence, evidence + weigh(first, second)))
        lastFirst = first
        lastSecond = second
      }
      return evidence < 0 ? 'speed-first' : 'resolution-first'
    },
  }
}
