import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import type { Caps } from '../consent/caps.ts'
import { type ConsentNews, isEnd } from '../consent/choice.ts'
import type { Consents } from '../consent/consents.ts'
import type { Erasure } from '../consent/desk-answers.ts'
import type { Happening } from '../consent/sightings.ts'
import type { Allowed } from '../consent/signaller.ts'
import type { Told } from '../consent/told.ts'
import type { Visit } from '../consent/visits.ts'
import { encodeConsent, encodeLost, encodeSignal, type Identity, type Outgoing } from '../uplink/feed.ts'
import type { Outbox } from '../uplink/outbox.ts'

export interface ShopperFeedParts {
  readonly database: Database
  readonly clock: Clock
  readonly outbox: Outbox
  readonly identity: Identity
  readonly consents: Consents
  readonly caps: Caps
  readonly told: Told
  readonly signaller: (happening: Happening) => Allowed[]
  /** Rows were put into the outbox. */
  readonly wake: () => void
}

/** What leaves about shoppers who agreed: signals, and what became of their agreements. */
export interface ShopperFeed {
  /** Hands over what head office does not know yet, and voids what has ended. */
  passOn(): void
  /** Whether something could not be handed over yet: the disk was full. */
  readonly isBehind: boolean
  /** Of one visit: nothing of it is written. */
  tellVisit(visit: Visit, event: ConsentNews['event']): void
  tellVisits(news: readonly ConsentNews[]): void
  /** Something happened to somebody: tells those who may be told. */
  happened(happening: Happening | undefined): void
  /** Head office waits for numbers whose message the disk took, and confirms no erasure after them: they go out empty. */
  fillGaps(): void
  /** What head office said of the erasure of handles that have ended. */
  erasureOf(handles: readonly string[]): Erasure
  /** Signals that waited longer than this, ms, are sent no more. */
  forgetOlderThan(age: number): void
  /** Head office has seen numbers up to here. */
  adopt(upTo: number): void
}

export function createShopperFeed(parts: ShopperFeedParts): ShopperFeed {
  const { database, clock, outbox, identity, consents, caps, told, signaller, wake } = parts
  let isBehind = false
  /** Of visits, in memory as they are: what there was no room to hand over yet. */
  let owed: readonly ConsentNews[] = []

  function nextSeq(): number {
    return outbox.lastSeq('signals') + 1
  }

  /** On a full disk what is there for that is given free. */
  function inTransaction(work: () => void): void {
    outbox.withRoom(() => database.transaction(work))
  }

  function put(outgoing: Outgoing, isLasting: boolean): void {
    if (isLasting) outbox.put(outgoing, 0)
    else outbox.putFleeting(outgoing, 0)
  }

  function tell(news: ConsentNews, isLasting: boolean): void {
    const seq = nextSeq()
    put(encodeConsent(news, { id: randomId(), seq }, identity), isLasting)
    if (!isEnd(news)) return
    caps.forget(news.handle)
    told.note(news.handle, seq, isLasting)
  }

  function tellAll(news: readonly ConsentNews[], isLasting: boolean): void {
    for (const one of news) tell(one, isLasting)
    const ended = endedOf(news)
    if (ended.size > 0) outbox.voidAbout(ended)
  }

  function tellVisits(news: readonly ConsentNews[]): void {
    owed = [...owed, ...news]
    // All of a visit is in memory, so that this needs no room.
    outbox.voidAbout(endedOf(news))
    tellOwed()
  }

  function tellOwed(): void {
    if (owed.length === 0) return
    inTransaction(() => tellAll(owed, false))
    owed = []
    wake()
  }

  function signal({ happening, grant, notice, moment, isLasting }: Allowed): void {
    const { event, zone } = happening
    const sighting = { event, zone, at: moment.now, id: randomId(), seq: nextSeq() }
    put(encodeSignal(sighting, grant, { notice, now: moment.now }, identity), isLasting)
    caps.note(grant.handle, happening, moment, isLasting)
  }

  return {
    get isBehind() {
      return isBehind || owed.length > 0
    },
    passOn() {
      let ended = 0
      isBehind = true
      tellOwed()
      const passed = outbox.withRoom(() =>
        consents.passOn((news) => {
          ended = endedOf(news).size
          tellAll(news, true)
        }),
      )
      isBehind = false
      // What was not sent lies in the write-ahead log still.
      if (ended > 0) database.forgetOldVersions()
      if (passed > 0) wake()
    },
    tellVisit: ({ grants }, event) => tellVisits(grants.map(({ handle, purpose }) => ({ handle, purpose, event }))),
    tellVisits,
    happened(happening) {
      const allowed = happening ? signaller(happening) : []
      if (allowed.length === 0) return
      inTransaction(() => allowed.forEach(signal))
      wake()
    },
    fillGaps() {
      const lost = outbox.lacking('signals')
      if (lost.length === 0) return
      database.transaction(() => {
        for (const seq of lost) outbox.put(encodeLost(seq, identity), 0)
      })
      wake()
    },
    erasureOf(handles) {
      if (handles.length === 0) return 'none'
      const erasedUpTo = outbox.stored('signals')?.erasedUpTo ?? 0
      const isOwed = owed.some(({ handle }) => handles.includes(handle))
      const isTold = (handle: string) => (told.seqOf(handle) ?? Number.POSITIVE_INFINITY) <= erasedUpTo
      const isConfirmed = !isOwed && handles.every(isTold)
      return isConfirmed ? 'confirmed' : 'asked'
    },
    forgetOlderThan(age) {
      let voided = 0
      inTransaction(() => {
        voided = outbox.voidBefore(clock.now() - age)
      })
      if (voided > 0) database.forgetOldVersions()
    },
    adopt(upTo) {
      // Put down, so that a restart does not begin again with numbers that head office would take for repeats.
      if (upTo > outbox.lastSeq('signals')) inTransaction(() => outbox.put(encodeLost(upTo, identity), 0))
    },
  }
}

function endedOf(news: readonly ConsentNews[]): ReadonlySet<string> {
  return new Set(news.filter(isEnd).map(({ handle }) => handle))
}

function randomId(): string {
  return randomBytes(12).toString('base64url')
}
