import { createHash } from 'node:crypto'
import { parseDuration } from '../base/duration.ts'
import { GatewayError } from '../base/errors.ts'
import { guessIn100 } from './band.ts'
import { createCalendar } from './calendar.ts'
import { phonesSeries, stayMilli, usualStayMinutes } from './phones-price.ts'
import { numbersOf, type Series } from './release.ts'
import { crossingMilli, dwellMilli, dwellSeries, footfallSeries, occupancySeries, type Rules } from './series.ts'
import type { Opening, PrivacySettings, Zone } from './settings.ts'
import { visitorsSeries } from './visitors.ts'

/** What a policy is made from: the parts of the configuration that decide what leaves and how blurred. */
export interface PolicySource {
  readonly store: { readonly timezone: string; readonly opening: Opening }
  readonly zones: readonly Zone[]
  /** The zones of sensors of kind ble can have phones counted, those of areas can have stays timed. */
  readonly sensors: readonly SensorOfPolicy[]
  readonly privacy: PrivacySettings
}

interface SensorOfPolicy {
  readonly kind: string
  readonly zone: string
  readonly areas?: readonly { readonly zone: string }[]
}

/** What leaves the shop, how blurred, and what one visit pays for it. Everything in it is public. */
export interface Policy {
  readonly profile: PrivacySettings['profile']
  readonly precision: PrivacySettings['precision']
  readonly windowSeconds: number
  readonly timezone: string
  readonly opening: Opening
  readonly series: readonly Series[]
  /**
   * Thousandths of epsilon that a shopper pays who enters once, passes every area once, stays once in each that is timed,
   * and leaves; where phones are counted, within an hour and with one phone that keeps its address.
   */
  readonly perVisitMilli: number
  /** Only where phones are counted: the weakest that is still taken for near, dBm. */
  readonly phones?: { readonly rssiMin: number }
  /** Only where they are counted: the purpose that the shoppers agreed to who are, and nobody else. */
  readonly visitors?: { readonly purpose: string }
  /** Right guesses in 100, from even odds, of someone who watches every number and wonders whether you came. */
  readonly guessIn100: number
  /** `sha256:` and 64 hex digits over all of the above. */
  readonly hash: string
}

/** No configuration may make a visit pay more. */
export const ceilingMilli = 4000

/**
 * Makes the policy of a configuration.
 * @throws PRIVACY_ABOVE_CEILING
 */
export function policyOf(source: PolicySource): Policy {
  const { profile, precision, window } = source.privacy
  const windowSeconds = parseDuration(window) / 1000
  const { timezone, opening } = source.store
  const windowsPerDay = createCalendar(timezone, opening, windowSeconds).mostSlots
  const rules = { ...rulesOf(profile), fine: precision === 'fine', windowSeconds, windowsPerDay }
  const phones = zonesWithPhones(source).map((zone) => phonesSeries(zone, windowSeconds))
  const dwell = zonesWithStays(source)
  const series = [
    ...source.zones.flatMap((zone) => footfallSeries(zone, rules)),
    ...phones,
    ...(rules.tellsInside ? occupancySeries(source.zones, rules) : []),
    ...dwell.map(dwellSeries),
    ...(source.privacy.visitors === undefined ? [] : [visitorsSeries()]),
  ]
  const ofPhones = stayMilli(usualStayMinutes, windowSeconds, phones.length)
  const perVisitMilli = crossingMilli(source.zones, rules) + dwell.length * dwellMilli + ofPhones
  refuseAboveCeiling(perVisitMilli, profile)
  const nearness = phones.length > 0 ? nearnessOf(source.privacy) : {}
  const counted = visitorsOf(source.privacy)
  const content = {
    profile,
    precision,
    windowSeconds,
    timezone,
    opening,
    series,
    perVisitMilli,
    ...nearness,
    ...counted,
  }
  return { ...content, guessIn100: guessIn100(perVisitMilli), hash: hashOf(content) }
}

type Profile = PrivacySettings['profile']

function rulesOf(profile: Profile): Pick<Rules, 'releasesOut' | 'tellsInside'> {
  const tellsInside = profile === 'occupancy' || profile === 'dwell'
  return { releasesOut: tellsInside || profile === 'footfall', tellsInside }
}

