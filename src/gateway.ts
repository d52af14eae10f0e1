import { openBallast } from './base/ballast.ts'
import { type Clock, every } from './base/clock.ts'
import type { DataFolder } from './base/data-folder.ts'
import { isDamage } from './base/database.ts'
import { day, hour, parseDuration, second } from './base/duration.ts'
import { isStorageFull } from './base/errors.ts'
import type { Log } from './base/log.ts'
import { macOf } from './base/mac.ts'
import type { RuntimeFile } from './base/runtime-file.ts'
import type { Config } from './config.ts'
import type { Driver, DriverHealth, Reading } from './drivers/reading.ts'
import { createDriver } from './drivers/registry.ts'
import { areaRadarsOf, feedsOf, radiosOf } from './drivers/settings-rules.ts'
import { createBeaconBook } from './observations/beacon-book.ts'
import { createCoverage } from './observations/coverage.ts'
import { deviceHealth } from './observations/device-health.ts'
import type { Observation, Trouble } from './observations/observation.ts'
import { createObservers, type Tally } from './observations/observers.ts'
import { visitorsFeed } from './privacy/listening.ts'
import { cryptoBits } from './privacy/mechanism.ts'
import { guessSentence, type Policy, policyOf } from './privacy/policy.ts'
import type { Release, Series } from './privacy/release.ts'
import { formatSnapshot, parseSnapshot } from './privacy/snapshot.ts'
import { visitorsSentence } from './privacy/visitors.ts'
import { openWall } from './privacy/wall.ts'
import { answerOverRelay } from './shoppers/over-relay.ts'
import { openShoppers } from './shoppers/shoppers.ts'
import type { Shoppers } from './shoppers/words.ts'
import { openStorage } from './storage.ts'
import { bytesPerHour, catalogueOf } from './uplink/catalogue.ts'
import { encodeRelease } from './uplink/feed.ts'
import type { Catalogue, Health } from './uplink/feed-schema.ts'
import { openUplink, type Uplink } from './uplink/uplink.ts'

/** What the roof decides: which configuration, on which clock, for how real a world. */
export interface GatewayParts {
  readonly config: Config
  /** run: real drivers. replay and demo: readings come through `hear` and every sensor is alive unless it says otherwise. */
  readonly mode: 'run' | 'replay' | 'demo'
  readonly folder: DataFolder
  readonly clock: Clock
  /** For the network, which knows only real time. */
  readonly realClock: Clock
  readonly log: Log
  readonly version: string
  /** Where open counts survive a crash of the process. */
  readonly runtimeFile?: RuntimeFile | undefined
  /** Storage is broken: nothing may be released any more and the process should start anew. */
  readonly onFatal: (error: unknown) => void
  /** Asks the unit that runs as root to reset a Bluetooth adapter. */
  readonly resetAdapter?: (adapter: string) => void
  /** The pipeline moved: called after every tick that went through. */
  readonly onTick?: () => void
}

export interface Gateway {
  /** Starts last to first: uplink, wall, observations, drivers. */
  open(): Promise<void>
  hear(reading: Reading): void
  /** Lets time pass: called every second by itself in run and demo, by hand in replay. */
  tick(): void
  /** Closes every slot up to the one that holds wall ms `time`: the end of a recording. */
  finish(time: number): void
  /** Wall ms at which the next slot is due. */
  nextDue(): number | undefined
  /** People who passed but whose slot was closed already. */
  late(): number
  /** Messages in the outbox that the broker has not taken yet. */
  waiting(): number
  sensors(): readonly DriverHealth[]
  troubles(): readonly Trouble[]
  /** Exact, so for the summary of replay and for calibration only. */
  tally(): Tally
  readonly uplink: Uplink
  /** Undefined where shoppers are asked for nothing, and in replay. */
  readonly shoppers: Shoppers | undefined
  /** Releases as they were kept for sending, newest last: for pages of demo and replay. */
  onRelease(listener: (release: Release, bytes: Buffer) => void): void
  onObservation(listener: (observation: Observation) => void): void
  /** Stops first to last. */
  close(): Promise<void>
}

const patienceAtStart = 10 * second

