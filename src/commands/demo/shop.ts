import type { ManualClock } from '../../base/clock.ts'
import { hour, minute, second } from '../../base/duration.ts'
import type { Config } from '../../config.ts'
import type { Hear } from '../../drivers/reading.ts'
import { createRecordingReader, formatRecordedEvent } from '../../drivers/recording.ts'
import type { Observation } from '../../observations/observation.ts'
import { createVirtualShop } from '../../simulator/shop.ts'
import type { Count, Moment } from '../../web/showing.ts'
import { demoOpening } from './config.ts'
import { createPace } from './pace.ts'
import { createTruth } from './truth.ts'
import { createWalks } from './walks.ts'

/** The virtual shop in motion: its people, what its sensors emit, and the truth about both. */
export interface DemoShop {
  /** Lets `real` ms of the machine's time pass: moves the clock, and what the sensors emit is heard. */
  pass(real: number): void
  observed(observation: Observation): void
  /** What happened since it was asked last. */
  moment(): Moment
  /** Who walked and what was counted in a zone in [from, to), wall ms. */
  truth(zone: string, from: number, to: number): { walked: Count; counted: Count }
  isOpen(): boolean
}

export interface DemoShopParts {
  readonly config: Config
  /** At `demoStart`. */
  readonly clock: ManualClock
  readonly hear: Hear
  readonly speed: number
  readonly seed: number
  readonly windowMs: number
}

/** Half a minute before the shop opens. */
const startsAt = demoOpening.from - 30
const peoplePerDay = 4500
const truthKept = 36 * hour

/** Wall ms at which a demo begins that is started at wall ms `now`: this morning, in the virtual shop. */
export function demoStart(now: number): number {
  return Date.parse(new Date(now).toISOString().slice(0, 10)) + startsAt * second
}

export function createDemoShop({ config, clock, hear, speed, seed, windowMs }: DemoShopParts): DemoShop {
  const { sensors } = config
  const began = clock.now()
  const shop = createVirtualShop({ seed, sensors, peoplePerDay, opening: demoOpening, startsAt })
  const reader = createRecordingReader({ sensors, hear })
  const walks = createWalks(shop, speed)
  const pace = createPace({ speed, opening: demoOpening, morning: walks.ahead + minute / second })
  const truth = createTruth(windowMs, truthKept)
  const counting = new Set<string>()
  let passed = 0
  let lines = 0

  function play(from: number, to: number): void {
    for (const event of shop.eventsBetween(from, to)) {
      reader.read(formatRecordedEvent(event), ++lines, (at) => clock.advanceTo(at))
    }
    for (const { t, zone, direction } of shop.truthBetween(from, to)) {
      truth.walked({ zone, direction, people: 1, at: began + t * second })
    }
  }

  const midnightTime = () => startsAt + passed

  function openWindow(): Moment['window'] {
    if (!pace.isOpen(midnightTime())) return null
    const start = Math.floor(clock.now() / windowMs) * windowMs
    return { start, end: start + windowMs }
  }

  return {
    pass(real) {
      const to = pace.after(midnightTime(), real) - startsAt
      // Nobody comes at night, and a radar's empty frames tell nothing.
      if (!pace.isNight(midnightTime())) play(passed, to)
      passed = to
      clock.advanceTo(to * second)
    },
    observed(observation) {
      if (observation.kind !== 'crossing') return
      counting.add(observation.sensor)
      truth.counted({ ...observation, at: began + observation.at })
    },
    moment() {
      const now = clock.now()
      const window = openWindow()
      const open = config.zones.map(({ id }) => [
        id,
        truth.between(id, window?.start ?? now, window?.end ?? now).counted,
      ])
      const counted = [...counting]
      counting.clear()
      const opensAt = window ? null : began + (pace.opensAt(midnightTime()) - startsAt) * second
      const shown = pace.isNight(midnightTime()) ? [] : walks.next(passed)
      return { kind: 'moment', now, window, opensAt, open: Object.fromEntries(open), walks: shown, counted }
    },
    truth: truth.between,
    isOpen: () => pace.isOpen(midnightTime()),
  }
}
