import { macOf } from './mac.ts'

/**
 * What a tag says to be forgotten: that it holds the key of the identifier that it sends at this moment. Only the tag and
 * the box can make it, and it is good for as long as that identifier is.
 * @param identityKey 16 bytes; @param eid 8 bytes; @returns 16 bytes
 */
export function leaveProof(identityKey: Buffer, eid: Uint8Array): Buffer {
  return macOf(identityKey, 'drempel leave/1', Buffer.from(eid)).subarray(0, 16)
}
