import { boxAskPair, type OpenedQuestion, openQuestion } from '../base/ask-seal.ts'
import { hour, parseDuration, second } from '../base/duration.ts'
import { describeError } from '../base/errors.ts'
import { createAskedOnce } from '../consent/asked-once.ts'
import { createAttempts } from '../consent/attempts.ts'
import { boxKeysOf } from '../consent/box-keys.ts'
import { openCaps } from '../consent/caps.ts'
import { createDesk } from '../consent/desk.ts'
import { type Answer, refusal } from '../consent/desk-answers.ts'
import { createOffer } from '../consent/desk-offer.ts'
import type { Visits } from '../consent/event.ts'
import { offerOf, openConsentFolder } from '../consent/folder.ts'
import { createFreshness } from '../consent/freshness.ts'
import { createLocalTime } from '../consent/local-time.ts'
import { createOptIn } from '../consent/opt-in.ts'
import { handlesOf, openHandles } from '../consent/record.ts'
import { createSightings } from '../consent/sightings.ts'
import { createSignaller } from '../consent/signaller.ts'
import { createTagDesk } from '../consent/tag-desk.ts'
import { createTagRing } from '../consent/tag-ring.ts'
import { openToday } from '../consent/today.ts'
import { openTold } from '../consent/told.ts'
import { openVisits } from '../consent/visits.ts'
import type { Recognised } from '../observations/observation.ts'
import { createTagBook } from '../observations/tag-book.ts'
import { closingAt, createCalendar } from '../privacy/calendar.ts'
import { createCounted, visitorsOf } from './counted.ts'
import { createFaults, isRecordDamaged } from './faults.ts'
import { createShopperFeed } from './feed.ts'
import { createLostEnds } from './lost.ts'
import { voidOthers } from './void-others.ts'
import {
  closedShoppers,
  type Ground,
  isLeave,
  measuredBy,
  placeOf,
  type ShopperParts,
  type Shoppers,
  sealAnswer,
} from './words.ts'

/**
 * Opens what shoppers agreed to. A record that is not whole grants nothing and counting goes on: then every question is
 * answered "off". Undefined where no purpose was ever declared.
 */
export function openShoppers(parts: ShopperParts): Shoppers | undefined {
  const keys = boxKeysOf(parts.key)
  const today = openToday(parts.database, keys.record)
  const faults = createFaults(parts.log, parts.realClock)
  try {
    const isOffering = parts.config.purposes.length > 0
    const hasRecord = parts.database.connection.prepare('SELECT 1 FROM consent_event').get() !== undefined
    return isOffering || hasRecord ? openSound(parts, { keys, today, faults }) : undefined
  } catch (error) {
    parts.log.error(describeError(error))
    // Whose grants cannot be read is told of no more.
    faults.quietly(() => voidOthers(parts, new Set()))
    if (isRecordDamaged(error)) parts.onDamage?.(error)
    return closedShoppers(visitorsOf(today))
  }
}

