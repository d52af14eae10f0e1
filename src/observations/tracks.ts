import type { Target } from '../drivers/reading.ts'
import { assign } from './assignment.ts'
import { createGhostFilter } from './ghosts.ts'

/** One moving person, as far as the radar tells them apart. Lengths in mm, speeds in mm/ms, times in monotonic ms. */
export interface Track {
  readonly x: number
  readonly y: number
  readonly vx: number
  readonly vy: number
  /** Seen often enough to be somebody. */
  readonly isConfirmed: boolean
}

export interface TrackListener {
  /** A new or known track was seen at its new place. */
  moved(track: Track, at: number): void
  lost(track: Track, at: number): void
}

export interface Tracks {
  /** One radar frame; the order of its targets says nothing. */
  frame(targets: readonly Target[], at: number): void
  tick(at: number): void
  readonly all: readonly Track[]
}

/** A confirmed track is kept this long (ms) without being seen. */
export const coastTime = 700

const confirmHits = 3
const confirmFrames = 5
const mostTargets = 3
const mostTracks = 8

// How far (mm) from the predicted place somebody may turn up, and how much farther with each ms unseen.
const gate = 400
const gateSpeed = 2.5

// The filter's gains once a track is old: position and velocity.
const alpha = 0.5
const beta = 0.1

// Two frames that arrive at once were not measured at once.
const shortestStep = 50

type State = { -readonly [K in keyof Track]: Track[K] } & { seenAt: number; hits: number; frames: number }

/** Follows people from frame to frame: constant velocity, best matching of all targets at once, alpha-beta filter. */
export function createTracks(listener: TrackListener): Tracks {
  const withoutGhosts = createGhostFilter()
  let tracks: State[] = []
  let now = Number.NEGATIVE_INFINITY

  function distance(target: Target, track: State): number {
    const ahead = now - track.seenAt
    const away = Math.hypot(target.x - track.x - track.vx * ahead, target.y - track.y - track.vy * ahead)
    return away <= gate + gateSpeed * ahead ? away * away : Number.POSITIVE_INFINITY
  }

  function loseWhere(isLost: (track: State) => boolean): void {
    const lost = tracks.filter(isLost)
    if (lost.length === 0) return
    tracks = tracks.filter((track) => !lost.includes(track))
    for (const track of lost) listener.lost(track, now)
  }

  function begin({ x, y }: Target): void {
    if (tracks.length >= mostTracks) return
    const track = { x, y, vx: 0, vy: 0, seenAt: now, hits: 1, frames: 1, isConfirmed: false }
    tracks.push(track)
    listener.moved(track, now)
  }

  function elapse(at: number): void {
    now = Math.max(now, at)
    loseWhere((track) => now - track.seenAt > coastTime)
  }

  return {
    frame(targets, at) {
      elapse(at)
      const people = withoutGhosts(targets.slice(0, mostTargets).filter(isPlausible).filter(isFirst))
      const matches = assign(people.length, tracks.length, (target, track) => distance(people[target]!, tracks[track]!))
      for (const track of tracks) track.frames++
      for (const [target, match] of matches.entries()) {
        if (match >= 0) correct(tracks[match]!, people[target]!, now)
      }
      for (const match of matches) if (match >= 0) listener.moved(tracks[match]!, now)
      loseWhere((track) => !track.isConfirmed && track.frames >= confirmFrames)
      for (const [target, match] of matches.entries()) if (match < 0) begin(people[target]!)
    },
    tick: elapse,
    get all() {
      return tracks
    },
  }
}

/** Takes in where the person was seen. The gains begin as those of a least-squares line through the first hits. */
function correct(track: State, { x, y }: Target, at: number): void {
  const ahead = Math.max(at - track.seenAt, shortestStep)
  const errorX = x - track.x - track.vx * ahead
  const errorY = y - track.y - track.vy * ahead
  track.hits++
  const spread = track.hits * (track.hits + 1)
  const gain = Math.max(alpha, (4 * track.hits - 2) / spread)
  const speedGain = Math.max(beta, 6 / spread) / ahead
  track.x += track.vx * ahead + gain * errorX
  track.y += track.vy * ahead + gain * errorY
  track.vx += speedGain * errorX
  track.vy += speedGain * errorY
  track.seenAt = at
  if (track.hits >= confirmHits) track.isConfirmed = true
}

/** Not somebody who stands in another slot as well: two people are never measured at the same millimetre. */
function isFirst({ x, y }: Target, index: number, targets: readonly Target[]): boolean {
  return targets.findIndex((target) => target.x === x && target.y === y) === index
}

/** Within what the radar can measure at all; an empty slot is all zeros. */
function isPlausible({ x, y }: Target): boolean {
  return Math.abs(x) <= 6500 && y >= 0 && y <= 8500 && !(x === 0 && y === 0)
}
