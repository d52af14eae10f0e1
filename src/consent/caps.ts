import type { Database } from '../base/database.ts'
import { hour, minute } from '../base/duration.ts'
import { rowTag, tagHolds } from '../base/mac.ts'
import type { Happening } from './sightings.ts'

/** How often a recipient may be told of one shopper: as the shopper was told before agreeing. */
export interface Limits {
  readonly perDay: number
  readonly perVisit: number
  /** "21:00-08:00" of the store's clock. */
  readonly quiet: string
}

export interface LocalMoment {
  /** Wall ms. */
  readonly now: number
  /** Local date. */
  readonly day: string
  /** After local midnight. */
  readonly minutes: number
}

/**
 * Not pushy: nothing in quiet hours, so many a visit and a day, one "arrived" in four hours, one "zone" of a place in a
 * quarter of an hour. What was told today outlives a restart for those who agreed for longer; of a visit nothing is written.
 */
export interface Caps {
  /** May this leave now? Pure: `note` says that it did. */
  allows(handle: string, happening: Happening, limits: Limits, moment: LocalMoment): boolean
  /** @param isLasting whether it may be written. Inside the transaction that queues the signal */
  note(handle: string, happening: Happening, moment: LocalMoment, isLasting: boolean): void
  /** Everything about a handle that has ended. */
  forget(handle: string): void
  /** Everything of the days before. */
  forgetBefore(day: string): void
}

export const capSql = `
  CREATE TABLE consent_cap (
    handle TEXT PRIMARY KEY, day TEXT, sent INTEGER, visit INTEGER, arrived INTEGER, tag BLOB
  ) WITHOUT ROWID;`

const betweenArrivals = 4 * hour
const betweenSameZone = 15 * minute

interface Told {
  day: string
  sent: number
  visit: number
  /** Wall ms of the last "arrived" that was told. */
  arrived: number
  readonly zones: Map<string, number>
}

interface CapRow {
  readonly handle: string
  readonly day: string
  readonly sent: number
  readonly visit: number
  readonly arrived: number
  readonly tag: Buffer | null
}

/** How often these were told today is not known any more: for them the day counts as used up. */
export function spendCaps({ connection: sql }: Database, handles: Iterable<string>): void {
  const insert = sql.prepare("INSERT OR REPLACE INTO consent_cap VALUES (?, '', 0, 0, 0, NULL)")
  for (const handle of handles) insert.run(handle)
}

/** @param key keys the tags of rows: one that the disk changed counts as a day that is used up */
export function openCaps({ connection: sql }: Database, key: Buffer): Caps {
  const upsert = sql.prepare('INSERT OR REPLACE INTO consent_cap VALUES (?, ?, ?, ?, ?, ?)')
  const remove = sql.prepare('DELETE FROM consent_cap WHERE handle = ?')
  const removeBefore = sql.prepare('DELETE FROM consent_cap WHERE day < ?')
  const rows = sql.prepare<[], CapRow>('SELECT * FROM consent_cap').all()
  const all = new Map(rows.map((row) => [row.handle, toldOf(row, key)]))

  /** Else it would go as one of the days before, and the day would begin anew. */
  function keepSpent(handle: string, told: Told, day: string): void {
    told.day = day
    const cells = [handle, day, spent, 0, 0]
    upsert.run(...cells, rowTag(key, 'cap', cells))
  }

  return {
    allows(handle, happening, { perDay, perVisit, quiet }, moment) {
      if (isQuiet(quiet, moment.minutes)) return false
      const told = asOf(all.get(handle), moment.day)
      if (told.sent >= perDay) return false
      if (happening.event === 'arrived') return isApart(told.arrived, moment.now, betweenArrivals)
      // Of a visit that was not told, neither the way nor the end is.
      if (told.visit === 0 || told.visit >= perVisit) return false
      return happening.event === 'left' || isApart(told.zones.get(happening.zone) ?? 0, moment.now, betweenSameZone)
    },
    note(handle, { event, zone }, { now, day }, isLasting) {
      const told = asOf(all.get(handle), day)
      told.sent += 1
      told.visit = event === 'arrived' ? 1 : event === 'left' ? 0 : told.visit + 1
      if (event === 'arrived') told.arrived = now
      told.zones.set(zone, now)
      all.set(handle, told)
      const cells = [handle, told.day, told.sent, told.visit, Math.floor(told.arrived)]
      if (isLasting) upsert.run(...cells, rowTag(key, 'cap', cells))
    },
    forget(handle) {
      all.delete(handle)
      remove.run(handle)
    },
    forgetBefore(day) {
      for (const [handle, told] of all) {
        if (told.day === theFirst) keepSpent(handle, told, day)
        else if (told.day < day) all.delete(handle)
      }
      removeBefore.run(day)
    },
  }
}

/** Of which day it was is not known: it counts as the first that is asked about. */
const theFirst = ''
/** More than any limit. */
const spent = 1_000_000

function toldOf({ handle, day, sent, visit, arrived, tag }: CapRow, key: Buffer): Told {
  const isWhole = tagHolds(tag, key, 'cap', [handle, day, sent, visit, arrived])
  const worst = { day: theFirst, sent: spent, visit: 0, arrived: 0 }
  return { ...(isWhole ? { day, sent, visit, arrived } : worst), zones: new Map() }
}

/** A new day begins with nothing told; a visit may last beyond midnight. */
function asOf(told: Told | undefined, day: string): Told {
  if (!told) return { day, sent: 0, visit: 0, arrived: 0, zones: new Map() }
  if (told.day === theFirst) told.day = day
  return told.day < day ? { ...told, day, sent: 0 } : told
}

// A clock that was set back makes nothing due earlier.
function isApart(before: number, now: number, least: number): boolean {
  return before === 0 || now - before >= least
}

/** May pass midnight: "21:00-08:00". */
export function isQuiet(quiet: string, minutes: number): boolean {
  const [from = 0, to = 0] = quiet.split('-').map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)))
  return from <= to ? minutes >= from && minutes < to : minutes >= from || minutes < to
}
