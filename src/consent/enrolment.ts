import { timingSafeEqual } from 'node:crypto'
import { second } from '../base/duration.ts'
import { eidOf } from '../base/eddystone-eid.ts'
import { type AgreementPair, agreeIdentityKey } from '../base/identity-key.ts'
import { heardNear, heldNear, type Near, type NearFrame } from './gesture.ts'
import type { SlotKey } from './key-slots.ts'

/**
 * How a tag becomes known: its owner chose on the page and got a token; holds the tag to the beacon; presses its button or
 * holds it to the NFC reader, which hands over token, public key and clock; and what the tag then says over the air must be
 * what the agreed key makes it say. While any of these is missing nothing is stored anywhere. Pure: values in, values out.
 */
export type Enrolment =
  | {
      readonly phase: 'waiting'
      /** 16 random bytes, for one enrolment. */
      readonly token: Buffer
      /** Monotonic ms. */
      readonly since: number
      readonly near: Near
      readonly pressedAt: number | null
      readonly offer: TagOffer | null
    }
  | { readonly phase: 'enrolled'; readonly key: SlotKey }
  | { readonly phase: 'refused'; readonly why: 'late' | 'wrong-token' | 'no-key' }

/** What the tag hands over. Over NFC it is also the deliberate act; over GATT its button must be pressed besides. */
export interface TagOffer {
  readonly by: 'nfc' | 'gatt'
  readonly token: Buffer
  /** 32 bytes. */
  readonly publicKey: Buffer
  readonly exponent: number
  /** Seconds of the tag's own clock at `at`. */
  readonly counter: number
  /** Monotonic ms. */
  readonly at: number
}

export type EnrolmentInput =
  | ({ readonly kind: 'frame' } & NearFrame)
  | { readonly kind: 'button'; readonly at: number }
  | ({ readonly kind: 'offer' } & TagOffer)
  | { readonly kind: 'time'; readonly at: number }

/** What does not change while one waits. */
export interface EnrolmentGround {
  /** The store's own key pair for agreeing. */
  readonly pair: AgreementPair
  /** Ms since 1970 at monotonic ms `at`. */
  readonly wallAt: (at: number) => number
}

export const enrolmentLife = 60 * second
/** Button and hold belong together only if they happen together. */
export const gestureSpan = 10 * second

/** @param token 16 random bytes that were shown to this shopper alone; @param since monotonic ms */
export function beginEnrolment(token: Buffer, since: number): Enrolment {
  return { phase: 'waiting', token, since, near: [], pressedAt: null, offer: null }
}

/** What one more thing that happened makes of it. */
export function enrolmentAfter(before: Enrolment, input: EnrolmentInput, ground: EnrolmentGround): Enrolment {
  if (before.phase !== 'waiting') return before
  if (input.at - before.since > enrolmentLife || input.at < before.since) return { phase: 'refused', why: 'late' }
  switch (input.kind) {
    case 'frame':
      return completed({ ...before, near: heardNear(before.near, input) }, input.at, ground)
    case 'button':
      return completed({ ...before, pressedAt: input.at }, input.at, ground)
    case 'offer':
      return offered(before, input, ground)
    case 'time':
      return before
  }
}

type Waiting = Extract<Enrolment, { phase: 'waiting' }>

function offered(before: Waiting, offer: TagOffer, ground: EnrolmentGround): Enrolment {
  const isToken = offer.token.length === before.token.length && timingSafeEqual(offer.token, before.token)
  // One wrong token ends it: who guesses gets a single try.
  if (!isToken) return { phase: 'refused', why: 'wrong-token' }
  const pressedAt = offer.by === 'nfc' ? offer.at : before.pressedAt
  return completed({ ...before, offer, pressedAt }, offer.at, ground)
}

function completed(now: Waiting, at: number, { pair, wallAt }: EnrolmentGround): Enrolment {
  const { offer, pressedAt, near } = now
  const isPressed = pressedAt !== null && at - pressedAt <= gestureSpan
  const held = isPressed ? heldNear(near, at) : []
  if (!offer || held.length === 0) return now
  const identityKey = agreeIdentityKey({ own: pair.privateKey, resolver: pair.publicKey, beacon: offer.publicKey })
  if (!identityKey || !isUsable(offer)) return { phase: 'refused', why: 'no-key' }
  const key = {
    identityKey,
    exponent: offer.exponent,
    counter: offer.counter,
    enrolledAt: Math.floor(wallAt(offer.at)),
  }
  // Another tag may be held near as well: the right one shows itself by what it says.
  return held.some((eid) => isSaidBy(key, eid, at - offer.at)) ? { phase: 'enrolled', key } : now
}

function isUsable({ exponent, counter }: TagOffer): boolean {
  const isWithin = (value: number, most: number) => Number.isInteger(value) && value >= 0 && value <= most
  return isWithin(exponent, 15) && isWithin(counter, 2 ** 32 - 1)
}

/** Is this what a tag with the key says, `elapsed` ms after it told its clock? One change earlier or later is taken too. */
function isSaidBy({ identityKey, exponent, counter }: SlotKey, eid: string, elapsed: number): boolean {
  const clock = counter + Math.round(elapsed / 1000)
  return [-1, 0, 1].some((step) => {
    const seconds = (clock + step * 2 ** exponent + 2 ** 32) % 2 ** 32
    return eidOf(identityKey, exponent, seconds).toString('hex') === eid
  })
}
