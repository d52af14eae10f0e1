import type { Hear, Target } from '../reading.ts'
import type { SensorOf } from '../settings.ts'
import { agrees, createFramer, type FrameDecoder, more, none, word } from './framer.ts'

// Hi-Link LD2450 serial protocol V1.00: AA FF 03 00 | 3 targets of 8 bytes | 55 CC, 10 frames a second, no checksum.
export const radarHeader = [0xaa, 0xff, 0x03, 0x00]
export const radarFrameLength = 30
const slotLength = 8

/** Decodes HLK-LD2450 frames. An empty frame is a reading too: nobody is there. */
export function createLd2450Decoder(settings: Pick<SensorOf<'ld2450'>, 'id'>, hear: Hear): FrameDecoder {
  return createRadarFramer(settings.id, hear, readTarget)
}

/** The framing that LD2450 and RD-03D share; `read` knows the order of the last two fields. */
export function createRadarFramer(
  sensor: string,
  hear: Hear,
  read: (bytes: Uint8Array, slot: number) => Target,
): FrameDecoder {
  return createFramer({
    first: radarHeader[0]!,
    longest: radarFrameLength,
    frameAt(bytes, start, end, at) {
      const length = radarFrameAt(bytes, start, end)
      if (length > 0) hear({ kind: 'targets', sensor, at, targets: targetsAt(bytes, start, read) })
      return length
    },
  })
}

/** Length of the radar frame at `start`, or `none` or `more`. */
export function radarFrameAt(bytes: Uint8Array, start: number, end: number): number {
  if (!agrees(bytes, start, end, radarHeader)) return none
  if (end - start < radarFrameLength) return more
  return bytes[start + 28] === 0x55 && bytes[start + 29] === 0xcc ? radarFrameLength : none
}

/** The plausible targets of the frame at `start`; free and ghost slots are left out. */
export function targetsAt(
  bytes: Uint8Array,
  start: number,
  read: (bytes: Uint8Array, slot: number) => Target,
): Target[] {
  const targets: Target[] = []
  for (let slot = start + 4; slot < start + 28; slot += slotLength) {
    const target = read(bytes, slot)
    if (isPlausible(target)) targets.push(target)
  }
  return targets
}

/** One slot of an LD2450: x, y, speed, resolution. */
export function readTarget(bytes: Uint8Array, slot: number): Target {
  return {
    x: signed(word(bytes, slot)),
    y: signed(word(bytes, slot + 2)),
    speed: signed(word(bytes, slot + 4)),
    resolution: word(bytes, slot + 6),
  }
}

/** Sign and magnitude, the other way round than usual: bit 15 set means positive. */
export function signed(raw: number): number {
  const magnitude = raw & 0x7fff
  return raw & 0x8000 ? magnitude : 0 - magnitude
}

// Firmware 2.04 leaves coordinates of people long gone in dead slots; their resolution is 0 or they lie out of range.
function isPlausible({ x, y, speed, resolution }: Target): boolean {
  return x >= -6500 && x <= 6500 && y >= 0 && y <= 8500 && speed >= -1000 && speed <= 1000 && resolution !== 0
}
