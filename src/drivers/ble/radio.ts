import { type Clock, every } from '../../base/clock.ts'
import { second } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { Sealed } from '../../base/sealed.ts'
import type { Advert, Driver, DriverHealth, Hear, OptInToken } from '../reading.ts'
import type { BeaconSettings, SensorOf } from '../settings.ts'
import { createStateTeller } from '../state.ts'
import { createAntenna } from './antenna.ts'
import type { AboutAdvert } from './bus/advert-ear.ts'
import { createHearing } from './hearing.ts'
import { createLadder, type Rung } from './ladder.ts'
import { createOptInBeacon } from './opt-in-beacon.ts'
import { matches, patternsOf } from './patterns.ts'
import { reasonOf } from './refusal.ts'

/** What a radio is told besides its own settings. */
export interface RadioParts {
  readonly clock: Clock
  readonly log: Log
  /** The shop's own devices: they are listened for, and their silence is noticed. */
  readonly beacons: readonly BeaconSettings[]
  /** Phones are counted: everybody's adverts are wanted. */
  readonly hearsPeople: boolean
  /** There is something to agree to: adverts of tags are wanted, whoever's they are. */
  readonly hearsTags?: boolean
  /**
   * What the opt-in beacon is to say now; null: nothing, since the shop is closed. Asked every second. Only a radio that has
   * something to hear says something.
   */
  readonly optIn?: () => OptInToken | null
  /** Somebody holds a tag to the beacon: every advert of a tag close by is wanted, also if it is the same as before. */
  readonly isEnrolling?: () => boolean
  /** Asks the part that may (a unit that runs as root) to reset the adapter. */
  readonly resetAdapter: (adapter: string) => void
}

const heartbeat = 5 * second
/** dBm; a tag that is held to the beacon is stronger. What is stronger than the strongest is "not known". */
const [closeBy, loudest] = [-60, 20]
const tagPatterns = patternsOf([], { hearsPeople: false, hearsTags: true })
/** A scan that we set up anew is back in less. Whether we do may depend on who is near, and that must not show in coverage. */
const pause = 10 * second

/**
 * Listens to Bluetooth advertisements through BlueZ. What is missing, taken away or silent shows as a state and is
 * tried again; a radio that hears nothing is set up anew, by ever stronger means and ever more seldom.
 */
export function createRadioDriver(settings: SensorOf<'ble'>, parts: RadioParts): Driver {
  const { clock, log } = parts
  const { beacons, hearsPeople, hearsTags = false } = parts
  const patterns = patternsOf(beacons, { hearsPeople, hearsTags })
  if (patterns.length === 0) return createIdleRadio(settings.id)
  const own = patternsOf(beacons, { hearsPeople: false, hearsTags: false })
  const ladder = createLadder()
  const hearing = createHearing(clock.monotonic())
  const stops: (() => void)[] = []
  let hear: Hear = () => {}
  let lastScan = clock.monotonic()
  let lastLife = lastScan
  const state = createStateTeller(settings.id, { clock, log, hear: (reading) => hear(reading) })
  const { optIn } = parts
  const beacon =
    optIn && createOptInBeacon({ sensor: settings.id, adapter: settings.adapter, clock, log: parts.log, optIn })
  const antenna = createAntenna({
    adapter: settings.adapter,
    clock,
    patterns,
    heard,
    scanning() {
      lastScan = clock.monotonic()
      ladder.began(lastScan)
      state.up(lastScan)
      beacon?.changed(true)
    },
    refused(refusal) {
      state.down(reasonOf(refusal, settings.adapter))
      beacon?.changed(false)
    },
  })

  function heard(advert: Sealed<Advert>, about: AboutAdvert): 'anew' | undefined {
    const at = clock.monotonic()
    const isWanted = hearsPeople || matches(about.data, patterns)
    const isEmpty = about.data.length === 0
    hearing.note(at, { isEmpty, print: about.fingerprint(), isOwn: own.length > 0 && matches(about.data, own) })
    if (!isWanted) return undefined
    antenna.heardWanted()
    hear({ kind: 'advert', sensor: settings.id, at, advert })
    const isHeldClose = about.rssi >= closeBy && about.rssi <= loudest && parts.isEnrolling?.() === true
    return isHeldClose && matches(about.data, tagPatterns) ? 'anew' : undefined
  }

  function look(): void {
    const at = clock.monotonic()
    hearing.look(at)
    antenna.look(at)
    if (!antenna.isScanning()) {
      // Where it is down already, the reason that was given is the better one.
      if (at - lastScan > pause && state.current().state === 'up') state.down(reasonOf('busy', settings.adapter))
      return
    }
    lastScan = at
    if (hearing.isDeaf(at)) state.down(reasonOf('deaf', settings.adapter))
    else state.up(at)
    if (hearing.lastLife() > lastLife) ladder.heard(hearing.lastLife())
    lastLife = hearing.lastLife()
    const rung = ladder.due(at)
    if (rung) climb(rung, at)
  }

  function climb(rung: Rung, at: number): void {
    log.warn({ sensor: settings.id, step: rung }, 'the radio has heard nothing for a while')
    // Two steps did not bring the beacons back: they are gone, or their batteries empty. Staff read it in health.
    if (rung !== 'rebuild' && rung !== 'power-cycle') hearing.forgive(at)
    if (rung === 'reset') parts.resetAdapter(settings.adapter)
    antenna.renew(rung)
  }

  return {
    sensor: settings.id,
    async open(listener) {
      hear = listener
      stops.push(every(clock, heartbeat, look))
      antenna.open()
      beacon?.open()
    },
    async close() {
      for (const stop of stops.splice(0)) stop()
      await Promise.all([antenna.close(), beacon?.close()])
    },
    health(): DriverHealth {
      const scan = antenna.mode()
      return {
        sensor: settings.id,
        ...state.current(),
        dropped: antenna.dropped(),
        ...(scan ? { scan } : {}),
        ...(beacon ? { beacon: beacon.state() } : {}),
      }
    },
  }
}

/** There is nothing to listen for, so nobody is listened to. */
function createIdleRadio(sensor: string): Driver {
  const reason = 'It listens to nobody: phones are not counted, and no beacon of the shop is named under beacons.'
  return {
    sensor,
    async open() {},
    async close() {},
    health: () => ({ sensor, state: 'not-driven', reason, dropped: 0 }),
  }
}
