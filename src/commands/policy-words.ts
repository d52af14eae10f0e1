import type { Config } from '../config.ts'
import { feedsNothing } from '../drivers/settings-rules.ts'
import { noise95OfBlendedDay } from '../privacy/consistency.ts'
import { ceilingMilli, guessSentence, type Policy } from '../privacy/policy.ts'
import type { FootfallSeries } from '../privacy/release.ts'
import { isLoopback } from '../uplink/settings.ts'
import { consentKeepingLines, purposeLines } from './consent-offer-words.ts'
import { insideBandLines, insideCareLines, stayLines, stayPriceLines } from './inside-words.ts'
import { nearbyLines, phonesBandLines, phonesCareLines, phonesPriceLines, signatureLines } from './phones-words.ts'
import { visitorLines, visitorsBandLines, visitorsPriceLines, visitorsRetentionLines } from './visitors-words.ts'

/** A few sentences under one heading. */
export interface Section {
  readonly title: string
  readonly lines: readonly string[]
}

/** What a configuration measures, sends and keeps, in words for somebody who reads no YAML. */
export function describePolicy(config: Config, policy: Policy): Section[] {
  const measured = config.zones.map((zone) => zoneLine(zone, config, policy))
  const told = [...stayLines(config, policy), ...nearbyLines(config, policy), ...visitorLines(config, policy)]
  const others = [...told, ...idleLines(config, policy)]
  const sections = [
    { title: 'What is measured', lines: [...measured, ...others] },
    { title: 'When', lines: openingLines(config, policy) },
    { title: 'What leaves the shop', lines: leavingLines(config, policy) },
    { title: 'What one visit pays', lines: priceLines(policy) },
    { title: 'Who receives it', lines: recipientLines(config) },
    { title: 'How long it is kept on this box', lines: retentionLines(config, policy) },
  ]
  if (policy.profile !== 'phones') return sections
  return [...sections, { title: 'What was signed', lines: signatureLines(policy) }]
}

function zoneLine(zone: Config['zones'][number], { sensors }: Config, { series }: Policy): string {
  const isOutTold = series.some((one) => 'releasesOut' in one && one.releasesOut)
  const what = isOutTold ? 'how many people go in and out' : 'how many people go in'
  const feeding = sensors.filter((sensor) => sensor.zone === zone.id && feedsNothing(sensor, sensors) === null)
  const by =
    feeding.length > 0 ? `counted by ${listOf(feeding.map(({ id, kind }) => `${id} (${kind})`))}` : 'by no sensor yet'
  return `${zone.name} (${zone.kind}): ${what}, ${by}${feeding.length > 1 ? ', added up' : ''}.`
}

function idleLines({ sensors }: Config, { series }: Policy): string[] {
  const isHeard = (zone: string) =>
    series.some((one) => one.kind === 'visitors' || (one.kind === 'phones' && one.zone === zone))
  return sensors.flatMap((sensor) => {
    if (sensor.kind === 'ble' && isHeard(sensor.zone)) return []
    if ('areas' in sensor && sensor.areas && series.some(({ kind }) => kind === 'dwell')) return []
    const reason = feedsNothing(sensor, sensors)
    return reason ? [`${sensor.id} (${sensor.kind}) feeds no number: ${reason}.`] : []
  })
}

function openingLines({ store }: Config, { windowSeconds }: Policy): string[] {
  const { opening, timezone } = store
  const hours =
    typeof opening === 'string'
      ? `Every day ${opening}`
      : Object.entries(opening)
          .map(([days, text]) => `${days} ${text}`)
          .join('; ')
          .concat('; closed on days not named')
  return [
    `${hours}, in the time of ${timezone}, widened to whole windows of ${windowSeconds / 60} minutes.`,
    'Outside these hours nothing is counted.',
  ]
}

function leavingLines(config: Config, policy: Policy): string[] {
  const { zones } = config
  const minutes = policy.windowSeconds / 60
  return [
    `For each zone one message every ${minutes} minutes and one a day: also when nobody came, and always of the same size.`,
    'Random noise is added before anyone sees a number. In 95 of 100 cases it changes',
    ...zones.map((zone) => bandLine(zone, policy)),
    ...insideBandLines(config, policy),
    ...phonesBandLines(config, policy),
    ...visitorsBandLines(policy),
    ...insideCareLines(policy),
    ...phonesCareLines(policy),
    'Besides, the box says how it is itself: running or not, its sensors, its clock. No counts.',
    ...purposeLines(config),
  ]
}

function bandLine(zone: Config['zones'][number], { series, windowSeconds }: Policy): string {
  const ofZone = series.filter((one): one is FootfallSeries => one.zone === zone.id && 'releasesOut' in one)
  const window = ofZone.find(({ kind }) => kind === 'footfall')!
  const day = ofZone.find(({ kind }) => kind === 'day')!
  const milli = { window: Math.round(window.epsilon * 1000), day: Math.round(day.epsilon * 1000) }
  // A day that is drawn is blended with its windows where all of them are there.
  const usual = day.drawn ? noise95OfBlendedDay(day.windowsPerDay, milli) : day.noise95
  const otherwise = day.drawn ? ` (${day.noise95} where a window is missing)` : ''
  const of = `${zone.name}: a number of ${windowSeconds / 60} minutes by at most ${window.noise95}`
  return `  ${of}, one of a day by at most ${usual}${otherwise}.`
}

function priceLines(policy: Policy): string[] {
  const paid = `${amount(policy.perVisitMilli)} (epsilon; the most any configuration may take is ${amount(ceilingMilli)})`
  return [
    `Who comes in once, passes every area once and leaves pays ${paid}.`,
    `${guessSentence(policy)} Without any number it is 50.`,
    ...stayPriceLines(policy),
    ...phonesPriceLines(policy),
    ...visitorsPriceLines(policy),
    'Who comes or passes twice pays twice; staff, who pass all day, pay most.',
    'The noise protects against everyone who reads the numbers, not against whoever controls this box: it counts exactly.',
  ]
}

function amount(milli: number): string {
  return (milli / 1000).toFixed(1)
}

function recipientLines({ controller, upstream }: Config): string[] {
  const { hostname, host, protocol } = new URL(upstream.url)
  const encrypted = protocol === 'mqtts:' ? 'encrypted' : 'not encrypted'
  const way = isLoopback(hostname) ? 'a broker on this machine' : `the broker ${host}, ${encrypted}`
  const others = controller.recipients.map(
    ({ name, country, safeguard }) => `${name} in ${country}${safeguard ? `, protected by ${safeguard}` : ''}.`,
  )
  return [`${controller.name} (${controller.contact}), through ${way}.`, ...others]
}

function retentionLines(config: Config, policy: Policy): string[] {
  const { retention } = config
  return [
    `The record of what was sent ${inWords(retention.journal)}.`,
    'What waits to be sent until head office has it, at most 90 days.',
    "The day's exact total until its number is drawn; the exact counts of an open window in memory only.",
    ...visitorsRetentionLines(policy),
    'Logs hold nothing personal; they go to the log of this machine, which keeps them by its own rules.',
    'The page of what was sent (retention.glassBox) is not in this version.',
    ...consentKeepingLines(config, inWords),
  ]
}

const units: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day', y: 'year' }

function inWords(duration: string): string {
  const count = Number(duration.slice(0, -1))
  return `${count} ${units[duration.slice(-1)]}${count === 1 ? '' : 's'}`
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
