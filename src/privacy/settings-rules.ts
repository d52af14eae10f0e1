import { parseDuration } from '../base/duration.ts'
import { countries, languages } from '../base/iso-codes.ts'
import { nearest } from '../base/nearest.ts'
import { type Finding, type Path, problem } from '../base/problem.ts'
import { wholeShop } from './series.ts'
import type { Opening, PrivacySettings, RetentionSettings } from './settings.ts'

/** What a schema cannot say of the shop: codes and time zones that exist. */
export function* storeFindings(store: { country: string; timezone: string; languages: readonly string[] }) {
  if (!countries.has(store.country)) {
    const fix = store.country === 'UK' ? 'Write `GB`.' : 'Use the two letters of ISO 3166, such as NL or SE.'
    yield problem(['store', 'country'], 'No country has this code.', fix)
  }
  for (const [i, language] of store.languages.entries()) {
    if (languages.has(language)) continue
    yield problem(
      ['store', 'languages', i],
      'No language has this code.',
      'Use the two letters of ISO 639, such as nl.',
    )
  }
  if (isTimeZone(store.timezone)) return
  const near = nearest(store.timezone, Intl.supportedValuesOf('timeZone'))
  const fix = near ? `Did you mean \`${near}\`?` : 'Write it as continent and city, such as Europe/Amsterdam.'
  yield problem(['store', 'timezone'], 'This is no time zone.', fix)
}

// A fixed offset such as +02:00 is known to Intl too, but knows no summer time.
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}

/** What a schema cannot say of opening hours: intervals in order, dates that exist, no day named twice. */
export function* openingFindings(opening: Opening): Generator<Finding> {
  const path = ['store', 'opening']
  if (typeof opening === 'string') {
    yield* hoursFindings(path, opening)
  } else {
    for (const [key, hours] of Object.entries(opening)) {
      yield* hoursFindings([...path, key], hours)
      yield* dateFindings([...path, key], key)
    }
    yield* twiceFindings(path, Object.keys(opening))
  }
  const texts = typeof opening === 'string' ? [opening] : Object.values(opening)
  if (texts.every((hours) => hours === 'closed')) {
    yield problem(path, 'The shop is never open, so nothing would be counted.', 'Name at least one day with hours.')
  }
}

function* hoursFindings(path: Path, hours: string): Generator<Finding> {
  let last = ''
  for (const interval of hours === 'closed' ? [] : hours.split(',')) {
    const [from = '', to = ''] = interval.split('-')
    if (to <= from) {
      const fix = 'A night is split at 24:00: "22:00-24:00", and "00:00-02:00" on the next day.'
      yield problem(path, `${interval} ends before it begins.`, fix)
    } else if (from < last) {
      yield problem(
        path,
        `${interval} begins before ${last}, when the interval before it ends.`,
        'Put them in order, apart.',
      )
    }
    last = to
  }
}

function* dateFindings(path: Path, key: string): Generator<Finding> {
  if (!/^\d/.test(key)) return
  const date = new Date(`${key}T00:00:00Z`)
  if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(key)) return
  yield problem(path, 'No calendar has this date.', 'Write year-month-day, such as "2026-12-25".')
}

const week = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su']

/** A single day may differ from a range that holds it, but two ranges for one day contradict each other. */
function* twiceFindings(path: Path, keys: readonly string[]): Generator<Finding> {
  const owners = new Map<string, string>()
  for (const range of keys.filter((key) => /^[a-z]{2}-/.test(key))) {
    const shared = daysOf(range).find((name) => owners.has(name))
    if (shared) {
      const reason = `The day ${shared} is also in ${owners.get(shared)}.`
      yield problem([...path, range], reason, 'Name each day in one range; a single day may differ from its range.')
    }
    for (const name of daysOf(range)) owners.set(name, range)
  }
}

function daysOf(range: string): string[] {
  const [from = 0, to = 0] = range.split('-').map((name) => week.indexOf(name))
  const length = ((to - from + 7) % 7) + 1
  return Array.from({ length }, (_, i) => week[(from + i) % 7]!)
}

/**
 * How long each store of data is kept at least and at most. Floors: what a promise needs (drawn once, readable
 * afterwards, provable consent). Ceilings: not longer than its use.
 */
export const retentionLimits: Record<keyof RetentionSettings, { least: string; most: string; why: string }> = {
  journal: { least: '30d', most: '10y', why: 'it proves that no number was drawn twice, and holds no personal data' },
  glassBox: { least: '1d', most: '30d', why: 'visitors can check a visit afterwards' },
  signals: { least: '1d', most: '90d', why: 'that is as long as an unsent one can wait' },
  consentRecords: { least: '1y', most: '10y', why: 'consent must stay provable, but not for ever' },
  logs: { least: '1d', most: '30d', why: 'faults are found within weeks' },
}

/** Floors and ceilings of the retention times. */
export function* retentionFindings(retention: RetentionSettings): Generator<Finding> {
  for (const [name, { least, most, why }] of Object.entries(retentionLimits)) {
    const length = parseDuration(retention[name as keyof RetentionSettings])
    if (length >= parseDuration(least) && length <= parseDuration(most)) continue
    const reason = `It must be from ${least} to ${most}: ${why}.`
    const near = length < parseDuration(least) ? least : most
    yield problem(['retention', name], reason, `Use a duration in that range, such as ${near}.`)
  }
}

/** What is told of all doors together needs a name that no zone has. */
export function* wholeShopFindings({ profile }: PrivacySettings, zones: readonly { id: string }[]): Generator<Finding> {
  if (profile !== 'occupancy' && profile !== 'dwell') return
  for (const [i, { id }] of zones.entries()) {
    if (id !== wholeShop) continue
    const reason = `With the profile ${profile} this is the name of all doors together.`
    yield problem(['zones', i, 'id'], reason, 'Give the zone another id.')
  }
}

/** Who is counted by name of a purpose must have been able to agree to it. */
export function* visitorsFindings(
  { visitors }: PrivacySettings,
  purposes: readonly { readonly id: string }[],
): Generator<Finding> {
  if (visitors === undefined || purposes.some(({ id }) => id === visitors)) return
  const ids = purposes.map(({ id }) => id)
  const near = nearest(visitors, ids)
  const known =
    ids.length > 0 ? `Name one of them: ${ids.join(', ')}.` : 'Declare it under purposes, or leave this out.'
  yield problem(['privacy', 'visitors'], 'No purpose has this id.', near ? `Did you mean \`${near}\`?` : known)
}

/** A profile needs the sensors that it counts with. */
export function* profileFindings(
  { profile, phones }: PrivacySettings,
  sensors: readonly { kind: string; areas?: readonly unknown[] }[],
): Generator<Finding> {
  const path = ['privacy', 'profile']
  if (profile === 'phones' && !phones) {
    const fix = 'Add assessment, legalBasis, signage and optOutUrl under privacy.phones.'
    yield problem(['privacy', 'phones'], 'The profile phones needs it.', fix)
  }
  if (profile === 'phones' && !sensors.some(({ kind }) => kind === 'ble')) {
    yield problem(path, 'The profile phones needs a sensor of kind ble.', 'Add one to sensors.')
  }
  const radars = sensors.filter(({ areas }) => areas)
  if (profile === 'dwell' && radars.length !== 1) {
    const reason = `The profile dwell needs exactly one radar with areas; there are ${radars.length}.`
    yield problem(path, reason, 'Give areas to one ld2450 or rd03d.')
  }
}
