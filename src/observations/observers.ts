import type { Reading, SensorState } from '../drivers/reading.ts'
import type { BeaconSettings, SensorOf, SensorSettings } from '../drivers/settings.ts'
import { createBeamObserver } from './beam-observer.ts'
import { createCounter } from './counter.ts'
import type { Observation, Observe, Observer, Trouble } from './observation.ts'
import { createPresenceRadar, createRangePresence } from './presence.ts'
import { createRadar } from './radar.ts'
import { type AdvertTally, createRecognition, type Recognition, type TagEar } from './recognition.ts'
import { createTofPair } from './tof-pair.ts'

/** All sensors of a box: every reading goes in, what it means comes out. */
export interface Observers {
  /** Never throws; what fits no sensor is ignored. */
  observe(reading: Reading): void
  /** To be called about once a second with the monotonic time. */
  tick(at: number): void
  /** What staff should look at now. */
  troubles(): readonly Trouble[]
  /** Exact, so for the summary of `replay` and for calibration only. */
  tally(): Tally
}

export interface Tally extends AdvertTally {
  /** Passages that may have been more or fewer than was counted. */
  readonly ambiguous: number
}

/** An observer and the sensors it needs: it hears only while all of them do. */
interface Post {
  readonly sensors: readonly string[]
  readonly observer: Observer
  readonly up: Set<string>
}

/** What the radios of a box know. */
export interface RadioSettings {
  readonly beacons: readonly BeaconSettings[]
  /** Only with the profile phones; strength in dBm. */
  readonly phones?: { readonly rssiMin: number } | undefined
  readonly tags?: TagEar | undefined
}

/** The settings are valid ones; a tf-luna whose `inner` is itself, unknown or already taken stands alone. */
export function createObservers(
  sensors: readonly SensorSettings[],
  observe: Observe,
  radio: RadioSettings = { beacons: [] },
): Observers {
  let ambiguous = 0
  const troubles = new Map<string, Trouble>()
  const recognition = createRecognition({ ...radio, observe: tell })
  const hearing: Hearing = { observe: tell, noteAmbiguous: () => void ambiguous++, recognition }
  const posts = createPosts(sensors, hearing)
  const postOf = new Map(posts.flatMap((post) => post.sensors.map((id) => [id, post])))

  function tell(observation: Observation): void {
    if (observation.kind === 'trouble') {
      if (observation.trouble === null) troubles.delete(observation.sensor)
      else troubles.set(observation.sensor, observation)
    }
    observe(observation)
  }

  return {
    observe(reading) {
      const post = postOf.get(reading.sensor)
      if (!post || !Number.isFinite(reading.at)) return
      if (reading.kind === 'state') changeState(post, reading, tell)
      else post.observer.observe(reading)
    },
    tick(at) {
      for (const post of posts) post.observer.tick(at)
      recognition.tick(at)
    },
    troubles: () => [...troubles.values()],
    tally: () => ({ ...recognition.tally(), ambiguous }),
  }
}

/** Only a change of state is news: what was under way ends with it, and the post may begin or cease to hear. */
function changeState({ sensors, observer, up }: Post, reading: SensorState, observe: Observe): void {
  const isUp = reading.state === 'up'
  if (up.has(reading.sensor) === isUp) return
  const wasAlive = up.size === sensors.length
  if (isUp) up.add(reading.sensor)
  else up.delete(reading.sensor)
  observer.observe(reading)
  const alive = up.size === sensors.length
  if (alive === wasAlive) return
  for (const sensor of sensors) observe({ kind: 'alive', sensor, alive, at: reading.at })
}

interface Hearing {
  readonly observe: Observe
  readonly noteAmbiguous: () => void
  /** One for all radios: what one of them heard of an own device, the others know. */
  readonly recognition: Recognition
}

function createPosts(settings: readonly SensorSettings[], hearing: Hearing): readonly Post[] {
  const pairs = tofPairs(settings)
  const paired = new Set(pairs.flat().map((sensor) => sensor.id))
  const alone = settings.filter((sensor) => !paired.has(sensor.id))
  return [
    ...pairs.map(([outer, inner]) => {
      const sensors = [outer.id, inner.id]
      return post(createTofPair({ ...hearing, sensors, zone: outer.zone, inner: inner.id }), sensors)
    }),
    ...alone.map((sensor) => post(createObserver(sensor, hearing), [sensor.id])),
  ]
}

function post(observer: Observer, sensors: readonly string[]): Post {
  return { observer, sensors, up: new Set() }
}

type TofLuna = SensorOf<'tf-luna'>

function tofPairs(settings: readonly SensorSettings[]): readonly (readonly [TofLuna, TofLuna])[] {
  const lunas = settings.filter((sensor) => sensor.kind === 'tf-luna')
  const taken = new Set<TofLuna>()
  const pairs: [TofLuna, TofLuna][] = []
  for (const outer of lunas) {
    const inner = lunas.find((other) => other.id === outer.inner && other !== outer)
    if (!inner || taken.has(outer) || taken.has(inner)) continue
    taken.add(outer).add(inner)
    pairs.push([outer, inner])
  }
  return pairs
}

function createObserver(settings: SensorSettings, hearing: Hearing): Observer {
  const { id, zone } = settings
  switch (settings.kind) {
    case 'beam-pair':
      return createBeamObserver({ ...hearing, sensors: [id], zone })
    case 'ld2450':
    case 'rd03d':
      return createRadar({ ...hearing, settings })
    case 'ld2410':
      return createPresenceRadar(id, zone, hearing.observe)
    case 'tf-luna':
      return createRangePresence(id, zone, hearing.observe)
    case 'json-lines':
    case 'modbus-counter':
      return createCounter(id, zone, hearing.observe)
    case 'ble':
      return createRadio(zone, hearing.recognition)
  }
}

function createRadio(zone: string, recognition: Recognition): Observer {
  return {
    observe(reading) {
      if (reading.kind === 'advert') recognition.hear(reading, zone)
    },
    tick() {},
  }
}
