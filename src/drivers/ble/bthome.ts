import { bthomeObjects } from './bthome-objects.ts'
import { type Decoded, hex, rounded, viewOf } from './fields.ts'

const version = 2
const addressLength = 6
const counterLength = 4
const micLength = 4

interface Measured {
  readonly name: string
  readonly value: number | string
  readonly unit?: string
}

/**
 * Service data of FCD2 after its UUID (bthome.io/format, version 2), or why it is not read. Of an encrypted one only
 * the counter can be told. The list ends at an object that is unknown, since its length is, too.
 */
export function decodeBthome(data: Uint8Array): Decoded | string {
  const device = data[0]
  if (device === undefined || device >> 5 !== version) return 'the BTHome data are not of version 2'
  const isEncrypted = (device & 1) !== 0
  const body = data.subarray(device & 2 ? 1 + addressLength : 1)
  const head = { format: 'bthome', encrypted: isEncrypted, onEvent: (device & 4) !== 0 }
  if (isEncrypted) {
    if (body.length < counterLength + micLength) return 'the BTHome data are cut off'
    return { ...head, counter: viewOf(body).getUint32(body.length - counterLength - micLength, true) }
  }
  const { objects, rest } = readObjects(body)
  return { ...head, ...firstOf(objects, 'temperature'), ...firstOf(objects, 'humidity'), objects, ...rest }
}

function firstOf(objects: readonly Measured[], name: string): Decoded {
  const found = objects.find((object) => object.name === name)
  return found ? { [name]: found.value } : {}
}

function readObjects(body: Uint8Array): { objects: Measured[]; rest: Decoded } {
  const objects: Measured[] = []
  for (let at = 0; at < body.length; ) {
    const read = readObject(body, at)
    if (!read) return { objects, rest: { unread: hex(body.subarray(at)) } }
    objects.push(read.object)
    at = read.end
  }
  return { objects, rest: {} }
}

/** The object at `at` and where it ends; undefined if it is unknown or cut off. */
function readObject(body: Uint8Array, at: number): { object: Measured; end: number } | undefined {
  const id = body[at]!
  if (id === 0x53 || id === 0x54) return readText(body, at)
  const known = bthomeObjects.get(id)
  const end = at + 1 + (known?.length ?? 0)
  if (!known || end > body.length) return undefined
  const { name, length, isSigned, factor, unit } = known
  const raw = littleEndian(body.subarray(at + 1, end))
  const value = rounded((isSigned && raw >= 2 ** (8 * length - 1) ? raw - 2 ** (8 * length) : raw) * factor)
  return { object: { name, value, ...(unit ? { unit } : {}) }, end }
}

function readText(body: Uint8Array, at: number): { object: Measured; end: number } | undefined {
  const end = at + 2 + (body[at + 1] ?? body.length)
  if (end > body.length) return undefined
  const bytes = body.subarray(at + 2, end)
  const isText = body[at] === 0x53
  return {
    object: isText ? { name: 'text', value: new TextDecoder().decode(bytes) } : { name: 'raw', value: hex(bytes) },
    end,
  }
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}
