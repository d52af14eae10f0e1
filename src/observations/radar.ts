import type { SensorOf } from '../drivers/settings.ts'
import { createLine, type Way } from './crossing.ts'
import { dwellsOf } from './dwell.ts'
import type { Observe, Observer } from './observation.ts'
import type { Direction } from './passage.ts'
import { createPresence, type Presence } from './presence.ts'
import { coastTime, createTracks, type Track } from './tracks.ts'
import { isInside } from './zones.ts'

export interface RadarOptions {
  readonly settings: SensorOf<'ld2450'> | SensorOf<'rd03d'>
  readonly observe: Observe
  /** Somebody appeared or vanished so near the line that a crossing may have been missed. */
  readonly noteAmbiguous: () => void
}

interface Followed {
  readonly way: Way | undefined
  /** Crossed before the track was sure to be somebody. */
  held: Direction | null
}

/** A radar that sees where people are: crossings of its line, presence and stays in its areas. */
export function createRadar(options: RadarOptions): Observer {
  const { settings, observe } = options
  const line = settings.line && createLine(settings.line)
  const areas = areasOf(settings, observe)
  let dwells = dwellsOf(settings, observe)
  let tracks = createTracks({ moved, lost })
  let followed = new Map<Track, Followed>()

  function meet(track: Track): Followed {
    const person: Followed = { way: line?.follow(), held: null }
    followed.set(track, person)
    return person
  }

  function moved(track: Track, at: number): void {
    for (const dwell of dwells) dwell.moved(track, at)
    const person = followed.get(track) ?? meet(track)
    person.held = person.way?.move(track.x, track.y) ?? person.held
    if (track.isConfirmed) tell(person, at)
  }

  // Who vanishes at walking speed, behind somebody else or at the edge of the field, is taken to have walked on for as
  // long as we waited. Who appears close to the line is not taken to have come over it: people who stand there vanish.
  function lost(track: Track, at: number): void {
    for (const dwell of dwells) dwell.lost(track)
    const person = followed.get(track)
    followed.delete(track)
    if (!track.isConfirmed || !person?.way) return
    if (person.way.isUncertain()) options.noteAmbiguous()
    person.held = person.way.move(track.x + track.vx * coastTime, track.y + track.vy * coastTime)
    tell(person, at)
  }

  function tell(person: Followed, at: number): void {
    if (!person.held) return
    observe({ kind: 'crossing', sensor: settings.id, zone: settings.zone, direction: person.held, people: 1, at })
    person.held = null
  }

  function look(at: number): void {
    for (const { presence, contains } of areas) {
      presence.set(
        tracks.all.some((track) => track.isConfirmed && contains(track)),
        at,
      )
    }
  }

  return {
    observe(reading) {
      if (reading.kind === 'targets') tracks.frame(reading.targets, reading.at)
      else if (reading.kind === 'state') {
        tracks = createTracks({ moved, lost })
        followed = new Map()
        // Who was there may have left unseen, so how long they stayed is not known.
        dwells = dwellsOf(settings, observe)
      } else return
      look(reading.at)
    },
    tick(at) {
      tracks.tick(at)
      for (const dwell of dwells) dwell.tick(at)
      look(at)
    },
  }
}

interface Area {
  readonly presence: Presence
  contains(track: Track): boolean
}

/** A radar with neither line nor areas watches its whole field. */
function areasOf({ id, zone, line, areas }: RadarOptions['settings'], observe: Observe): readonly Area[] {
  if (!areas && !line) return [{ presence: createPresence(id, zone, observe), contains: () => true }]
  return (areas ?? []).map((area) => ({
    presence: createPresence(id, area.zone, observe),
    contains: ({ x, y }) => isInside(area.polygon, x, y),
  }))
}
