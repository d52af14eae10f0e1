import type { SensorOf } from '../drivers/settings.ts'
import type { Observe } from './observation.ts'
import type { Track } from './tracks.ts'
import { isInside } from './zones.ts'

/** How long (ms) somebody may be out of sight or outside and still be on the same stay. */
export const patience = 3000
/** How far (mm) from where somebody was lost they may turn up again. */
const reach = 1000

/** Times the stays in one zone of a radar's field. A track that breaks is taken up again if it comes back soon and near. */
export interface Dwell {
  moved(track: Track, at: number): void
  lost(track: Track): void
  /** Stays that are over are told once nobody can take them up any more. Call about once a second. */
  tick(at: number): void
}

interface Visit {
  since: number
  /** Seen inside last; monotonic ms and mm. */
  until: number
  x: number
  y: number
  isConfirmed: boolean
}

/** @param contains is (x, y) mm in the zone? */
export function createDwell(
  { sensor, zone, observe }: { sensor: string; zone: string; observe: Observe },
  contains: (x: number, y: number) => boolean,
): Dwell {
  const visits = new Map<Track, Visit>()
  let orphans: Visit[] = []

  /** A new track that is somebody goes on with the stay of one who was lost there a moment ago. */
  function confirm(visit: Visit): void {
    visit.isConfirmed = true
    const distance = ({ x, y }: Visit) => Math.hypot(x - visit.x, y - visit.y)
    const near = orphans.filter((one) => visit.since - one.until <= patience && distance(one) <= reach)
    const nearest = near.toSorted((one, other) => distance(one) - distance(other))[0]
    if (!nearest) return
    orphans = orphans.filter((one) => one !== nearest)
    visit.since = nearest.since
  }

  function tell({ since, until, isConfirmed }: Visit, at: number): void {
    if (isConfirmed) observe({ kind: 'stay', sensor, zone, lasted: until - since, people: 1, at })
  }

  return {
    moved(track, at) {
      const { x, y } = track
      let visit = visits.get(track)
      if (!contains(x, y)) return
      if (!visit || at - visit.until > patience) {
        if (visit) tell(visit, at)
        visit = { since: at, until: at, x, y, isConfirmed: false }
        visits.set(track, visit)
      }
      Object.assign(visit, { until: at, x, y })
      if (track.isConfirmed && !visit.isConfirmed) confirm(visit)
    },
    lost(track) {
      const visit = visits.get(track)
      visits.delete(track)
      if (visit?.isConfirmed) orphans.push(visit)
    },
    tick(at) {
      const isOver = ({ until }: Visit) => at - until > patience
      for (const [track, visit] of visits) {
        if (!isOver(visit)) continue
        visits.delete(track)
        tell(visit, at)
      }
      for (const visit of orphans.filter(isOver)) tell(visit, at)
      orphans = orphans.filter((visit) => !isOver(visit))
    },
  }
}

/** One for each zone of a radar's areas: several polygons of a zone are one place. */
export function dwellsOf({ id, areas }: SensorOf<'ld2450'> | SensorOf<'rd03d'>, observe: Observe): readonly Dwell[] {
  return [...Map.groupBy(areas ?? [], ({ zone }) => zone)].map(([zone, parts]) =>
    createDwell({ sensor: id, zone, observe }, (x, y) => parts.some(({ polygon }) => isInside(polygon, x, y))),
  )
}
