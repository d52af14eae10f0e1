import type { AliveByFeed } from './listening.ts'
import type { PhonesBySlot } from './phones.ts'
import { stayMinutes } from './release.ts'
import type { CountsBySlot, StaysBySlot } from './tally.ts'

/** What is open, as plain integers: kept in RAM outside the process, so that a crash loses at most a second of it. */
export interface Snapshot {
  readonly counts: CountsBySlot
  readonly stays: StaysBySlot
  /** Sums of the sub-windows that have ended; of the open one nothing. */
  readonly phones: PhonesBySlot
  readonly alive: AliveByFeed
}

export function formatSnapshot(snapshot: Snapshot): string {
  return JSON.stringify(snapshot)
}

/** undefined for anything that is not a snapshot, whole: a number made up from half of one would be a lie. */
export function parseSnapshot(text: string): Snapshot | undefined {
  try {
    // One of an earlier version has no stays.
    const { counts, stays = {}, phones, alive } = JSON.parse(text) as Partial<Snapshot>
    if (!isBySlot(counts, isMapOf(isPair)) || !isBySlot(stays, isMapOf(isHistogram))) return undefined
    if (!isBySlot(phones, isEnded) || !isBySlot(alive, isMapOf(isAmount))) return undefined
    return { counts, stays, phones, alive }
  } catch {
    return undefined
  }
}

type Check<T> = (value: unknown, start: number) => value is T

function isBySlot<T>(value: unknown, isOfSlot: Check<T>): value is Record<string, T> {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(([start, ofSlot]) => {
    return Number.isSafeInteger(Number(start)) && isOfSlot(ofSlot, Number(start))
  })
}

function isMapOf<T>(isCell: (cell: unknown) => cell is T): Check<Record<string, T>> {
  return (value): value is Record<string, T> => {
    return typeof value === 'object' && value !== null && Object.values(value).every(isCell)
  }
}

const longestSlot = 3_600_000

/** Sub-windows end inside their slot; a later end would keep those to come from being heard. */
function isEnded(value: unknown, start: number): value is PhonesBySlot[string] {
  if (typeof value !== 'object' || value === null || !('until' in value) || !('zones' in value)) return false
  const { until, zones } = value
  if (!isCount(until) || until <= start || until > start + longestSlot) return false
  return isMapOf(isCount)(zones, start)
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isCount)
}

function isHistogram(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === stayMinutes.length && value.every(isCount)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
