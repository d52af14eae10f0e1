import { randomInt } from 'node:crypto'
import { every } from '../base/clock.ts'
import { hour, minute, second } from '../base/duration.ts'
import { describeError, GatewayError } from '../base/errors.ts'
import { openAlarm, openSeldom } from './alarm.ts'
import { createCourier } from './courier.ts'
import type { CourierAction, CourierInput, Protocol } from './courier-words.ts'
import { secondsOfUse } from './expiry.ts'
import type { Failure } from './failure.ts'
import { encodeNotice, type Outgoing } from './feed.ts'
import { createKeeper } from './keeper.ts'
import { type Link, type LinkEvents, openLink } from './mqtt.ts'
import { openPatience } from './patience.ts'
import { createRequests, type Limits } from './requests.ts'
import { parseMessage } from './stored.ts'
import type { Uplink, UplinkParts } from './uplink-words.ts'

export type { Uplink, UplinkParts, UplinkState } from './uplink-words.ts'

const healthEvery = 5 * minute
const sweepEvery = hour
const closingTime = 2 * second
/** Couriers count from 1. */
const farewell = 0
const ofAnswers = -1
/** Seconds that a shopper may wait for an answer. */
const answerLife = 60

export function openUplink(parts: UplinkParts): Uplink {
  const { outbox, clock, realClock, log, identity, mode } = parts
  const random = parts.random ?? (() => randomInt(2 ** 32) / 2 ** 32)
  const courier = createCourier({ identity, mode, random })
  const patience = openPatience(realClock)
  const seldom = openSeldom(realClock)
  const keeper = createKeeper(outbox, (error) =>
    seldom('storage', () => log.error(`The outbox: ${describeError(error)}`)),
  )
  const requests = createRequests({
    identity,
    clock: realClock,
    onRequest: parts.onRequest,
    send: (outgoing) => link?.publish(ofAnswers, outgoing, answerLife),
    onError: (error) => seldom('request', () => log.error(describeError(error))),
  })
  const alarms = { shop: openAlarm(clock), real: openAlarm(realClock) }
  const periods: (() => void)[] = []
  const inputs: CourierInput[] = []
  const hearsRequests = parts.onRequest !== undefined
  let isStepping = false
  let isClosing = false
  let link: Link | undefined
  let generation = 0
  let session = { number: 0, wasUsed: true }
  let since = realClock.now()
  let failure: string | null = null
  let connectedAt = Number.POSITIVE_INFINITY

  function feed(input: CourierInput): void {
    inputs.push(input)
    if (isStepping) return
    isStepping = true
    try {
      for (let next = inputs.shift(); next; next = inputs.shift()) {
        for (const action of courier.step(next, moment())) perform(action)
      }
    } finally {
      isStepping = false
    }
    patience.look()
  }

  function moment() {
    const shop = mode === 'replay' ? Infinity : clock.now()
    return { shop, wall: realClock.now(), real: realClock.monotonic() }
  }

  function perform(action: CourierAction): void {
    switch (action.do) {
      case 'connect':
        return dial(action.protocol)
      case 'disconnect':
        return hangUp()
      case 'publish':
        return link?.publish(
          action.ticket,
          keeper.asItIsNow(action.outgoing),
          secondsOfUse(action.createdAt, realClock.now()),
        )
      case 'wake':
        return alarms[action.on].set(action.inMs, () => feed({ is: action.on === 'shop' ? 'woken' : 'ticked' }))
      case 'adopt':
        return parts.onRestoredImage(action.upTo)
      case 'report':
        return report(action)
      case 'read':
        inputs.push({
          is: 'rows',
          lane: action.lane,
          again: action.again,
          batch: keeper.read(action, moment().shop, realClock.monotonic() - connectedAt),
        })
        return
      default:
        keeper.store(action)
    }
  }

  function report({ what, key, reason }: CourierAction & { do: 'report' }): void {
    const row = what === 'stored-ignored' ? 'UPLINK_STORED_IGNORED' : 'UPLINK_MESSAGE_TURNED_DOWN'
    seldom(`${what} ${reason}`, () => log.warn({ message: key, reason }, describeError(new GatewayError(row))))
  }

  function dial(protocol: Protocol): void {
    generation += 1
    try {
      if (session.wasUsed) session = { number: parts.session(), wasUsed: false }
      const { number } = session
      const linkParts = { upstream: parts.settings, identity, protocol, session: number, hearsRequests }
      link = openLink(linkParts, eventsOf(generation))
    } catch (error) {
      const known = error instanceof GatewayError ? error : new GatewayError('UPLINK_BROKER_UNREACHABLE')
      lost({ why: 'network', error: known })
    }
  }

  /** The events of one link; those of a link that was given up are not heard. */
  function eventsOf(mine: number): LinkEvents {
    const heardBy = <A extends readonly unknown[]>(act: (...args: A) => void) => {
      return (...args: A) => {
        if (mine === generation) act(...args)
      }
    }
    return {
      connected: heardBy(connected),
      answered: heardBy(answered),
      stored: heardBy(heard),
      request: heardBy(requests.hear),
      deaf: heardBy(() => seldom('deaf', () => log.warn(describeError(new GatewayError('UPLINK_STORED_UNREADABLE'))))),
      lost: heardBy(lost),
    }
  }

  function connected(limits: Limits): void {
    session.wasUsed = true
    log.info({ session: session.number, protocol: courier.progress.protocol }, 'Connected to the broker.')
    since = realClock.now()
    failure = null
    connectedAt = realClock.monotonic()
    patience.encourage()
    feed({ is: 'noticed', notice: status('online') })
    publishNotices()
    feed({ is: 'connected', ...requests.connected(limits) })
  }

  function status(state: 'online' | 'offline'): Outgoing {
    return encodeNotice('status', { state, session: session.number }, identity)
  }

  function answered(ticket: number, reason: number): void {
    if (ticket === ofAnswers) return requests.answered()
    if (reason < 0x80) patience.encourage()
    if (ticket === farewell) hasSaidFarewell = true
    feed({ is: 'answered', ticket, reason })
  }
  let hasSaidFarewell = false

  function heard(payload: Buffer, isRetained: boolean): void {
    const lastSeq = { aggregates: outbox.lastSeq('aggregates'), signals: outbox.lastSeq('signals') }
    feed({ is: 'stored', message: parseMessage(payload), isRetained, lastSeq })
  }

  function lost({ why, error }: Failure): void {
    if (courier.progress.isConnected) since = realClock.now()
    const sentence = describeError(error)
    if (sentence !== failure && !isClosing) log.warn(sentence)
    failure = sentence
    link = undefined
    requests.lost()
    feed({ is: 'lost', why })
  }

  function hangUp(): void {
    generation += 1
    link?.destroy()
    lost({ why: 'network', error: new GatewayError('UPLINK_CONNECTION_LOST', 'It answered nothing for a minute.') })
  }

  function publishNotices(): void {
    const { catalogue, health } = parts.notices
    const notices = [
      () => encodeNotice('catalogue', catalogue(), identity),
      () => encodeNotice('health', health(), identity),
    ]
    for (const encode of notices) {
      try {
        feed({ is: 'noticed', notice: encode() })
      } catch (error) {
        seldom('notice', () => log.error(describeError(error)))
      }
    }
  }

  async function close(): Promise<void> {
    if (isClosing) return
    isClosing = true
    for (const cancel of [...periods, alarms.shop.cancel, alarms.real.cancel]) cancel()
    feed({ is: 'closing' })
    await patience.until(() => !link || courier.progress.inFlight === 0, closingTime)
    if (link && courier.progress.isConnected) {
      link.publish(farewell, status('offline'), null)
      await patience.until(() => !link || hasSaidFarewell, closingTime)
    }
    generation += 1
    if (courier.progress.isConnected) await link?.close()
    else link?.destroy()
    link = undefined
  }

  return {
    open() {
      keeper.sweep()
      periods.push(every(realClock, healthEvery, publishNotices))
      periods.push(every(realClock, sweepEvery, keeper.sweep))
      feed({ is: 'opened' })
    },
    wake: () => feed({ is: 'woken' }),
    publishNotices,
    settled: (time) => patience.until(() => courier.progress.inFlight === 0 && outbox.waiting() === 0, time),
    state: () => ({ ...courier.progress, since, failure, requests: requests.figures }),
    answer: (nonce, value) => !isClosing && requests.answer(nonce, value),
    close,
  }
}