function openSound(parts: ShopperParts, { keys, today, faults: { failed, quietly } }: Ground): Shoppers {
  const { config, database, clock, realClock } = parts
  const { store, controller, purposes } = config
  const askPair = boxAskPair(keys.asking)
  const offer = { country: store.country, languages: store.languages, controller, purposes }
  const consents = openConsentFolder({ ...parts, offer })
  const terms = offerOf(offer)
  const visits = openVisits(terms, clock, keys.secrets)
  const caps = openCaps(database, keys.record)
  const told = openTold(database)
  const counted = createCounted(consents, today, parts.counting)
  const sightings = createSightings()
  const local = createLocalTime(store.timezone)
  const signaller = createSignaller({ ...terms, consents, visits, caps, purposes, clock, local })
  const feed = createShopperFeed({ ...parts, consents, caps, told, signaller })
  const lost = createLostEnds({ ...parts, consents, told, feed })
  const calendar = createCalendar(store.timezone, store.opening, 60)
  const optIn = createOptIn(realClock, createAttempts(60))
  const freshness = createFreshness(realClock)
  const once = createAskedOnce()
  const book = createTagBook()
  const ring = createTagRing(consents, book, clock)
  const tagDesk = createTagDesk({
    clock,
    pair: keys.agreement,
    enrolled: (record, key) =>
      quietly(() => {
        const isKept = consents.attach(record, key).state === 'given'
        ring.renew(record)
        return isKept
      }) ?? false,
  })
  const place = placeOf(config)
  let closes: number | undefined
  /** How many visits there were, until the record has it. */
  let counts: readonly Visits[] = []
  let tidyAt = 0

  const desk = createDesk({
    consents,
    visits,
    tags: tagDesk,
    optIn,
    freshness,
    keys,
    clock,
    shop: { controller, purposes, country: store.country, service: store.name, policyUrl: '' },
    isOffering: purposes.length > 0,
    offer: createOffer({
      keys,
      askKey: askPair,
      freshness,
      store,
      languages: store.languages,
      controller,
      purposes,
      notices: terms.notices,
      measured: () => measuredBy(parts.policy(), config),
      closing,
    }),
    closing,
    recordOfTag: (eid) => ring.recordOf(book.find(eid, 0, clock.monotonic())),
    erasureOf: feed.erasureOf,
    told: {
      // What was given is given, also where head office cannot be told yet.
      came: (who) => void quietly(() => came(who)),
      changed(who) {
        ring.renew(who)
        if (!consents.isAnyGranted(who)) sightings.forget(who)
        feed.passOn()
      },
      visitLeft: (visit) => feed.tellVisit(visit, 'withdrawn'),
      again: () => feed.passOn(),
    },
  })

  function closing(): number | undefined {
    return clock.isTrusted() ? closingAt(calendar, clock.now()) : undefined
  }

  function came(who: string): void {
    const visit = visits.visit(who)
    counted(who)
    if (visit) feed.tellVisit(visit, 'given')
    else feed.passOn()
    feed.happened(sightings.came(who, place))
  }

  function recognised({ tag, zone, at }: Recognised): void {
    const record = ring.recordOf(tag)
    if (record === undefined || closing() === undefined) return
    if (!consents.isAnyGranted(record)) return ring.renew(record)
    counted(record)
    const happening = sightings.heard(record, zone, at)
    if (happening?.event === 'arrived') ring.noteArrival(tag)
    feed.happened(happening)
  }

  function tick(): void {
    if (feed.isBehind) feed.passOn()
    if (!clock.isTrusted()) return
    const at = clock.monotonic()
    ring.tick(at)
    lost.lookAside()
    for (const happening of sightings.tick(at)) feed.happened(happening)
    const closed = closes !== undefined && clock.now() >= closes ? closes : undefined
    closes = closing()
    if (closed !== undefined) closeShop(closed)
    noteCounts()
    if (at >= tidyAt) tidy(at)
  }

  function closeShop(at: number): void {
    const { news, visits: counted } = visits.close(calendar.dayOf(at - second))
    counts = [...counts, ...counted]
    // Of visits the end is told, and no more.
    for (const who of sightings.present()) quietly(() => feed.happened(sightings.gone(who)))
    feed.tellVisits(news)
    told.forgetVisits()
  }

  function noteCounts(): void {
    consents.noteVisits(counts)
    counts = []
  }

  function tidy(at: number): void {
    consents.tidy(parseDuration(config.retention.consentRecords))
    feed.passOn()
    feed.forgetOlderThan(parseDuration(config.retention.signals))
    lost.fillGaps()
    caps.forgetBefore(local(clock.now()).day)
    told.keepOnly(new Set([...consents.records()].flatMap((record) => handlesOf(record))))
    tidyAt = at + hour
  }

  function ask(sealed: Buffer, from: string): Buffer | undefined {
    const opened = openQuestion(askPair, sealed)
    if (!opened) return undefined
    const isFirst = once.isFirst(opened.ephemeral, realClock.monotonic())
    if (isLeave(opened.question)) return left(opened, from)
    return sealAnswer(opened, isFirst ? answer(opened.question, from) : refusal('stale'))
  }

  /** The relay repeats a leave until it is answered, and forgets it then: what was not done gets no answer. */
  function left({ question, seal }: OpenedQuestion, from: string): Buffer | undefined {
    const done = answer(question, from)
    return done.state === 'left' || (done.state === 'declined' && done.why === 'malformed') ? seal(done) : undefined
  }

  function answer(question: unknown, from: string): Answer {
    try {
      return desk.answer(question, from)
    } catch (error) {
      // Nothing was given: the shopper may try again.
      if (isRecordDamaged(error)) parts.onDamage?.(error)
      failed(error)
      return refusal('off')
    }
  }

  // What there is no room for is handed over later, and what must not leave is void before anything does.
  quietly(() => feed.passOn())
  // Also about those of whom the disk lost the word that they left.
  voidOthers(parts, new Set([...consents.records()].flatMap(openHandles)))
  return {
    visitors: visitorsOf(today),
    tags: { book, isEnrolling: tagDesk.isWaiting, near: tagDesk.heard },
    recognised: (observation) => void quietly(() => recognised(observation)),
    answer,
    ask,
    optIn() {
      if (purposes.length === 0 || closing() === undefined) return null
      // Asked first: a token that changes meanwhile is then the newer one, with no time left, and not the old one with all of it.
      const changesInMs = optIn.changesIn()
      return { token: optIn.token(), shown: optIn.shown(), changesInMs }
    },
    tick,
    restoredFromImage(upTo) {
      feed.adopt(upTo)
      consents.restoredFromImage()
      ring.clear()
      feed.passOn()
    },
    close: consents.close,
  }
}
