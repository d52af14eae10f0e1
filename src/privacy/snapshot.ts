import type { AliveBySlot } from './listening.ts'
import type { CountsBySlot } from './tally.ts'

/** What is open, as plain integers: kept in RAM outside the process, so that a crash loses at most a second of it. */
export interface Snapshot {
  readonly counts: CountsBySlot
  readonly alive: AliveBySlot
}

export function formatSnapshot(snapshot: Snapshot): string {
  return JSON.stringify(snapshot)
}

/** undefined for anything that is not a snapshot, whole: a number made up from half of one would be a lie. */
export function parseSnapshot(text: string): Snapshot | undefined {
  try {
    const { counts, alive } = JSON.parse(text) as Partial<Snapshot>
    if (!isBySlot(counts, isPair) || !isBySlot(alive, isAmount)) return undefined
    return { counts, alive }
  } catch {
    return undefined
  }
}

function isBySlot<T>(value: unknown, isCell: (cell: unknown) => cell is T): value is Record<string, Record<string, T>> {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(([start, zones]) => {
    if (!Number.isSafeInteger(Number(start)) || typeof zones !== 'object' || zones === null) return false
    return Object.values(zones).every(isCell)
  })
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((one) => Number.isSafeInteger(one) && one >= 0)
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
