import type { Random } from './random.ts'

export type Point = readonly [x: number, y: number]
export type Line = readonly [Point, Point]
export type Direction = 'in' | 'out'

/** What someone does at a line: goes through, turns round before it, or goes through and comes straight back. */
export type Manner = 'through' | 'turns-before' | 'turns-after'

/** One person's way past one sensor: a polyline in mm as that sensor sees it, over seconds. */
export interface Walk {
  readonly id: string
  readonly sensor: string
  readonly line: Line
  readonly stations: readonly Station[]
  /** The truth: when the person's middle was over the line, and which way. */
  readonly crossings: readonly { readonly t: number; readonly direction: Direction }[]
  /** mm from chest to back, as a beam meets it. */
  readonly depth: number
}

interface Station {
  readonly t: number
  readonly x: number
  readonly y: number
}

export interface WalkPlan {
  readonly id: string
  readonly sensor: string
  readonly line: Line
  readonly manner: Manner
  /** The way of somebody who goes through; somebody who turns round comes from the same side. */
  readonly direction: Direction
  /** Seconds: when the line is reached, or when the person turns before it. */
  readonly at: number
  /** mm from the line where somebody turns round, at least and at most. */
  readonly turnsWithin: readonly [number, number]
}

/** How far (mm) before and behind the line people are simulated. */
export const reach = 3000

/** Walks as people do: about 1.25 m/s, not quite straight, now faster and now slower. */
export function createWalk(random: Random, plan: WalkPlan): Walk {
  const [first, second] = plan.line
  const length = Math.hypot(second[0] - first[0], second[1] - first[1])
  const right = [(second[0] - first[0]) / length, (second[1] - first[1]) / length] as const
  const place = length * random.between(0.2, 0.8)
  const slant = Math.tan((clamp(random.normal(0, 9), -25, 25) * Math.PI) / 180)
  const side = plan.direction === 'in' ? 1 : -1

  const strides = timed(random, wayOf(random, plan), Math.hypot(1, slant))
  const begin = plan.at - strides.find((stride) => stride.isTurn || stride.ahead === 0)!.t
  const stations = strides.map(({ t, ahead }) => {
    const along = place - slant * ahead
    const left = side * ahead
    const x = first[0] + right[0] * along - right[1] * left
    const y = first[1] + right[1] * along + right[0] * left
    return { t: begin + t, x, y }
  })
  const cuts = strides.filter((stride) => stride.ahead === 0)
  const crossings = cuts.map(({ t }, index) => ({ t: begin + t, direction: turned(plan.direction, index) }))
  const depth = random.chance(0.9) ? random.between(200, 320) : random.between(70, 110)
  return { id: plan.id, sensor: plan.sensor, line: plan.line, stations, crossings, depth }
}

/** Where somebody is at `t` seconds; undefined before and after the walk. */
export function placeAt({ stations }: Walk, t: number): { readonly x: number; readonly y: number } | undefined {
  const next = stations.findIndex((station) => station.t > t)
  if (next <= 0) return undefined
  const from = stations[next - 1]!
  const to = stations[next]!
  const share = (t - from.t) / (to.t - from.t)
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }
}

/** mm to the left of the line, negative to its right. */
export function leftOf([first, second]: Line, { x, y }: { readonly x: number; readonly y: number }): number {
  const [dx, dy] = [second[0] - first[0], second[1] - first[1]]
  return (dx * (y - first[1]) - dy * (x - first[0])) / Math.hypot(dx, dy)
}

interface Stride {
  /** mm still to go to the line; negative behind it. */
  readonly ahead: number
  readonly isTurn: boolean
}

function wayOf(random: Random, { manner, turnsWithin }: WalkPlan): readonly Stride[] {
  const go = (...places: number[]) => places.map((ahead) => ({ ahead, isTurn: false }))
  if (manner === 'through') return go(reach, reach / 2, 0, -reach / 2, -reach)
  const turn = random.between(...turnsWithin)
  if (manner === 'turns-before') return [...go(reach), { ahead: turn, isTurn: true }, ...go(reach)]
  return [...go(reach, 0), { ahead: -turn, isTurn: true }, ...go(0, reach)]
}

/** Gives each stride its time from the start of the walk; who turns round stands still for a moment. */
function timed(random: Random, way: readonly Stride[], stretch: number): readonly (Stride & { readonly t: number })[] {
  const speed = clamp(random.normal(1250, 250), 600, 2000)
  const strides: (Stride & { t: number })[] = []
  let t = 0
  for (const [index, stride] of way.entries()) {
    const distance = Math.abs(stride.ahead - (way[index - 1] ?? stride).ahead) * stretch
    t += distance / (speed * clamp(random.normal(1, 0.12), 0.7, 1.3))
    strides.push({ ...stride, t })
    if (!stride.isTurn) continue
    t += random.between(0.3, 2)
    strides.push({ ...stride, t })
  }
  return strides
}

function turned(direction: Direction, times: number): Direction {
  if (times % 2 === 0) return direction
  return direction === 'in' ? 'out' : 'in'
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
