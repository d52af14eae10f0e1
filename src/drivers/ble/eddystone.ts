import { type Decoded, hex, rounded, signedByte, viewOf } from './fields.ts'

const schemes = ['http://www.', 'https://www.', 'http://', 'https://']
const domains = ['.com', '.org', '.edu', '.net', '.info', '.biz', '.gov']
const expansions = [...domains.map((domain) => `${domain}/`), ...domains]
const longestUrl = 17

/** Service data of FEAA after its UUID (google/eddystone, protocol-specification.md), or why it is not read. */
export function decodeEddystone(data: Uint8Array): Decoded | string {
  switch (data[0]) {
    case 0x00:
      return decodeUid(data)
    case 0x10:
      return decodeUrl(data)
    case 0x20:
      return decodeTlm(data)
    case 0x30:
      return data.length === 10
        ? { format: 'eddystone-eid', txPower: signedByte(data[1]!), eid: hex(data.subarray(2)) }
        : 'the Eddystone-EID frame is not 10 bytes long'
    case 0x40:
    case 0x41:
      return 'it is the tag of a person: not to be read'
    default:
      return 'its Eddystone frame type is none of 00, 10, 20 and 30'
  }
}

// The two reserved bytes at the end are often left out.
function decodeUid(data: Uint8Array): Decoded | string {
  if (data.length !== 18 && data.length !== 20) return 'the Eddystone-UID frame is neither 18 nor 20 bytes long'
  return {
    format: 'eddystone-uid',
    txPower: signedByte(data[1]!),
    namespace: hex(data.subarray(2, 12)),
    instance: hex(data.subarray(12, 18)),
  }
}

function decodeUrl(data: Uint8Array): Decoded | string {
  const scheme = data.length > 2 ? schemes[data[2]!] : undefined
  if (scheme === undefined) return 'the Eddystone-URL frame has no known scheme'
  if (data.length - 3 > longestUrl) return 'the Eddystone-URL frame is too long'
  let url = scheme
  for (const byte of data.subarray(3)) {
    const text = expansions[byte] ?? (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : undefined)
    if (text === undefined) return 'the Eddystone-URL frame has a reserved character'
    url += text
  }
  return { format: 'eddystone-url', txPower: signedByte(data[1]!), url }
}

// Version 00 is plain, 01 encrypted. All numbers are big-endian; the time counts tenths of a second.
function decodeTlm(data: Uint8Array): Decoded | string {
  const format = 'eddystone-tlm'
  if (data[1] === 1 && data.length === 18) {
    const [salt, mic] = [hex(data.subarray(14, 16)), hex(data.subarray(16))]
    return { format, encrypted: hex(data.subarray(2, 14)), salt, mic }
  }
  if (data[1] !== 0 || data.length !== 14) return 'the Eddystone-TLM frame has an unknown version or length'
  const view = viewOf(data)
  const temperature = view.getInt16(4)
  return {
    format,
    batteryMillivolts: view.getUint16(2) || null,
    temperature: temperature === -0x8000 ? null : rounded(temperature / 256),
    advertisements: view.getUint32(6),
    uptimeSeconds: rounded(view.getUint32(10) / 10),
  }
}
