import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { day as wholeDay } from '../base/duration.ts'
import { macOf } from '../base/mac.ts'
import {
  type ConsentNews,
  type NoConsent,
  noticeFor,
  type Offer,
  objectionTo,
  randomHandle,
  type Wish,
} from './choice.ts'
import type { Visits } from './event.ts'
import { type Grant, isGranted, type Purpose } from './grant.ts'

/**
 * "Just this visit": consents that live in the memory of this process and nowhere else, until the shopper leaves or the shop
 * closes. A file that is deleted may still lie on the disk; what was never written does not. So a restart ends them all, which
 * is the safe side: the shopper checks in again. What proves them afterwards is the receipt in the shopper's hands and, in
 * the record, how many there were on a day, written once the shop has closed.
 */
export interface OpenVisits {
  /** @param closing ms since 1970 */
  checkIn(
    wish: VisitWish,
    closing: number,
  ): { state: 'given'; visit: Visit; secret: Buffer } | { state: 'declined'; why: NoConsent }
  visit(id: string): Visit | undefined
  visitOf(secret: Buffer): Visit | undefined
  isGranted(id: string, purpose: Purpose): boolean
  /** False when there was nothing to end. */
  leave(id: string): boolean
  /** Handles of a visit that was left, until the shop closes: so that the shopper can see when they are erased. */
  leftHandles(secret: Buffer): readonly string[]
  /** The shop has closed: ends everything, and says what the record may keep. @param day local date, '2026-11-23' */
  close(day: string): { news: readonly ConsentNews[]; visits: readonly Visits[] }
  readonly count: number
}

/** As a wish, but the purposes need no end: the visit has one. */
export interface VisitWish {
  readonly language: string
  readonly age: number | undefined
  readonly purposes: readonly Purpose[]
}

export interface Visit {
  /** Random; known to this process and the shopper's receipt. */
  readonly id: string
  readonly language: string
  readonly since: number
  readonly until: number
  readonly grants: readonly Grant[]
}

/** More than any shop holds: what comes beyond is declined, so that a flood cannot fill the memory. */
export const mostVisits = 10_000

export function openVisits(offer: Offer, clock: Clock, secretsKey: Buffer): OpenVisits {
  const visits = new Map<string, Visit>()
  const secrets = new Map<string, string>()
  const left = new Map<string, readonly string[]>()
  const told = new Map<string, { purpose: Purpose; notice: string; count: number }>()

  function checkIn(wish: VisitWish, closing: number): ReturnType<OpenVisits['checkIn']> {
    const objection = clock.isTrusted() ? objectionTo(asWish(wish, closing), lastingVisit(offer), clock.now()) : 'clock'
    if (objection) return { state: 'declined', why: objection }
    if (visits.size >= mostVisits) return { state: 'declined', why: 'no-room' }
    const secret = randomBytes(16)
    const since = Math.floor(clock.now())
    const grants = [...new Set(wish.purposes)].map((purpose) => grantOf(purpose, wish.language, since, closing))
    const visit = { id: randomHandle(), language: wish.language, since, until: closing, grants }
    visits.set(visit.id, visit)
    secrets.set(hashOf(secret), visit.id)
    grants.forEach(count)
    return { state: 'given', visit, secret }
  }

  function grantOf(purpose: Purpose, language: string, validFrom: number, validUntil: number): Grant {
    const notice = noticeFor(offer.notices, purpose, language)?.hash ?? ''
    return { handle: randomHandle(), purpose, notice, validFrom, validUntil, withdrawnAt: null }
  }

  function count({ purpose, notice }: Grant): void {
    const key = `${purpose} ${notice}`
    told.set(key, { purpose, notice, count: (told.get(key)?.count ?? 0) + 1 })
  }

  function hashOf(secret: Buffer): string {
    return macOf(secretsKey, 'visit', secret).toString('hex')
  }

  function visitOf(secret: Buffer): Visit | undefined {
    return visits.get(secrets.get(hashOf(secret)) ?? '')
  }

  return {
    checkIn,
    visit: (id) => visits.get(id),
    visitOf,
    isGranted(id, purpose) {
      const visit = visits.get(id)
      const found = visit?.grants.find((one) => one.purpose === purpose)
      const inForce = noticeFor(offer.notices, purpose, visit?.language ?? '')
      return clock.isTrusted() && inForce !== undefined && isGranted(found, purpose, inForce.hash, clock.now())
    },
    leave(id) {
      const handles = visits.get(id)?.grants.map(({ handle }) => handle) ?? []
      for (const [hash, visit] of secrets) {
        if (visit !== id) continue
        secrets.delete(hash)
        left.set(hash, handles)
      }
      return visits.delete(id)
    },
    leftHandles: (secret) => left.get(hashOf(secret)) ?? [],
    close(day) {
      const news = [...visits.values()].flatMap(({ grants }) =>
        grants.map(({ handle, purpose }) => ({ handle, purpose, event: 'expired' as const })),
      )
      const counted = [...told.values()].map((one) => ({ type: 'visits' as const, day, ...one }))
      visits.clear()
      secrets.clear()
      left.clear()
      told.clear()
      return { news, visits: counted }
    },
    get count() {
      return visits.size
    },
  }
}

function asWish({ language, age, purposes }: VisitWish, closing: number): Wish {
  return { language, age, choices: purposes.map((purpose) => ({ purpose, until: closing })), method: 'page' }
}

/** A visit is shorter than the shortest term that a purpose may be agreed to for, so no term is too long for it. */
function lastingVisit(offer: Offer): Offer {
  const longest = new Map(offer.notices.map(({ purpose }) => [purpose, wholeDay]))
  return { ...offer, longest }
}