/** In the order of the zones, each once: two polygons of one zone are one area, so that a stay in both is one stay. */
function zonesWithStays({ privacy, zones, sensors }: PolicySource): string[] {
  if (privacy.profile !== 'dwell') return []
  const watched = new Set(sensors.flatMap(({ areas }) => areas ?? []).map(({ zone }) => zone))
  return zones.map(({ id }) => id).filter((id) => watched.has(id))
}

function zonesWithPhones({ privacy, zones, sensors }: PolicySource): string[] {
  if (privacy.profile !== 'phones') return []
  const heard = new Set(sensors.filter(({ kind }) => kind === 'ble').map(({ zone }) => zone))
  return zones.map(({ id }) => id).filter((id) => heard.has(id))
}

function nearnessOf({ phones }: PrivacySettings): Pick<Policy, 'phones'> {
  return phones ? { phones: { rssiMin: phones.rssiMin } } : {}
}

// A policy without them has the hash that it had before there were any.
function visitorsOf({ visitors }: PrivacySettings): Pick<Policy, 'visitors'> {
  return visitors === undefined ? {} : { visitors: { purpose: visitors } }
}

/** The zones with a door to outside: only there a day is drawn of its own. */
export function doorsOf({ series }: Pick<Policy, 'series'>): string[] {
  return series.filter((one) => one.kind === 'day' && one.drawn).map(({ zone }) => zone)
}

/** What a visit pays, in the words that everybody gets to read. */
export function guessSentence({ guessIn100, profile }: Pick<Policy, 'guessIn100' | 'profile'>): string {
  const sentence = `Someone who watches every number guesses whether you came right at most ${guessIn100} times in 100.`
  const bound = `That is for up to an hour with one phone that keeps its address; more of either gives more away.`
  return profile === 'phones' ? `${sentence} ${bound}` : sentence
}

function refuseAboveCeiling(perVisitMilli: number, profile: Profile): void {
  if (perVisitMilli <= ceilingMilli) return
  throw new GatewayError(
    'PRIVACY_ABOVE_CEILING',
    `It would pay ${perVisitMilli / 1000}; the most is ${ceilingMilli / 1000}.`,
    { fix: cheaper[profile] ?? 'Declare fewer area zones, or precision: standard.' },
  )
}

const cheaper: Partial<Record<Profile, string>> = {
  phones: 'Use a longer window, or radios in fewer zones, fewer area zones or precision: standard.',
  dwell: 'Give the radar areas in fewer zones, declare fewer area zones, or precision: standard.',
}

function hashOf(content: object): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`
}

/**
 * Would `next` show more of a shopper than `kept`? Then the person at the box must confirm it.
 * Returns plain reasons; empty when it is as private or more.
 */
export function loosens(kept: Policy, next: Policy): string[] {
  const reasons: string[] = []
  const say = (isLooser: boolean, reason: string) => {
    if (isLooser) reasons.push(reason)
  }
  say(
    next.perVisitMilli > kept.perVisitMilli,
    `a visit would pay ${next.perVisitMilli / 1000} instead of ${kept.perVisitMilli / 1000}`,
  )
  say(
    next.windowSeconds < kept.windowSeconds,
    `windows would be ${next.windowSeconds / 60} instead of ${kept.windowSeconds / 60} minutes`,
  )
  const [near, nearer] = [kept.phones?.rssiMin, next.phones?.rssiMin]
  say(
    near !== undefined && nearer !== undefined && nearer < near,
    `phones would be heard at ${nearer} instead of ${near} dBm, so from further away`,
  )
  const [of, other] = [kept.visitors?.purpose, next.visitors?.purpose]
  say(
    of !== undefined && other !== undefined && of !== other,
    `who agreed to ${other} would be counted instead of who agreed to ${of}`,
  )
  const before = new Set(kept.series.flatMap(namesOf))
  for (const number of next.series.flatMap(namesOf)) say(!before.has(number), `${number} would leave the shop too`)
  return reasons
}

function namesOf(series: Series): string[] {
  return numbersOf(series).map((number) => (number === series.name ? number : `${series.name} ${number}`))
}
