import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { fromBase45, toBase45 } from '../base/base-codes.ts'

/**
 * A receipt for a QR code: its text deflated with a dictionary of what every receipt says, in Base45, which QR codes pack
 * most densely. Nothing is left out: it is the same receipt, with the same signature.
 */
const head = 'DREMPEL1:'

// Part of the format: whoever changes a letter makes every printed code unreadable.
const dictionary = Buffer.from(
  '.000Z"termination":"2026-01-01T00:00:00.000Z""collectionMethod":"gesture","collectionMethod":"page","consentReceiptID":"' +
    '","consentTimestamp":17,"jurisdiction":"SE,"jurisdiction":"DE","jurisdiction":"NL","keyId":"","language":"sv' +
    '","language":"de","language":"en","language":"nl","piiControllers":[{"contact":"privacy@https://","piiController":"' +
    '"}],"piiPrincipalId":"","policyUrl":"https://","profile":"drempel-receipt/1","publicKey":"","secret":"' +
    '","sensitive":false,"services":[{"purposes":[{"consentType":"EXPLICIT","handle":"","notice":"sha256:' +
    '","piiCategory":["presence in the shop"],"primaryPurpose":false,"purpose":"offers","termination":"2027-' +
    'T00:00:00.000Z","thirdPartyDisclosure":true,"thirdPartyName":"","thirdPartyDisclosure":false,"thirdPartyName":""}],' +
    '"service":""}],"signature":"","spiCat":[],"version":"KI-CR-v1.1.0"}{"collectionMethod":"',
)

/** Only signs of QR's alphanumeric mode. */
export function packReceipt(text: string): string {
  return head + toBase45(deflateRawSync(text, { dictionary, level: 9 }))
}

/** undefined for what is no packed receipt. */
export function unpackReceipt(code: string): string | undefined {
  if (!code.startsWith(head)) return undefined
  const packed = fromBase45(code.slice(head.length))
  if (!packed) return undefined
  try {
    return inflateRawSync(packed, { dictionary, maxOutputLength: 16 * 1024 }).toString('utf8')
  } catch {
    return undefined
  }
}
