// What can be read from a receipt as somebody saved, scanned or typed it.

const head = 'DREMPEL1:'
const signs = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'

// The same as in consent/receipt-code.ts, to the letter; a test holds them together.
const dictionary = new TextEncoder().encode(
  '.000Z"termination":"2026-01-01T00:00:00.000Z""collectionMethod":"gesture","collectionMethod":"page","consentReceiptID":"' +
    '","consentTimestamp":17,"jurisdiction":"SE,"jurisdiction":"DE","jurisdiction":"NL","keyId":"","language":"sv' +
    '","language":"de","language":"en","language":"nl","piiControllers":[{"contact":"privacy@https://","piiController":"' +
    '"}],"piiPrincipalId":"","policyUrl":"https://","profile":"drempel-receipt/1","publicKey":"","secret":"' +
    '","sensitive":false,"services":[{"purposes":[{"consentType":"EXPLICIT","handle":"","notice":"sha256:' +
    '","piiCategory":["presence in the shop"],"primaryPurpose":false,"purpose":"offers","termination":"2027-' +
    'T00:00:00.000Z","thirdPartyDisclosure":true,"thirdPartyName":"","thirdPartyDisclosure":false,"thirdPartyName":""}],' +
    '"service":""}],"signature":"","spiCat":[],"version":"KI-CR-v1.1.0"}{"collectionMethod":"',
)

const secretForm = /^[A-Za-z0-9_-]{22}$/

/**
 * @param {string} text a receipt, its code, or its secret
 * @returns the secret, with the receipt and the handles in it when they came along; null for anything else
 */
export async function readReceipt(text) {
  const plain = text.trim()
  if (secretForm.test(plain)) return { secret: plain, receipt: null, handles: [] }
  try {
    const receipt = plain.startsWith(head) ? await unpack(plain.slice(head.length)) : plain
    const { secret, services } = JSON.parse(receipt)
    const handles = services.flatMap(({ purposes }) => purposes.map(({ handle }) => handle))
    return secretForm.test(secret) ? { secret, receipt, handles } : null
  } catch {
    return null
  }
}

// Browsers inflate without a dictionary only. So it goes in front as a stored block (RFC 1951 §3.2.4), and is cut off again.
async function unpack(code) {
  const { length } = dictionary
  const block = Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff)
  const stream = new Blob([block, dictionary, fromBase45(code)]).stream()
  const bytes = await new Response(stream.pipeThrough(new DecompressionStream('deflate-raw'))).arrayBuffer()
  return new TextDecoder().decode(new Uint8Array(bytes).slice(length))
}

function fromBase45(text) {
  const bytes = []
  for (let at = 0; at < text.length; at += 3) {
    const value = [...text.slice(at, at + 3)].reduceRight((sum, sign) => sum * 45 + signs.indexOf(sign), 0)
    bytes.push(...(at + 2 < text.length ? [value >> 8, value & 0xff] : [value]))
  }
  return Uint8Array.from(bytes)
}