/** The whole house on one page: drivers > observations > privacy > uplink. */
export function openGateway(parts: GatewayParts): Gateway {
  const { config, mode, folder, clock, realClock, log, version } = parts
  const identity = { organisation: config.organisation, store: config.store.id, gateway: config.gateway }
  const started = clock.monotonic()
  let storageIsFull = false
  let refusedIsTold = false
  let tidyAt = 0
  // Until the file was looked at as a whole nothing new is drawn; replay and demo have nobody real to protect.
  let isChecked = mode !== 'run'
  const stops: (() => void | Promise<void>)[] = []
  const releaseListeners: ((release: Release, bytes: Buffer) => void)[] = []
  const observationListeners: ((observation: Observation) => void)[] = []

  // ground
  const ballast = openBallast(folder.path)
  const policy = policyOf(config)
  const storage = openStorage({ folder: folder.path, key: folder.key, version, policy, clock: realClock, log, ballast })
  const { database, journal, plan, outbox } = storage

  // what leaves
  const uplink = openUplink({
    settings: config.upstream,
    identity,
    outbox,
    clock,
    realClock,
    log,
    mode,
    session: storage.session,
    notices: { catalogue, health },
    onRequest: (request) => overRelay?.(request),
    onRestoredImage(upTo) {
      try {
        outbox.withRoom(() => wall.restoredFromImage(upTo.aggregates))
        shoppers?.restoredFromImage(upTo.signals)
      } catch (error) {
        storageFailed(error)
      }
    },
  })

  // the wall
  const phones = config.privacy.profile === 'phones' ? config.privacy.phones : undefined
  const feeds = new Map(feedsOf(config.sensors))
  // Until midnight an older policy may still declare them, though nobody listens: then they have no sensor.
  if (phones) for (const [zone, radios] of radiosOf(config.sensors)) feeds.set(`phones/${zone}`, radios)
  for (const [zone, radars] of areaRadarsOf(config.sensors)) feeds.set(`dwell/${zone}`, radars)
  const radios = [...radiosOf(config.sensors).values()].flat()
  feeds.set(visitorsFeed, radios)
  const coverage = createCoverage([...feeds.values()].flat(), started)
  const wall = openWall({
    database,
    clock,
    plan,
    journal,
    runningDay: storage.runningDay,
    bits: cryptoBits(),
    origin: `${identity.store}/${identity.gateway}`,
    aliveShare(feed, from, to) {
      // Where there is no radio shoppers say on the page that they are here, and no sensor can fail to hear that.
      if (feed === visitorsFeed && radios.length === 0) return 1
      return coverage.aliveShare(feeds.get(feed) ?? [], from, to)
    },
    visitors: {
      on: (day) => (shoppers ? shoppers.visitors.on(day) : 0),
      forget: (day) => shoppers?.visitors.forget(day),
      forgetBefore: (day) => shoppers?.visitors.forgetBefore(day),
    },
    keep,
    replaying: mode === 'replay',
    delay: macOf(folder.key, 'delay').readUInt32BE(0) % (30 * second),
  })

  // what was agreed
  const consentParts = {
    config,
    database,
    file: storage.file,
    key: folder.key,
    clock,
    realClock,
    outbox,
    identity,
    log,
    policy: policyInForce,
    counting: wall.counting,
    wake: () => uplink.wake(),
  }
  const shoppers = mode === 'replay' ? undefined : openShoppers({ ...consentParts, onDamage: condemned })

  const overRelay = shoppers && answerOverRelay(shoppers, (nonce, value) => uplink.answer(nonce, value))

  // what it means
  const beacons = createBeaconBook(config.beacons)
  const observers = createObservers(config.sensors, observed, { beacons: config.beacons, phones, tags: shoppers?.tags })

  // what is heard
  const radio = {
    beacons: config.beacons,
    hearsPeople: phones !== undefined,
    hearsTags: shoppers !== undefined && config.purposes.length > 0,
    ...(shoppers ? { optIn: shoppers.optIn, isEnrolling: shoppers.tags.isEnrolling } : {}),
    resetAdapter: parts.resetAdapter ?? (() => {}),
  }
  const drivers = mode === 'run' ? config.sensors.map((sensor) => createDriver(sensor, { clock, log, ...radio })) : []

  function hear(reading: Reading): void {
    observers.observe(reading)
  }

  function observed(observation: Observation): void {
    if (observation.kind === 'crossing' || observation.kind === 'stay') wall.count(observation.at, observation)
    else if (observation.kind === 'nearby') wall.hear(observation.at, observation)
    else if (observation.kind === 'recognised') shoppers?.recognised(observation)
    else if (observation.kind === 'telemetry') beacons.note(observation)
    else if (observation.kind === 'alive' || observation.kind === 'trouble') coverage.note(observation)
    for (const listener of observationListeners) listener(observation)
  }

  function keep(release: Release, series: Series, leavesAt: number): Buffer {
    const outgoing = encodeRelease(release, series, identity)
    outbox.put(outgoing, leavesAt)
    for (const listener of releaseListeners) listener(release, outgoing.bytes)
    return outgoing.bytes
  }

  function catalogue(): Catalogue {
    const declared = policyInForce()
    return catalogueOf(declared, guessSentence(declared), visitorsSentence(declared))
  }

  function policyInForce(): Policy {
    return wall.policy() ?? policy
  }

  function tick(): void {
    const at = clock.monotonic()
    observers.tick(at)
    try {
      outbox.withRoom(() => wall.tick(mayCatchUp()))
      outbox.withRoom(() => shoppers?.tick())
      if (wall.policy() && at >= tidyAt) tidy(at)
      storageIsFull = false
      tellRefused()
      parts.onTick?.()
    } catch (error) {
      storageFailed(error)
    }
    coverage.forget(at - 26 * hour)
    uplink.wake()
    parts.runtimeFile?.write(formatSnapshot(wall.snapshot()))
  }

  function tellRefused(): void {
    if (wall.refused === 0 || refusedIsTold) return
    refusedIsTold = true
    log.warn('a zone heard a million addresses in five minutes, which no shop has: further ones are not counted')
  }

  /** Once a day, as soon as the date is known: a changed policy waits for midnight, what is past its retention goes. */
  function tidy(at: number): void {
    const from = wall.adopt(policy)
    if (from > new Date(clock.now()).toISOString()) log.info({ from }, 'the changed privacy policy starts on this day')
    const before = new Date(clock.now() - parseDuration(config.retention.journal)).toISOString().slice(0, 10)
    database.lazyTransaction(() => journal.forgetBefore(before))
    storage.tidy(realClock.now())
    ballast.remake()
    tidyAt = at + day
  }

  /** A box restored from an old image learns so from the broker: it waits a moment before it says what it missed. */
  function mayCatchUp(): boolean {
    const { isConnected, since } = uplink.state()
    const isSettled = isConnected && realClock.now() - since > second
    if (!isChecked) return false
    return mode !== 'run' || isSettled || clock.monotonic() - started > patienceAtStart
  }

  function checked(): void {
    isChecked = true
  }

  function condemned(error: unknown): void {
    storage.condemn()
    parts.onFatal(error)
  }

  function storageFailed(error: unknown): void {
    if (isDamage(error)) storage.condemn()
    if (!isStorageFull(error)) return parts.onFatal(error)
    if (!storageIsFull) log.error('the disk is full: numbers wait in memory until there is room')
    storageIsFull = true
  }

  function health(): Health {
    const left = outbox.stats(bytesPerHour(policyInForce(), identity))
    return {
      uptime: Math.round((clock.monotonic() - started) / 1000),
      version,
      clock: clock.isTrusted() ? 'trusted' : 'untrusted',
      ...deviceHealth(sensors(), beacons.report(clock.monotonic())),
      outboxHoursLeft: Math.floor(left.hoursLeft),
      shed: left.shed?.map(([first, last]) => [first, last]) ?? null,
      storage: storage.quarantined() > 0 ? { quarantined: storage.quarantined() } : null,
      chain: journal.chainHead(),
    }
  }

  function sensors(): readonly DriverHealth[] {
    if (mode === 'run') return drivers.map((driver) => driver.health())
    const listens = radio.hearsPeople || radio.hearsTags || config.beacons.length > 0
    return config.sensors.map(({ id, kind }) => ({
      sensor: id,
      state: kind === 'ble' && !listens ? 'not-driven' : 'up',
      dropped: 0,
    }))
  }

  async function openDrivers(): Promise<void> {
    if (mode !== 'run') {
      for (const { id } of config.sensors) hear({ kind: 'state', sensor: id, at: clock.monotonic(), state: 'up' })
    }
    await Promise.all(drivers.map((driver: Driver) => driver.open(hear)))
  }

  return {
    async open() {
      const snapshot = parseSnapshot(parts.runtimeFile?.read() ?? '')
      if (snapshot) wall.restore(snapshot)
      stops.push(() => database.close())
      stops.push(() => shoppers?.close())
      uplink.open()
      stops.push(() => uplink.close())
      if (!isChecked) stops.push(storage.check(checked, parts.onFatal))
      tick()
      await openDrivers()
      stops.push(...drivers.map((driver) => () => driver.close()))
      if (mode === 'replay') return
      stops.push(every(clock, second, tick))
    },
    hear,
    tick,
    finish(time) {
      observers.tick(clock.monotonic() + 5 * second)
      outbox.withRoom(() => wall.finish(time))
      uplink.wake()
    },
    nextDue: () => wall.nextDue(),
    late: () => wall.late,
    waiting: () => outbox.waiting(),
    sensors,
    troubles: () => observers.troubles(),
    tally: () => observers.tally(),
    uplink,
    shoppers,
    onRelease: (listener) => void releaseListeners.push(listener),
    onObservation: (listener) => void observationListeners.push(listener),
    async close() {
      parts.runtimeFile?.write(formatSnapshot(wall.snapshot()))
      for (const stop of stops.reverse()) await stop()
      wall.close()
    },
  }
}
