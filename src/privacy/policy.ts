import { createHash } from 'node:crypto'
import { parseDuration } from '../base/duration.ts'
import { GatewayError } from '../base/errors.ts'
import { guessIn100, noise95, noise95OfSum } from './band.ts'
import { createCalendar } from './calendar.ts'
import { phonesSeries, stayMilli, usualStayMinutes } from './phones-price.ts'
import { type FootfallSeries, numbersOf, type Series } from './release.ts'
import type { Opening, PrivacySettings, Zone } from './settings.ts'

/** What a policy is made from: the parts of the configuration that decide what leaves and how blurred. */
export interface PolicySource {
  readonly store: { readonly timezone: string; readonly opening: Opening }
  readonly zones: readonly Zone[]
  /** Only radios matter: the zones of sensors of kind ble can have phones counted. */
  readonly sensors: readonly { readonly kind: string; readonly zone: string }[]
  readonly privacy: PrivacySettings
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
   * Thousandths of epsilon that a shopper pays who enters once, passes every area once and leaves; where phones are
   * counted, within an hour and with one phone that keeps its address.
   */
  readonly perVisitMilli: number
  /** Only where phones are counted: the weakest that is still taken for near, dBm. */
  readonly phones?: { readonly rssiMin: number }
  /** Right guesses in 100, from even odds, of someone who watches every number and wonders whether you came. */
  readonly guessIn100: number
  /** `sha256:` and 64 hex digits over all of the above. */
  readonly hash: string
}

/** No configuration may make a visit pay more. */
export const ceilingMilli = 4000

/** Thousandths of epsilon a number. Doors: contract.md 1, table of profiles; areas: 0.2 in each direction. */
const door = { window: 400, day: 100 }
const areaWindow = 200

/**
 * Makes the policy of a configuration.
 * @throws PRIVACY_ABOVE_CEILING, PRIVACY_PROFILE_NOT_BUILT
 */
export function policyOf(source: PolicySource): Policy {
  const { profile, precision, window } = source.privacy
  refuseUnbuilt(profile)
  const windowSeconds = parseDuration(window) / 1000
  const { timezone, opening } = source.store
  const windowsPerDay = createCalendar(timezone, opening, windowSeconds).mostSlots
  const releasesOut = profile === 'footfall'
  const context = { releasesOut, fine: precision === 'fine', windowSeconds, windowsPerDay }
  const phones = zonesWithPhones(source).map((zone) => phonesSeries(zone, windowSeconds))
  const series = [...source.zones.flatMap((zone) => seriesOf(zone, context)), ...phones]
  const perVisitMilli = pays(source.zones, context) + stayMilli(usualStayMinutes, windowSeconds, phones.length)
  refuseAboveCeiling(perVisitMilli, phones.length > 0)
  const nearness = phones.length > 0 ? nearnessOf(source.privacy) : {}
  const content = { profile, precision, windowSeconds, timezone, opening, series, perVisitMilli, ...nearness }
  return { ...content, guessIn100: guessIn100(perVisitMilli), hash: hashOf(content) }
}

function zonesWithPhones({ privacy, zones, sensors }: PolicySource): string[] {
  if (privacy.profile !== 'phones') return []
  const heard = new Set(sensors.filter(({ kind }) => kind === 'ble').map(({ zone }) => zone))
  return zones.map(({ id }) => id).filter((id) => heard.has(id))
}

function nearnessOf({ phones }: PrivacySettings): Pick<Policy, 'phones'> {
  return phones ? { phones: { rssiMin: phones.rssiMin } } : {}
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

interface Context {
  readonly releasesOut: boolean
  readonly fine: boolean
  readonly windowSeconds: number
  readonly windowsPerDay: number
}

function seriesOf(zone: Zone, context: Context): FootfallSeries[] {
  const { windowSeconds, windowsPerDay } = context
  const common = {
    zone: zone.id,
    unit: 'zone-visit' as const,
    mechanism: 'discrete-laplace' as const,
    releasesOut: context.releasesOut,
  }
  const { window, day } = milli(zone, context)
  const footfall = { epsilon: window / 1000, noise95: noise95(window), windowsPerDay: 0, windowSeconds, drawn: true }
  // An area's day is the sum of its windows and costs nothing more, so its band is that of the sum.
  const ofDay =
    day === 0
      ? { epsilon: window / 1000, noise95: noise95OfSum(window, windowsPerDay) }
      : { epsilon: day / 1000, noise95: noise95(day) }
  return [
    { name: `footfall/${zone.id}`, kind: 'footfall', ...common, ...footfall },
    { name: `day/${zone.id}`, kind: 'day', ...common, ...ofDay, windowsPerDay, windowSeconds: 86_400, drawn: day > 0 },
  ]
}

function milli(zone: Zone, { fine }: Context): { window: number; day: number } {
  if (zone.kind === 'area') return { window: areaWindow, day: 0 }
  const factor = fine ? 2 : 1
  return { window: door.window * factor, day: door.day * factor }
}

/** Enter once through some door, pass every area once, leave: each zone costs in each released direction. */
function pays(zones: readonly Zone[], context: Context): number {
  const directions = context.releasesOut ? 2 : 1
  const cost = (zone: Zone) => {
    const { window, day } = milli(zone, context)
    return (window + day) * directions
  }
  const doors = zones.filter((zone) => zone.kind === 'door').map(cost)
  const areas = zones.filter((zone) => zone.kind === 'area').map(cost)
  return Math.max(0, ...doors) + areas.reduce((sum, each) => sum + each, 0)
}

function refuseAboveCeiling(perVisitMilli: number, isOfPhones: boolean): void {
  if (perVisitMilli <= ceilingMilli) return
  throw new GatewayError(
    'PRIVACY_ABOVE_CEILING',
    `It would pay ${perVisitMilli / 1000}; the most is ${ceilingMilli / 1000}.`,
    {
      fix: isOfPhones
        ? 'Use a longer window, or radios in fewer zones, fewer area zones or precision: standard.'
        : 'Declare fewer area zones, or precision: standard.',
    },
  )
}

function refuseUnbuilt(profile: string): void {
  if (profile === 'footfall' || profile === 'footfall-in' || profile === 'phones') return
  throw new GatewayError('PRIVACY_PROFILE_NOT_BUILT', `Profile '${profile}' is not in this version.`, {
    fix: 'Use footfall, footfall-in or phones.',
  })
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
  const before = new Set(kept.series.flatMap(namesOf))
  for (const number of next.series.flatMap(namesOf)) say(!before.has(number), `${number} would leave the shop too`)
  return reasons
}

function namesOf(series: Series): string[] {
  return numbersOf(series).map((number) => `${series.name} ${number}`)
}
