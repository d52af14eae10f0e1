import type { Config } from '../config.ts'
import { linesToSign } from '../privacy/assessment.ts'
import { guessIn100 } from '../privacy/band.ts'
import { stayMilli, usualStayMinutes, windowsTouched } from '../privacy/phones-price.ts'
import type { Policy } from '../privacy/policy.ts'
import type { PhonesSeries } from '../privacy/release.ts'

/** What counting phones means, in words; nothing where they are not counted. */

function phonesOf({ series }: Policy): PhonesSeries[] {
  return series.filter((one) => one.kind === 'phones')
}

/** What is measured. */
export function nearbyLines({ zones, sensors }: Config, policy: Policy): string[] {
  return phonesOf(policy).map(({ zone }) => {
    const name = zones.find(({ id }) => id === zone)!.name
    const radios = sensors.filter((sensor) => sensor.kind === 'ble' && sensor.zone === zone).map(({ id }) => id)
    return `${name}: how many phones are near, five minutes at a time, heard by ${radios.join(' and ')} (ble).`
  })
}

/** How far the noise reaches. */
export function phonesBandLines({ zones }: Config, policy: Policy): string[] {
  return phonesOf(policy).map(({ zone, noise95, windowSeconds, subWindows }) => {
    const name = zones.find(({ id }) => id === zone)!.name
    const parts = subWindows === 1 ? '' : `, the sum of ${subWindows} counts of five minutes each`
    return `  ${name}: a number of phones in ${windowSeconds / 60} minutes${parts}, by at most ${noise95}.`
  })
}

/** Which phones, and what is held of them. */
export function phonesCareLines(policy: Policy): string[] {
  if (phonesOf(policy).length === 0) return []
  const nearness = policy.phones ? ` heard at ${policy.phones.rssiMin} dBm or more` : ''
  return [
    `Phones are counted by changing addresses${nearness}. An address is in memory as a pseudonym for five minutes at most, under a key`,
    'that is destroyed with it; it is on no disk, and nobody can tell two windows or two zones of one phone together.',
  ]
}

/** What it costs, and what makes it cost more. */
export function phonesPriceLines(policy: Policy): string[] {
  const zones = phonesOf(policy).length
  if (zones === 0) return []
  const { windowSeconds, perVisitMilli } = policy
  const price = (minutes: number) => stayMilli(minutes, windowSeconds, zones)
  const usual = price(usualStayMinutes)
  const doors = perVisitMilli - usual
  const paid = (milli: number) => `${epsilon(milli)} (${guessIn100(milli)} guesses in 100)`
  const windows = windowsTouched(usualStayMinutes, windowSeconds)
  return [
    `Of this ${epsilon(usual)} is for one phone and a stay of up to an hour: 0.2 for each of ${windows} windows of ${windowSeconds / 60} minutes${zones > 1 ? ` in each of ${zones} zones` : ''}.`,
    `Two devices on one person pay ${paid(doors + 2 * usual)}. So does a phone that changes its address once inside every window.`,
    `A stay of two hours pays ${paid(doors + price(120))}, one of eight hours ${paid(doors + price(480))}. Nothing in the box can tell whose a phone is, so it cannot bound this.`,
  ]
}

/** The lines with which somebody takes the responsibility. */
export function signatureLines(policy: Policy): string[] {
  return [
    'In the file that privacy.phones.assessment names, completed (a date such as 2026-01-31):',
    ...linesToSign(policy.hash).map((line) => `  ${line}`),
  ]
}

function epsilon(milli: number): string {
  return (milli / 1000).toFixed(1)
}
