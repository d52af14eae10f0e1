import { adType, writeAd } from '../base/ad.ts'
import { eidLength, eidOf } from '../base/eddystone-eid.ts'
import { type AgreementPair, agreeIdentityKey, createAgreementPair } from '../base/identity-key.ts'
import { leaveProof } from '../base/leave-proof.ts'
import { optInTokenOf } from '../base/opt-in-advert.ts'

/**
 * The shopper's side of recognition, for makers of tags and apps: it computes what they send, and reads what the opt-in
 * beacon says. No radio, no storage, no network: bytes in, bytes out.
 *
 * 1. `readOptIn` finds the shop's token in an advert: the box is near, and the page will want that token.
 * 2. `createTag` agrees a key with the box, whose public key stands on the page. A tag is known in one shop only.
 * 3. `handOver` is what the box is given once, with the token that the page gave for this enrolment (by NFC or GATT).
 * 4. `advert` is what to send from then on, at least each second. It changes every 2^exponent seconds: change the address of
 *    the radio with it, or that tells who you are. In the foreground only: iOS sends no service data.
 * 5. To be forgotten: hand over what `leave` says, or withdraw on the page; then `forget`.
 */
export interface Tag {
  /** The advert (AD structures, 21 bytes) at a time of `now`; of this moment unless said. */
  advert(at?: number): Buffer
  /** @param tagToken the 16 bytes that the page gave for this enrolment */
  handOver(tagToken: Buffer): HandOver
  /** What says to the box "forget me", without a receipt: what it sends now, and that it holds the key of it. */
  leave(): { readonly eid: Buffer; readonly proof: Buffer }
  /** What an app stores to be the same tag after it was closed. Whoever reads it can be taken for the shopper. */
  kept(): KeptTag
  /** Overwrites the key. What it sends from then on nobody knows. */
  forget(): void
}

/** What the box is given once. Only the box can make the key of it: nothing here is secret but the token. */
export interface HandOver {
  readonly tagToken: Buffer
  /** Of the tag, 32 bytes. */
  readonly publicKey: Buffer
  readonly exponent: number
  /** Seconds of the tag's own clock at this moment. */
  readonly counter: number
}

export interface KeptTag {
  readonly publicKey: Buffer
  /** 16 bytes. Secret. */
  readonly identityKey: Buffer
  readonly exponent: number
  /** What the tag's clock said, in seconds, at `since` (ms of `now`). */
  readonly counter: number
  readonly since: number
}

/** What a tag takes from outside. */
export interface TagMeans {
  /** Milliseconds of a clock that goes on while the app is closed, such as Date.now. */
  readonly now: () => number
  /** dBm at 0 m, as the radio is calibrated. */
  readonly txPower?: number
}

export interface TagParts extends TagMeans {
  /** 32 bytes (X25519), from the shop's page. */
  readonly publicKeyOfBox: Buffer
  /** What is sent changes every 2^exponent seconds, 0 to 15; 10, seventeen minutes, unless said. */
  readonly exponent?: number
  /** The tag's own key pair, where it was made elsewhere. */
  readonly pair?: AgreementPair
}

const usualExponent = 10
const usualPower = -20
const eddystone = [0xaa, 0xfe]
const eidFrame = 0x30
/** Not to be connected to by Bluetooth Classic, and seen by everybody: what Eddystone asks of a beacon. */
const flags = 0x06

/** A new tag for one shop; undefined when `publicKeyOfBox` is no key. The private key is overwritten once it has served. */
export function createTag(parts: TagParts): Tag | undefined {
  const { publicKeyOfBox, exponent = usualExponent, pair = createAgreementPair() } = parts
  const { publicKey, privateKey } = pair
  const identityKey = agreeIdentityKey({ own: privateKey, resolver: publicKeyOfBox, beacon: publicKey })
  if (!parts.pair) privateKey.fill(0)
  if (!identityKey || !isExponent(exponent)) return undefined
  return restoreTag({ publicKey, identityKey, exponent, counter: 0, since: parts.now() }, parts)
}

/** The same tag as before; what it was made of is copied. */
export function restoreTag(before: KeptTag, { now, txPower = usualPower }: TagMeans): Tag {
  const { exponent, counter, since } = before
  const identityKey = Buffer.from(before.identityKey)
  const publicKey = Buffer.from(before.publicKey)

  // A clock that was set back must not let the tag repeat itself from before it began.
  function seconds(at: number): number {
    return (counter + Math.max(0, Math.floor((at - since) / 1000))) % 2 ** 32
  }

  return {
    advert: (at = now()) => advertOf(eidOf(identityKey, exponent, seconds(at)), txPower),
    handOver: (tagToken) => ({ tagToken, publicKey, exponent, counter: seconds(now()) }),
    leave() {
      const eid = eidOf(identityKey, exponent, seconds(now()))
      return { eid, proof: leaveProof(identityKey, eid) }
    },
    kept: () => ({ publicKey, identityKey: Buffer.from(identityKey), exponent, counter, since }),
    forget: () => void identityKey.fill(0),
  }
}

/** The shop's token in an advert (AD structures), 8 bytes; undefined when it is not of an opt-in beacon. */
export function readOptIn(advert: Uint8Array): Buffer | undefined {
  return optInTokenOf(advert)
}

function advertOf(eid: Buffer, txPower: number): Buffer {
  return Buffer.concat([
    writeAd(adType.flags, [flags]),
    writeAd(adType.allServices16, eddystone),
    writeAd(adType.serviceData16, [...eddystone, eidFrame, txPower & 0xff, ...eid.subarray(0, eidLength)]),
  ])
}

function isExponent(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 15
}
