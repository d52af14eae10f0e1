import type { Clock } from '../../base/clock.ts'
import { minute, second } from '../../base/duration.ts'
import type { Scan } from './scan.ts'

/**
 * Does BlueZ's monitor let through what was asked for? Some versions register it and then match nothing. Where nothing
 * came for a minute, discovery runs beside it for a moment: what it hears of the wanted kind, the monitor withheld.
 * And does BlueZ survive it? Some versions die of a long advert that a monitor compares (bluez/bluez#1169).
 */
export interface Proof {
  /** A scan began. */
  began(at: number): void
  /** A wanted advert was heard; while discovery runs beside the monitor that speaks against the monitor. */
  heardWanted(): void
  /** To be called every few seconds while `scan` is under way. */
  look(at: number, scan: Scan): void
  /** BlueZ went away while it had a monitor, or was given one. */
  died(at: number): void
  /** The monitor withholds what it should pass on, or BlueZ died of it again and again: listen by discovery. */
  isBroken(at: number): boolean
  /** Forgets that it withholds: another BlueZ may be running now. Not its deaths. */
  forget(): void
  stop(): void
}

const patience = minute
const comparison = 20 * second
/** A shop whose beacons are all out of reach is not compared all day long. */
const again = 60 * minute
/** As many deaths within this span are no accident; staff who restart it do so less often. */
const mostDeaths = 4
const deathSpan = 10 * minute
const avoidance = 60 * minute

export function createProof(clock: Clock, broken: () => void): Proof {
  let verdict: 'open' | 'works' | 'broken' = 'open'
  let next = 0
  let comparing: { heard: boolean } | undefined
  let cancel = () => {}
  let deaths: number[] = []
  let avoidedUntil = 0

  async function compare(scan: Scan): Promise<void> {
    const test = { heard: false }
    comparing = test
    try {
      await scan.control.startDiscovery()
      await new Promise<void>((resolve) => {
        cancel = clock.after(comparison, resolve)
      })
      await scan.control.stopDiscovery()
    } catch {
      // A radio that is taken away meanwhile proves nothing.
      test.heard = false
    }
    if (comparing !== test) return
    comparing = undefined
    if (!test.heard) return
    verdict = 'broken'
    broken()
  }

  return {
    began(at) {
      comparing = undefined
      next = at + patience
    },
    heardWanted() {
      if (comparing) comparing.heard = true
      else if (verdict === 'open') verdict = 'works'
    },
    look(at, scan) {
      if (scan.mode !== 'monitor' || verdict !== 'open' || comparing || at < next) return
      next = at + again
      void compare(scan)
    },
    died(at) {
      deaths = [...deaths.filter((death) => at - death < deathSpan), at]
      if (deaths.length < mostDeaths) return
      avoidedUntil = at + avoidance
      deaths = []
    },
    isBroken: (at) => verdict === 'broken' || at < avoidedUntil,
    forget() {
      verdict = 'open'
    },
    stop() {
      comparing = undefined
      cancel()
    },
  }
}
