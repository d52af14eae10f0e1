import { createDebounce } from './debounce.ts'
import type { Observe, Observer } from './observation.ts'
import { createRangeBeam } from './range-beam.ts'

/** Somebody must stay, or stay away, this long (ms) before a lone range finder changes its mind. */
export const presenceHold = 500

/** Tells when it changes whether somebody is there. */
export interface Presence {
  set(occupied: boolean, at: number): void
}

/** Nobody is there until it is said. */
export function createPresence(sensor: string, zone: string, observe: Observe): Presence {
  let wasOccupied = false
  return {
    set(occupied, at) {
      if (occupied === wasOccupied) return
      wasOccupied = occupied
      observe({ kind: 'occupied', sensor, zone, occupied, at })
    },
  }
}

/** A presence radar, which says it itself. */
export function createPresenceRadar(sensor: string, zone: string, observe: Observe): Observer {
  const presence = createPresence(sensor, zone, observe)
  return {
    observe(reading) {
      if (reading.kind === 'presence') presence.set(reading.present, reading.at)
      else if (reading.kind === 'state') presence.set(false, reading.at)
    },
    tick() {},
  }
}

/** A range finder alone knows no direction, so it tells presence only. */
export function createRangePresence(sensor: string, zone: string, observe: Observe): Observer {
  const presence = createPresence(sensor, zone, observe)
  let beam = createRangeBeam()
  let debounce = createDebounce(presenceHold)
  let latest = Number.NEGATIVE_INFINITY

  function elapse(at: number): void {
    latest = Math.max(latest, at)
    const settled = debounce.take(latest)
    if (settled) presence.set(settled.level === 1, latest)
  }

  return {
    observe(reading) {
      if (reading.kind === 'distance') {
        elapse(reading.at)
        debounce.push('outer', beam.measure(reading.millimetres, latest), latest)
      } else if (reading.kind === 'state') {
        presence.set(false, reading.at)
        beam = createRangeBeam()
        debounce = createDebounce(presenceHold)
      }
    },
    tick: elapse,
  }
}
