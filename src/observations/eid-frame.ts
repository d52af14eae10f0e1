import { eidLength } from '../base/eddystone-eid.ts'

const serviceData16 = 0x16
const eidFrame = 0x30
// UUID 0xFEAA, frame type, power, then the identifier (google/eddystone, eddystone-eid/README.md).
const headLength = 4

/** Where in an advert an Eddystone identifier that changes lies, or -1. What reaches past the end is not looked at. */
export function eidAt(data: Uint8Array): number {
  for (let at = 0; at + 1 < data.length; ) {
    const end = at + 1 + data[at]!
    if (end === at + 1 || end > data.length) return -1
    const start = at + 2
    if (data[at + 1] === serviceData16 && isEid(data, start, end)) return start + headLength
    at = end
  }
  return -1
}

function isEid(data: Uint8Array, start: number, end: number): boolean {
  if (end - start < headLength + eidLength) return false
  return data[start] === 0xaa && data[start + 1] === 0xfe && data[start + 2] === eidFrame
}
