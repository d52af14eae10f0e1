import { second } from '../../base/duration.ts'
import type { Figure, VirtualShop } from '../../simulator/shop.ts'
import type { ShownWalk } from '../../web/showing.ts'

/** Follows the virtual shoppers a little ahead of time, so that the page can show each at a pace an eye can follow. */
export interface Walks {
  /** Who can be shown as of `now`, s since the shop began, and was not before. */
  next(now: number): readonly ShownWalk[]
  /** How far (s) it looks ahead. */
  readonly ahead: number
}

interface Trace {
  readonly sensor: string
  readonly from: number
  readonly places: { readonly along: number; readonly outside: number }[]
  /** It began before we looked. */
  readonly isPartial: boolean
}

/** No walk lasts longer: the slowest turn round after three metres and go back. */
const longestWalk = 18
/** Real seconds that a walk takes on the page, at least. */
const shownFor = 1.3

/** @param speed virtual seconds in a real one */
export function createWalks(shop: VirtualShop, speed: number): Walks {
  const ahead = longestWalk + shownFor * speed
  // Seconds between two looks at a figure; coarser where it would flit by anyway.
  const step = speed > 60 ? 1 : 0.5
  const traces = new Map<string, Trace>()
  let looked: number | undefined

  /** One look; returns the walks that were over by then. */
  function look(t: number): readonly Trace[] {
    const figures = shop.figuresAt(t)
    const present = new Set(figures.map(({ id }) => id))
    const over = [...traces].filter(([id]) => !present.has(id))
    for (const [id] of over) traces.delete(id)
    for (const figure of figures) {
      const isPartial = looked === undefined
      const trace = traces.get(figure.id) ?? { sensor: figure.sensor, from: t, places: [], isPartial }
      traces.set(figure.id, trace)
      trace.places.push(placeAtDoor(shop, figure))
    }
    looked = t
    return over.map(([, trace]) => trace).filter((trace) => !trace.isPartial && trace.places.length > 2)
  }

  return {
    ahead,
    next(now) {
      // Nobody watched for a while: what went by is not shown any more.
      if (looked !== undefined && looked < now) {
        traces.clear()
        looked = undefined
      }
      const over: Trace[] = []
      for (let t = looked === undefined ? now : looked + step; t <= now + ahead; t += step) over.push(...look(t))
      return over.map((trace) => shown(trace, { now, speed, step }))
    },
  }
}

interface Pacing {
  readonly now: number
  readonly speed: number
  readonly step: number
}

/** Slowed down around the moment at which the figure is nearest to the sill, so that sensors light up as it passes. */
function shown({ sensor, from, places }: Trace, { now, speed, step }: Pacing): ShownWalk {
  const distances = places.map(({ outside }) => Math.abs(outside))
  const passes = distances.indexOf(Math.min(...distances))
  const lasts = Math.max(((places.length - 1) * step) / speed, shownFor)
  const passesIn = (from + passes * step - now) / speed
  const startsIn = passesIn - (passes / (places.length - 1)) * lasts
  const points = places.map(({ along, outside }) => [Math.round(along / 10), Math.round(outside / 10)] as const)
  return { sensor, startsIn: Math.round(startsIn * second), lasts: Math.round(lasts * second), points }
}

/** mm seen from the middle of the door: to the right when looking out, and out of the sill. */
function placeAtDoor(shop: VirtualShop, { sensor, x, y }: Figure): { along: number; outside: number } {
  const [first, second] = shop.lines.get(sensor)!
  const length = Math.hypot(second[0] - first[0], second[1] - first[1])
  const [dx, dy] = [(second[0] - first[0]) / length, (second[1] - first[1]) / length]
  const [fx, fy] = [x - (first[0] + second[0]) / 2, y - (first[1] + second[1]) / 2]
  return { along: fx * dx + fy * dy, outside: fy * dx - fx * dy }
}
