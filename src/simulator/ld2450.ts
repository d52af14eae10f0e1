/** What one slot of a frame says: mm, mm, cm/s (negative = approaching), gate size in mm. */
export interface Slot {
  readonly x: number
  readonly y: number
  readonly speed: number
  readonly resolution: number
}

/**
 * Writes one frame as an LD2450 does (HLK manual V1.00): header AA FF 03 00, three slots of eight bytes, footer 55 CC,
 * no checksum. Written apart from the decoder in drivers/, so that a misreading of the manual shows.
 */
export function encodeFrame(slots: readonly (Slot | null)[]): Uint8Array {
  const frame = new DataView(new ArrayBuffer(30))
  frame.setUint32(0, 0xaaff0300)
  for (const [index, slot] of slots.entries()) {
    if (!slot) continue
    const start = 4 + 8 * index
    frame.setUint16(start, signAndMagnitude(slot.x), true)
    frame.setUint16(start + 2, signAndMagnitude(slot.y), true)
    frame.setUint16(start + 4, signAndMagnitude(slot.speed), true)
    frame.setUint16(start + 6, slot.resolution, true)
  }
  frame.setUint16(28, 0x55cc)
  return new Uint8Array(frame.buffer)
}

/** Bit 15 is set for what is not negative. */
function signAndMagnitude(value: number): number {
  const magnitude = Math.min(0x7fff, Math.round(Math.abs(value)))
  return value < 0 ? magnitude : 0x8000 | magnitude
}
